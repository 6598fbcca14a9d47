package tiktoken

import (
	"unicode"
	"unicode/utf8"
)

// A class is a kind of rune that the patterns distinguish. Classes are bits, so that
// their sum is a set.
type class uint8

const (
	upper   class = 1 << iota // Lu and Lt
	lower                     // Ll
	uncased                   // Lm and Lo: Han, Hangul, Kana, Arabic and others
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

// classAt returns the class of the rune at text[i] and its length in bytes, or zeros at
// the end of text.
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

// classify uses the same tables of package unicode as the library's regular expressions.
// The likely scripts come first.
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

// skip returns the end of the run of runes of the given classes at text[i], or i.
func skip(text string, i int, classes class) int {
	for {
		c, n := classAt(text, i)
		if c&classes == 0 {
			return i
		}
		i += n
	}
}
