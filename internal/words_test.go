// The smallest packages are tested here: linking a test binary for each of them would
// take longer than their tests.
package internal_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/internal/words"
)

func TestWords(t *testing.T) {
	long := strings.Repeat("x", 64)
	for text, want := range map[string][]string{
		"The 2 cats' e-mail":     {"The", "2", "cats", "'", "e", "-", "mail"},
		"AZaz09@[`{/:":           {"AZaz09", "@", "[", "`", "{", "/", ":"},
		" \t\n\x00\x7f\u00a0":    nil,
		"Ärger, e\u0301te\u0301": {"Ärger", ",", "\u00e9t\u00e9"},
		"선생님은 책을":                {"선생님은", "책을"},
		"猫か\u3099 ok":            {"猫", "\u304c", "ok"},
		"ที่นี่ดี":               {"ที่", "นี่", "ดี"},
		long + "y":               {long, "y"},
	} {
		at := 0
		var got []string
		for w := range words.All(text) {
			got = append(got, w.Text)
			if strings.TrimSpace(strings.Trim(text[at:w.Start], "\x00\x7f")) != "" || w.End <= w.Start {
				t.Errorf("%q: %q is between the words, before %+v", text, text[at:w.Start], w)
			}
			at = w.End
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q has the words %q, want %q", text, got, want)
		}
	}
}
