package assistant

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// clean returns text in the form that prompts have: every line end is "\n", and there is
// no white space around it.
func clean(text string) (string, error) {
	return strings.TrimSpace(lineEnds(text)), check(text)
}

// check refuses invalid UTF-8, and NUL, at which many servers would end the prompt.
func check(text string) error {
	if !utf8.ValidString(text) {
		return errors.New("is not valid UTF-8; convert it, or replace the bytes with strings.ToValidUTF8")
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		return fmt.Errorf("has a NUL at byte %d; remove it", i)
	}
	return nil
}

// lineEnds replaces every line end by "\n". Otherwise a model that reads U+2028 as a line
// end could see a label after it.
func lineEnds(text string) string {
	for _, end := range []string{"\r\n", "\r", "\v", "\f", "\u0085", "\u2028", "\u2029"} {
		text = strings.ReplaceAll(text, end, "\n") // faster than a Replacer if there are none
	}
	return text
}

// shorten cuts s to about n bytes, at a whole rune, for error texts.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
