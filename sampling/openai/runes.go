package openai

import (
	"strings"
	"unicode/utf8"
)

// runes joins text that arrives in pieces and gives out whole runes. Tokens end
// inside of runes, and servers that send each token's bytes as they are split
// them over events.
//
// Worked example: of "caf\xc3" it gives out "caf", and "\xa9s" then makes "és".
type runes struct{ held string }

// add returns what is whole of the text held and s. What can never become whole
// is U+FFFD.
func (r *runes) add(s string) string {
	if r.held == "" && utf8.ValidString(s) {
		return s
	}
	s, r.held = r.held+s, ""
	var out strings.Builder
	for s != "" {
		c, size := utf8.DecodeRuneInString(s)
		switch {
		case c != utf8.RuneError || size > 1:
			out.WriteString(s[:size])
		case !utf8.FullRuneInString(s) || beginsPair(s):
			r.held = s
			return out.String()
		case !isSurrogate(s):
			out.WriteRune(utf8.RuneError)
		default:
			c, size = pair(s)
			out.WriteRune(c)
		}
		s = s[size:]
	}
	return out.String()
}

// flush returns what is left when no more comes.
func (r *runes) flush() string {
	if r.held == "" {
		return ""
	}
	r.held = ""
	return string(utf8.RuneError)
}

// beginsPair reports whether s is the beginning of a pair of surrogates, or of
// one that has no first half.
func beginsPair(s string) bool {
	switch {
	case s[0] != 0xed || len(s) >= 6 || len(s) > 1 && (s[1] < 0xa0 || s[1] >= 0xc0):
		return false
	case len(s) < 3:
		return true
	case s[1] >= 0xb0 || len(s) > 3 && s[3] != 0xed:
		return false
	}
	return len(s) < 5 || s[4] >= 0xb0 && s[4] < 0xc0
}

// isSurrogate reports whether s begins with the three bytes of half a pair.
func isSurrogate(s string) bool { return len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 && s[1] < 0xc0 }

// pair decodes the surrogates that s begins with.
func pair(s string) (c rune, size int) {
	if s[1] < 0xb0 && isSurrogate(s[3:]) && s[4] >= 0xb0 {
		return 0x10000 + unit(s)&0x3ff<<10 + unit(s[3:])&0x3ff, 6
	}
	return utf8.RuneError, 3
}

func unit(s string) rune { return rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f) }
