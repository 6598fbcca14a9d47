// Package words splits text into words of its language, independent of any model's
// vocabulary. Package probe compares texts by these words, and the guard of package
// wrap protects texts by them.
//
// A word is a run of letters, digits and marks, at most 64 characters long.
// Punctuation, and each character of a script that is written without spaces, is
// a word of its own. White space only separates words.
package words

import (
	"iter"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A Word is a word and its place in the text.
type Word struct {
	Text       string // in Unicode normal form C
	Start, End int    // in bytes of the original text
}

// All yields the words of text.
func All(text string) iter.Seq[Word] {
	return func(yield func(Word) bool) {
		for at := 0; at < len(text); {
			n, space := Span(text[at:])
			if !space && !yield(Word{norm.NFC.String(text[at : at+n]), at, at + n}) {
				return
			}
			at += n
		}
	}
}

// A kind tells how characters form words.
type kind int

const (
	space  kind = iota // between words
	single             // a word by itself
	letter             // part of a word
)

// The longest word, in characters without marks and in bytes. The limits bound
// how much of a stream must be held back when it has no spaces, such as base64.
const (
	longestWord  = 64
	longestBytes = 1024
)

// Span returns the length in bytes of the word, or of the white space character,
// that s begins with. Combining marks belong to the character before them. The
// length is 0 only for an empty s.
func Span(s string) (n int, isSpace bool) {
	r, n := utf8.DecodeRuneInString(s)
	k := kindOf(r)
	for characters := 1; n < len(s) && k != space; {
		r, size := utf8.DecodeRuneInString(s[n:])
		if n+size > longestBytes {
			break
		}
		if !unicode.Is(unicode.Mn, r) {
			if k != letter || kindOf(r) != letter || characters == longestWord {
				break
			}
			characters++
		}
		n += size
	}
	return n, k == space
}

func kindOf(r rune) kind {
	switch {
	case r < utf8.RuneSelf:
		switch {
		case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9':
			return letter
		case r <= ' ' || r == 0x7f:
			return space
		}
		return single
	case unicode.IsSpace(r):
		return space
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		return single
	case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
		return letter
	}
	return single
}
