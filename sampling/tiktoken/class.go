package tiktoken

import (
	"unicode"
	"unicode/utf8"
)

// A class is what the patterns tell runes apart by. Classes are bits, so that a
// set of them is their sum.
type class uint8

const (
	upper   class = 1 << iota // Lu and Lt
	lower                     // Ll
	uncased                   // Lm and Lo: Han, Hangul, Kana, Arabic and their like
	mark                      // M
	number                    // N
	newline                   // \r and \n
	space                     // the other white space
	sign                      // everything else: punctuation, symbols, controls

	letter = upper | lower | uncased // \p{L}
	white  = newline | space         // \s
	others = sign | mark             // [^\s\p{L}\p{N}]
)

var ascii = func() (table [utf8.RuneSelf]class) {
	for r := range table {
		table[r] = classify(rune(r))
	}
	return table
}()

// classAt returns the class of the rune at text[i] and its length in bytes, and
// 0 and 0 at the end of text.
func classAt(text string, i int) (class, int) {
	if i >= len(text) {
		return 0, 0
	}
	if b := text[i]; b < utf8.RuneSelf {
		return ascii[b], 1
	}
	r, n := utf8.DecodeRuneInString(text[i:])
	return classify(r), n
}

// classify reads the same tables of package unicode as the library's regular
// expressions do. The likely scripts come first.
func classify(r rune) class {
	switch {
	case r == '\r' || r == '\n':
		return newline
	case unicode.IsSpace(r):
		return space
	case unicode.Is(unicode.Lo, r):
		return uncased
	case unicode.Is(unicode.Ll, r):
		return lower
	case unicode.In(r, unicode.Lu, unicode.Lt):
		return upper
	case unicode.Is(unicode.Lm, r):
		return uncased
	case unicode.Is(unicode.M, r):
		return mark
	case unicode.Is(unicode.N, r):
		return number
	}
	return sign
}

// skip returns where the run of runes of the given classes ends that begins at
// text[i]; i itself when there is none.
func skip(text string, i int, classes class) int {
	for {
		c, n := classAt(text, i)
		if c&classes == 0 {
			return i
		}
		i += n
	}
}
