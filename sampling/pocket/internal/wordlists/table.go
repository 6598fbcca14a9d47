package main

import (
	"fmt"
	"regexp"
	"strings"
)

// columns is the header of words.tsv. Every page translates from the first column into
// one of the others.
var columns = []string{"english", "korean", "french", "german", "spanish", "japanese", "chinese"}

// cells say what a cell of each column looks like: words with single spaces between them.
//
// The ranges exclude what is not in Unicode's composed form NFC: combining marks, single
// Hangul jamo and half-width kana. A model compares bytes, so "é" as two characters
// would be another word. They also exclude the marks of a page's layout.
var cells = map[string]*regexp.Regexp{
	"english":  regexp.MustCompile(`^[a-z]+( [a-z]+)?$`), // such as sea otter
	"korean":   wordsOf("가-힣"),
	"french":   wordsOf(latin),
	"german":   wordsOf(latin),
	"spanish":  wordsOf(latin),
	"japanese": wordsOf(ideographs + "々ぁ-ゖァ-ヺー"),
	"chinese":  wordsOf(ideographs),
}

const (
	latin      = `a-zA-ZªºÀ-ÖØ-öø-ſ'\-` // the letters of Western Europe, as in arc-en-ciel and huile d'olive
	ideographs = `\x{4E00}-\x{9FFF}`
)

func wordsOf(letters string) *regexp.Regexp {
	return regexp.MustCompile("^[" + letters + "]+( [" + letters + "]+)*$")
}

// A Row is one line of the table: an English word and its translations, in the
// order of columns.
type Row []string

// parseTable reads and checks the text of words.tsv. A mistake would be repeated on
// seven pages.
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
	for i, line := range lines[1:] {
		row := Row(strings.Split(line, "\t"))
		if err := row.check(); err != nil {
			return nil, fmt.Errorf("words.tsv:%d: %w", i+2, err)
		}
		rows = append(rows, row)
	}
	return rows, checkRepeats(rows)
}

// check reports the first cell that does not look like a word of its column.
func (r Row) check() error {
	if len(r) != len(columns) {
		return fmt.Errorf("%d fields; there must be %d, separated by tabs", len(r), len(columns))
	}
	for i, name := range columns {
		if !cells[name].MatchString(r[i]) {
			return fmt.Errorf("%s %q does not match %s", name, r[i], cells[name])
		}
	}
	return nil
}

// checkRepeats refuses an English word that is there twice. It allows true homographs,
// such as the Korean 눈 for both eye and snow, but not more of them than one row in a
// hundred: a page on which many words share an answer would teach the answer rather than
// the translation.
func checkRepeats(rows []Row) error {
	for i, name := range columns {
		allowed := len(rows) / 100
		if i == 0 {
			allowed = 0
		}
		first := make(map[string]int) // the line of each word
		var repeats []string
		for j, row := range rows {
			if line, ok := first[row[i]]; ok {
				repeats = append(repeats, fmt.Sprintf("%s (lines %d and %d)", row[i], line, j+2))
				continue
			}
			first[row[i]] = j + 2
		}
		if len(repeats) > allowed {
			return fmt.Errorf("words.tsv: %s has %d repeated words, more than %d: %s", name, len(repeats), allowed, strings.Join(repeats, ", "))
		}
	}
	return nil
}
