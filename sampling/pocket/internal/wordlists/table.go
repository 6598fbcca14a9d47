package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// columns is the header of words.tsv. The first column is the language that
// every page translates from, each other column is one that gets its pages.
var columns = []string{"english", "korean", "french", "german", "spanish", "japanese", "chinese"}

// A Row is one line of the table: an English word and its translations, in the
// order of columns.
type Row []string

// english is what an English cell looks like: one lower-case word, or two for
// the few things whose everyday name is two words (sea otter, ice cream).
var english = regexp.MustCompile(`^[a-z]+( [a-z]+)?$`)

// letters tells for each column but English which characters its cells may be
// made of, besides a single space between words.
//
// The ranges are chosen so that a text of these characters is always in
// Unicode's composed form NFC: they leave out combining marks, single Hangul
// jamo, half-width kana and the compatibility ideographs. That matters because
// a model compares text byte by byte, and "é" typed as two characters would be
// another word to it. Commas, colons, slashes, parentheses and "=>" are left
// out with them, so no cell can be taken for a part of a page's layout.
var letters = map[string]func(rune) bool{
	"korean":   func(r rune) bool { return '가' <= r && r <= '힣' },
	"french":   latin,
	"german":   latin,
	"spanish":  latin,
	"japanese": func(r rune) bool { return ideograph(r) || kana(r) || r == '々' },
	"chinese":  ideograph,
}

// latin accepts the letters of Western Europe up to Latin Extended-A, which is
// where œ is, and the marks inside arc-en-ciel and huile d'olive.
func latin(r rune) bool {
	return r <= 'ſ' && unicode.IsLetter(r) || r == '-' || r == '\''
}

func ideograph(r rune) bool { return 0x4E00 <= r && r <= 0x9FFF }

func kana(r rune) bool {
	return 'ぁ' <= r && r <= 'ゖ' || 'ァ' <= r && r <= 'ヺ' || r == 'ー'
}

// parseTable reads the text of words.tsv. It refuses a table that breaks a
// rule of its own, naming line and column, because a slip here would be
// repeated on seven pages and learnt from each.
func parseTable(text string) ([]Row, error) {
	body, ok := strings.CutSuffix(text, "\n")
	if !ok {
		return nil, fmt.Errorf("words.tsv: the last line is not ended; add a newline")
	}
	lines := strings.Split(body, "\n")
	if want := strings.Join(columns, "\t"); lines[0] != want {
		return nil, fmt.Errorf("words.tsv:1: header is %q; it must be %q", lines[0], want)
	}
	var rows []Row
	seen := make(map[string]int) // English word -> its line
	for i, line := range lines[1:] {
		number := i + 2
		row := Row(strings.Split(line, "\t"))
		if err := row.check(); err != nil {
			return nil, fmt.Errorf("words.tsv:%d: %w", number, err)
		}
		if first, ok := seen[row[0]]; ok {
			return nil, fmt.Errorf("words.tsv:%d: english %q already stands on line %d; keep one", number, row[0], first)
		}
		seen[row[0]] = number
		rows = append(rows, row)
	}
	if err := checkRepeats(rows); err != nil {
		return nil, err
	}
	return rows, nil
}

// check reports the first cell that does not look like a word of its column.
func (r Row) check() error {
	if len(r) != len(columns) {
		return fmt.Errorf("%d fields; there must be %d, separated by tabs", len(r), len(columns))
	}
	for i, cell := range r {
		name := columns[i]
		switch {
		case cell == "":
			return fmt.Errorf("%s is empty; every word needs a translation in every language", name)
		case !utf8.ValidString(cell):
			return fmt.Errorf("%s %q is not valid UTF-8", name, cell)
		case i == 0:
			if !english.MatchString(cell) {
				return fmt.Errorf("english %q must be one or two lower-case words", cell)
			}
			continue
		}
		for word := range strings.SplitSeq(cell, " ") {
			if word == "" {
				return fmt.Errorf("%s %q begins, ends or is split with a spare space", name, cell)
			}
			for _, c := range word {
				if !letters[name](c) {
					return fmt.Errorf("%s %q has %q (%U), which is not a composed letter of that language", name, cell, c, c)
				}
			}
		}
	}
	return nil
}

// checkRepeats allows true homographs, such as the Korean 눈 for both eye and
// snow, but not more of them than one row in a hundred: a page on which many
// words share an answer would teach the answer rather than the translation.
func checkRepeats(rows []Row) error {
	for i, name := range columns {
		first := make(map[string]string)
		var repeats []string
		for _, row := range rows {
			if other, ok := first[row[i]]; ok {
				repeats = append(repeats, fmt.Sprintf("%s (%s, %s)", row[i], other, row[0]))
				continue
			}
			first[row[i]] = row[0]
		}
		if len(repeats) > len(rows)/100 {
			return fmt.Errorf("words.tsv: %s has %d repeated answers among %d rows, more than 1 in 100: %s",
				name, len(repeats), len(rows), strings.Join(repeats, ", "))
		}
	}
	return nil
}
