package pocket

import (
	"iter"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// A token is a word, a number, a sign, or a piece of white space:
//
//   - a run of letters, with the apostrophes between them, or a run of digits;
//   - one letter, with its marks, in a script that puts no spaces between words;
//   - any other rune by itself.
//
// One space before any of these belongs to it. Every other space, tab and line break is
// a token, and so is each byte that is not UTF-8. The tokens of a text, joined, are the
// text.
//
// Worked example: "Grevy's zebra: 얼룩말 2+2\n" is
//
//	"Grevy's" " zebra" ":" " 얼룩말" " 2" "+" "2" "\n"

// split yields the tokens of a text.
func split(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := text; rest != ""; {
			n := nextToken(rest)
			if !yield(rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

// nextToken returns the length in bytes of the first token of s, which is not empty.
func nextToken(s string) int {
	if s[0] != ' ' {
		return tokenEnd(s, 0)
	}
	if len(s) > 1 {
		if c, _ := classAt(s, 1); c != white && c != broken {
			return tokenEnd(s, 1)
		}
	}
	return 1
}

// tokenEnd returns the end of the token whose first rune, after its space, is at s[i].
func tokenEnd(s string, i int) int {
	first, n := classAt(s, i)
	for i += n; i < len(s); i += n {
		var c class
		if c, n = classAt(s, i); c&joins(first) == 0 {
			break
		}
		if c == apostrophe {
			if i+n == len(s) {
				break
			}
			if after, _ := classAt(s, i+n); after != letter {
				break
			}
		}
	}
	return i
}

// joins returns the classes that continue a token of the given class.
func joins(c class) class {
	switch c {
	case digit:
		return digit
	case letter, mark:
		return letter | mark | apostrophe
	case ideograph:
		return mark
	}
	return 0
}

// A class is what the tokenizer needs to know about a rune. Classes are bits, so that
// their sum is a set.
type class uint8

const (
	sign       class = 1 << iota // and everything else
	letter                       // of a script with spaces between words
	ideograph                    // a letter of a script without
	mark                         // a combining mark
	digit                        // a decimal digit
	apostrophe                   // part of a word if between two letters
	white                        // white space
	broken                       // a byte that is not part of valid UTF-8
)

// ascii has the classes of the most frequent runes.
var ascii = func() (table [utf8.RuneSelf]class) {
	for r := range table {
		table[r] = classOf(rune(r))
	}
	return table
}()

// classAt returns the class of the rune at s[i] and its length in bytes.
func classAt(s string, i int) (class, int) {
	if s[i] < utf8.RuneSelf {
		return ascii[s[i]], 1
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	if r == utf8.RuneError && n == 1 {
		return broken, 1
	}
	return classOf(r), n
}

func classOf(r rune) class {
	switch {
	case r == '\'' || r == '\u2019':
		return apostrophe
	case unicode.IsLetter(r):
		if r >= 0x0e00 && unicode.In(r, spaceless...) {
			return ideograph
		}
		return letter
	case unicode.IsMark(r):
		return mark
	case unicode.IsDigit(r):
		return digit
	case unicode.IsSpace(r):
		return white
	}
	return sign
}

// spaceless are the scripts that are written without spaces between words.
// Otherwise a Chinese sentence would be one token.
var spaceless = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// unknown is the ID of every token that the corpus does not have.
const unknown = -1

// boundary is the token before and after each text. Drawing it ends the text.
const boundary = 0

// A vocabulary numbers the tokens of a corpus from 1. Other tokens are unknown, and
// still have a probability.
type vocabulary struct {
	text []string // by ID; that of the boundary is empty
	ids  map[string]int32

	sorted func() []int32 // the tokens without the boundary, sorted by text
}

func newVocabulary() *vocabulary {
	v := &vocabulary{text: []string{""}, ids: make(map[string]int32)}
	v.sorted = sync.OnceValue(func() []int32 {
		ids := make([]int32, 0, len(v.text)-1)
		for id := range v.text[1:] {
			ids = append(ids, int32(1+id))
		}
		slices.SortFunc(ids, func(a, b int32) int { return strings.Compare(v.text[a], v.text[b]) })
		return ids
	})
	return v
}

// add returns the ID of a token, a new one if necessary.
func (v *vocabulary) add(token string) int32 {
	id, ok := v.ids[token]
	if !ok {
		id = int32(len(v.text))
		token = strings.Clone(token) // which does not keep the whole document
		v.text = append(v.text, token)
		v.ids[token] = id
	}
	return id
}

// id returns the ID of a token, or unknown.
func (v *vocabulary) id(token string) int32 {
	if id, ok := v.ids[token]; ok {
		return id
	}
	return unknown
}

// meant returns the ID of a token. If it is unknown, it tries the word with or without
// the leading space, and then with the case of the first letter changed. So a word is
// known at the beginning of a line even if the corpus has it only within lines.
func (v *vocabulary) meant(token string) int32 {
	if id := v.id(token); id != unknown {
		return id
	}
	word := strings.TrimPrefix(token, " ")
	first, n := utf8.DecodeRuneInString(word)
	if !unicode.IsLetter(first) || len(word) > 64 {
		return unknown
	}
	other := string(unicode.ToLower(first)) + word[n:]
	if unicode.IsLower(first) {
		other = string(unicode.ToUpper(first)) + word[n:]
	}
	for _, w := range []string{" " + word, word, " " + other, other} {
		if id := v.id(w); id != unknown {
			return id
		}
	}
	return unknown
}

// encode returns the tokens of a text of the corpus, after a boundary.
func (v *vocabulary) encode(text string) []int32 {
	tokens := make([]int32, 1, 1+len(text)/3)
	tokens[0] = boundary
	for token := range split(text) {
		tokens = append(tokens, v.add(token))
	}
	return tokens
}
