package tiktoken

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	bpe "github.com/pkoukk/tiktoken-go"
)

func TestCountEqualsTheWholeEncoding(t *testing.T) {
	size := 2000 // bytes of each text
	if long {
		size *= 10
	}
	eachEncoding(t, func(t *testing.T, c *Counter, whole func(string) int) {
		for name, text := range texts {
			plain := strings.Repeat(text+" ", size/len(text))
			for kind, text := range map[string]string{"plain": plain, "shuffled": shuffled(text, size)} {
				if got, want := count(t, c, text), whole(text); got != want {
					t.Errorf("%s, %s: %d tokens, want %d", name, kind, got, want)
				}
			}
		}
		for kind, text := range map[string]string{"code": goCode(t), "shuffled code": shuffled(goCode(t), size)} {
			if got, want := count(t, c, text), whole(text); got != want {
				t.Errorf("%s: %d tokens, want %d", kind, got, want)
			}
		}
	})
}

// These counts are the ones that OpenAI gives for its own tokenizer in its
// cookbook, so that a mistake that the library and we share would show.
func TestCountKnown(t *testing.T) {
	for _, tt := range []struct {
		encoding, text string
		want           int
	}{
		{"r50k_base", "hello world", 2},
		{"gpt2", "hello world", 2},
		{"cl100k_base", "hello world", 2},
		{"cl100k_base", "tiktoken is great!", 6},
		{"cl100k_base", "antidisestablishmentarianism", 6},
		{"p50k_base", "antidisestablishmentarianism", 5},
		{"r50k_base", "antidisestablishmentarianism", 5},
		{"cl100k_base", "2 + 2 = 4", 7},
		{"r50k_base", "2 + 2 = 4", 5},
		{"cl100k_base", "お誕生日おめでとう", 9},
		{"r50k_base", "お誕生日おめでとう", 14},
	} {
		if got := count(t, counter(t, tt.encoding), tt.text); got != tt.want {
			t.Errorf("%s: %q has %d tokens, want %d", tt.encoding, tt.text, got, tt.want)
		}
	}
}

func TestCountNothing(t *testing.T) {
	eachEncoding(t, func(t *testing.T, c *Counter, _ func(string) int) {
		if got := count(t, c, ""); got != 0 {
			t.Errorf("the empty text has %d tokens", got)
		}
	})
}

func TestCountSpecialTokensAsText(t *testing.T) {
	special := []string{
		"<|endoftext|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|endofprompt|>",
		"<|begin_of_text|>", "a<|endoftext|>b", "<|endoftext|><|endoftext|>",
	}
	eachEncoding(t, func(t *testing.T, c *Counter, whole func(string) int) {
		for _, text := range special {
			got := count(t, c, text)
			if want := whole(text); got != want {
				t.Errorf("%s has %d tokens, want %d", text, got, want)
			}
			if got < 5 {
				t.Errorf("%s has %d tokens and was taken for a special one", text, got)
			}
		}
	})
}

func TestCountInvalidUTF8(t *testing.T) {
	eachEncoding(t, func(t *testing.T, c *Counter, whole func(string) int) {
		for _, text := range []string{
			"\xff", "a\xffb", "\xe2\x82", "\xed\xa0\x80", "\xf0\x9f\x98 \xf0\x9f", "caf\xe9 cr\xe8me", "\x80\x80\x80",
			strings.Repeat("\xff", 1000), shuffled("\xe4ab\xc3 \xa9'\xf0\x9f\x98", 2000),
		} {
			got := count(t, c, text)
			if want := whole(text); got != want {
				t.Errorf("%.20q has %d tokens, want %d as the library", text, got, want)
			}
			if want := count(t, c, string([]rune(text))); got != want {
				t.Errorf("%.20q has %d tokens, want %d as with U+FFFD", text, got, want)
			}
		}
	})
}

