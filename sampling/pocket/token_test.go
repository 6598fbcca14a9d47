package pocket

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func tokens(text string) []string { return slices.Collect(split(text)) }

func TestTokens(t *testing.T) {
	for _, c := range []struct {
		text, tokens string // the tokens are joined by |
		why          string
	}{
		{"Grevy's zebra: 얼룩말 2+2\n", "Grevy's| zebra|:| 얼룩말| 2|+|2|\n", "the example of the comment"},
		{"two  spaces", "two| | spaces", "one space at most belongs to the word"},
		{"end \n next", "end| |\n| next", "no space belongs to a line break"},
		{"\ta\u00a0b\r\n", "\t|a|\u00a0|b|\r|\n", "other white space stands alone"},
		{"don't 'quote' rock'n'roll' l’eau", "don't| '|quote|'| rock'n'roll|'| l’eau", "an apostrophe is part of a word between two letters"},
		{"it's1'2", "it's|1|'|2", "letters and digits are apart"},
		{"3.75 euros (EUR)!", "3|.|75| euros| (|EUR|)|!", "signs stand alone"},
		{"e\u0301te\u0301 naïve", "e\u0301te\u0301| naïve", "marks belong to their letter"},
		{"先生が 来た", "先|生|が| 来|た", "no spaces between words: each letter is a token"},
		{"ไม่ใช่ ok", "ไ|ม่|ใ|ช่| ok", "such letters keep their marks"},
		{"Ünïcödé Ελληνικά русский", "Ünïcödé| Ελληνικά| русский", "letters of any script with spaces"},
		{"a\xffb \xff\xfe", "a|\xff|b| |\xff|\xfe", "a byte that is not UTF-8 stands alone"},
		{"🙂👍🏽", "🙂|👍|🏽", "symbols stand alone"},
		{"٣٤ ५", "٣٤| ५", "digits of any script"},
		{"```go\n", "`|`|`|go|\n", "fences"},
		{"", "", "nothing"},
		{" ", " ", "a space"},
		{"<|endoftext|>", "<|\x7c|endoftext|\x7c|>", "the special tokens of other models are plain text"},
	} {
		var want []string
		if c.tokens != "" {
			want = strings.Split(c.tokens, "|")
		}
		if c.text == "<|endoftext|>" {
			want = []string{"<", "|", "endoftext", "|", ">"}
		}
		if diff := cmp.Diff(want, tokens(c.text)); diff != "" {
			t.Errorf("%s: %q (-want +got):\n%s", c.why, c.text, diff)
		}
	}
}

func FuzzTokens(f *testing.F) {
	for _, s := range []string{"Grevy's zebra: 얼룩말 2+2\n", "a  b\t\r\n", "l’e'", " \xff \xe2\x80", "先生 e\u0301", "''a''"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tokens := tokens(text)
		if joined := strings.Join(tokens, ""); joined != text {
			t.Fatalf("the tokens of %q join to %q", text, joined)
		}
		if slices.Contains(tokens, "") {
			t.Fatalf("%q has an empty token", text)
		}
		if n := len(tokens); utf8.ValidString(text) && n > utf8.RuneCountInString(text) {
			t.Fatalf("%q has %d tokens, more than runes", text, n)
		}
		for i, token := range tokens {
			if utf8.ValidString(text) && !utf8.ValidString(token) {
				t.Fatalf("token %q of %q is not whole runes", token, text)
			}
			// A score rests on this: what comes after a text changes no more
			// of its tokens than the lookahead.
			if i+lookahead < min(len(tokens), 64) {
				cut := strings.Join(tokens[:i+lookahead], "")
				if got := slices.Collect(split(cut)); got[i] != token {
					t.Fatalf("token %d of %q is %q, but %q in all of %q", i, cut, got[i], token, text)
				}
			}
		}
	})
}

func TestMeant(t *testing.T) {
	v := newVocabulary()
	v.encode("the Cat\nsat Élan don't")
	for token, want := range map[string]string{
		"the": "the", " the": "the", "The": "the", " The": "the",
		"Cat": " Cat", "cat": " Cat", " cat": " Cat",
		"élan": " Élan", " Don't": " don't", "sat": "sat", "Sat": "sat",
		"dog": "", "theCat": "", ".": "", " .": "", "7": "", "\xff": "", " ": "",
	} {
		got := ""
		if id := v.meant(token); id != unknown {
			got = v.text[id]
		}
		if got != want {
			t.Errorf("%q is taken for %q, want %q", token, got, want)
		}
	}
}
