package probe

import (
	"iter"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A token is a word, a number or a character, with its place in the text.
type token struct {
	text       string // in NFC
	start, end int    // bytes of the text it was found in
}

// tokens yields the tokens of text. A word is letters, digits and marks side by
// side, at most 64 characters of them; characters of scripts without spaces and
// punctuation stand alone.
func tokens(text string) iter.Seq[token] {
	return func(yield func(token) bool) {
		for at := 0; at < len(text); {
			n, kind := span(text[at:])
			if kind != space && !yield(token{norm.NFC.String(text[at : at+n]), at, at + n}) {
				return
			}
			at += n
		}
	}
}

func tokenList(text string) []token {
	var list []token
	for t := range tokens(text) {
		list = append(list, t)
	}
	return list
}

// A kind tells how characters make up tokens.
type kind int

const (
	space  kind = iota // between tokens
	single             // a token by itself
	word               // a token together with its like
)

// The longest token there is, in characters that are no marks and in bytes. It
// keeps what never ends, such as a file in base64, from being held back for good.
const (
	longestWord  = 64
	longestToken = 1024
)

// span returns the length of what begins s, and its kind. A character that
// stands alone takes the marks behind it along.
func span(s string) (n int, k kind) {
	r, n := utf8.DecodeRuneInString(s)
	k = kindOf(r)
	for characters := 1; n < len(s) && k != space; {
		r, size := utf8.DecodeRuneInString(s[n:])
		if n+size > longestToken {
			break
		}
		if !unicode.Is(unicode.Mn, r) {
			if k != word || kindOf(r) != word || characters == longestWord {
				break
			}
			characters++
		}
		n += size
	}
	return n, k
}

func kindOf(r rune) kind {
	switch {
	case r < utf8.RuneSelf:
		switch {
		case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9':
			return word
		case r <= ' ' || r == 0x7f:
			return space
		}
		return single
	case unicode.IsSpace(r):
		return space
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		return single
	case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
		return word
	}
	return single
}

// texts returns the tokens' texts.
func texts(list []token) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.text
	}
	return out
}
