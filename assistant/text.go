package assistant

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// clean returns text in the form that prompts have: every line end is "\n", and
// there is no white space around the whole. Bytes that are not UTF-8 are an error, and
// so is NUL, at which many servers would end the prompt.
func clean(text string) (string, error) {
	text, err := plain(text)
	return strings.TrimSpace(text), err
}

// plain is clean without the trimming.
func plain(text string) (string, error) {
	if i := invalidUTF8(text); i >= 0 {
		return "", fmt.Errorf("is not valid UTF-8 at byte %d; convert it, or replace the bytes with strings.ToValidUTF8", i)
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		return "", fmt.Errorf("has a NUL at byte %d; remove it", i)
	}
	return lineEnds(text), nil
}

// lineEnds makes every line end a "\n". A model that reads U+2028 as a line end would
// otherwise see a label after it, where the layout does not.
func lineEnds(text string) string {
	if strings.IndexFunc(text, otherLineEnd) < 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	afterCR := false
	for _, r := range text {
		switch {
		case r == '\n' && afterCR: // written with the CR
		case otherLineEnd(r):
			b.WriteByte('\n')
		default:
			b.WriteRune(r)
		}
		afterCR = r == '\r'
	}
	return b.String()
}

// otherLineEnd reports whether r ends a line as "\n" does: the mandatory breaks
// of Unicode's annex 14.
func otherLineEnd(r rune) bool {
	switch r {
	case '\r', '\v', '\f', '\u0085', '\u2028', '\u2029':
		return true
	}
	return false
}

// invalidUTF8 returns the offset of the first byte that is not part of valid
// UTF-8, or -1.
func invalidUTF8(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return i
			}
		}
	}
	return -1
}

// shorten cuts s to about n bytes, at a whole rune, for error texts.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