func TestCountNeedsAVocabulary(t *testing.T) {
	for _, c := range []*Counter{nil, {}} {
		if n, err := c.Count(context.Background(), "text"); err == nil || !strings.Contains(err.Error(), "tiktoken.For") {
			t.Errorf("a Counter without a vocabulary counted %d, with the error %v", n, err)
		}
	}
}

func TestCountConcurrently(t *testing.T) {
	c := counter(t, "cl100k_base")
	want := map[string]int{}
	for name, text := range texts {
		want[name] = count(t, c, shuffled(text, 5000))
	}
	// A Counter of its own, so that the goroutines fill its memory together.
	fresh, err := load("cl100k_base", cl100k)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		for name, text := range texts {
			wg.Go(func() {
				for range 3 {
					if got, err := fresh.Count(context.Background(), shuffled(text, 5000)); err != nil || got != want[name] {
						t.Errorf("%s: %d tokens, %v; want %d", name, got, err, want[name])
					}
				}
			})
		}
	}
	wg.Wait()
}

func TestForReturnsOneInstance(t *testing.T) {
	for _, e := range encodings {
		first := counter(t, e.name)
		if first.Encoding() != e.name {
			t.Errorf("For(%q) is a counter of %q", e.name, first.Encoding())
		}
		for _, name := range append(e.aliases, e.name) {
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					if again, err := For(name); again != first || err != nil {
						t.Errorf("For(%q) is not the instance of %q: %v", name, e.name, err)
					}
				})
			}
			wg.Wait()
		}
	}
}

func TestForUnknown(t *testing.T) {
	c, err := For("cl200k_base")
	const want = `tiktoken: unknown encoding "cl200k_base"; use one of cl100k_base, gpt2, o200k_base, o200k_harmony, p50k_base, p50k_edit, r50k_base`
	if c != nil || err == nil || err.Error() != want {
		t.Errorf("got %v, %v\nwant %s", c, err, want)
	}
}

func TestForModel(t *testing.T) {
	for model, want := range map[string]string{
		"davinci-002":                    "cl100k_base",
		"ft:davinci-002:acme::8k2":       "cl100k_base",
		"gpt-3.5-turbo-instruct":         "cl100k_base",
		"gpt-4-0314":                     "cl100k_base",
		"gpt-4o":                         "o200k_base",
		"gpt-4.1-mini":                   "o200k_base",
		"text-davinci-003":               "p50k_base",
		"code-davinci-edit-001":          "p50k_base",
		"davinci":                        "r50k_base",
		"gpt2":                           "r50k_base",
		"meta-llama/Meta-Llama-3.1-405B": "",
		"":                               "",
		"gpt":                            "",
	} {
		c, err := ForModel(model)
		switch {
		case want == "" && (err == nil || !strings.Contains(err.Error(), `"`+model+`"`)):
			t.Errorf("ForModel(%q) = %v, %v; want an error that names it", model, c, err)
		case want != "" && (err != nil || c.Encoding() != want):
			t.Errorf("ForModel(%q) = %v, %v; want %s", model, c, err, want)
		}
	}
}

// spy is a loader that must not be asked.
type spy struct{ asked []string }

var errSpy = errors.New("the global loader was asked")

func (s *spy) LoadTiktokenBpe(file string) (map[string]int, error) {
	s.asked = append(s.asked, file)
	return nil, errSpy
}

func TestLoadLeavesTheGlobalLoaderAlone(t *testing.T) {
	for _, e := range encodings {
		oracle(t, e.name) // which must not ask the spy later on
	}
	var s spy
	bpe.SetBpeLoader(&s)
	defer setOfflineLoader()
	if _, err := load("r50k_base", gpt2); err != nil { // the smallest
		t.Error(err)
	}
	if s.asked != nil {
		t.Errorf("the global loader was asked for %q", s.asked)
	}
	// The library keeps what it has read; no test reads this encoding.
	if _, err := bpe.GetEncoding("p50k_edit"); !errors.Is(err, errSpy) {
		t.Errorf("the global loader is not the one that was set: %v", err)
	}
}
