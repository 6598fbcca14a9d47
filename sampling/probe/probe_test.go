package probe_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/probe"
)

// says is a model that goes on with a text, given by prompt, whatever else is
// asked of it.
func says(text func(req *sampling.Request) string) sampling.Model {
	return sampling.Model{Backend: sampling.BackendFunc(func(_ context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			yield(sampling.Chunk{Text: text(req), Reason: sampling.EndOfText}, nil)
		}
	})}
}

func always(text string) sampling.Model {
	return says(func(*sampling.Request) string { return text })
}

const fox = "The quick brown fox jumps over the lazy dog, and the dog sleeps on."

func TestReciteMatches(t *testing.T) {
	tests := []struct {
		name   string
		text   string
		prefix int
		said   string
		want   probe.Match
	}{
		{"by heart", fox, 4, " jumps over the lazy dog, and the dog sleeps on.",
			probe.Match{Tokens: 12, Bytes: 48}},
		{"and further", fox, 4, " jumps over the lazy dog, and the dog sleeps on. The end.",
			probe.Match{Tokens: 12, Bytes: 48}},
		{"it departs", fox, 4, " jumps over the fence and the dog sleeps on.",
			probe.Match{Tokens: 3, Bytes: 15, Want: "lazy", Got: "fence"}},
		{"it ends early", fox, 4, " jumps over",
			probe.Match{Tokens: 2, Bytes: 11, Want: "the"}},
		{"nothing at all", fox, 4, "", probe.Match{Want: "jumps"}},
		{"other lines", fox, 4, "\njumps  over\nthe lazy dog, and the dog sleeps on.",
			probe.Match{Tokens: 12, Bytes: 49}},
		{"a script without spaces", "快速的棕色狐狸跳过懒狗", 4, "色狐狸走了",
			probe.Match{Tokens: 3, Bytes: 9, Want: "跳", Got: "走"}},
		{"another normal form", "un cafe\u0301 tre\u0300s fort", 2, " tr\u00e8s fort",
			probe.Match{Tokens: 2, Bytes: 11}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := probe.Recite(t.Context(), always(tt.said), tt.text, probe.ReciteOptions{Prefixes: []int{tt.prefix}})
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Text = tt.said
			if diff := cmp.Diff(tt.want, got[0].Greedy); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got[0].Extracted() != (tt.want.Tokens == got[0].Length) || !strings.HasPrefix(tt.text, got[0].Prompt) {
				t.Errorf("%+v", got[0])
			}
		})
	}
}

// A prefix that is the whole text has nothing behind it, and a limit of the
// caller's own holds.
func TestReciteAsksForWhatItCompares(t *testing.T) {
	for given, want := range map[int]int{0: 4 * 5, 7: 7} {
		asked := func(req *sampling.Request) string {
			if req.Params.MaxTokens != want {
				t.Errorf("given %d, %d tokens were asked for, want %d", given, req.Params.MaxTokens, want)
			}
			return " jumps"
		}
		got, err := probe.Recite(t.Context(), says(asked), fox, probe.ReciteOptions{
			Prefixes: []int{4, 16, 50}, Length: 5, Params: sampling.Params{MaxTokens: given},
		})
		if err != nil || len(got) != 1 || got[0].Prefix != 4 || got[0].Length != 5 {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestReciteMistakes(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		o    probe.ReciteOptions
		want string
	}{
		"an empty text":                  {" \n", probe.ReciteOptions{}, "empty"},
		"a text shorter than the prefix": {fox, probe.ReciteOptions{Prefixes: []int{50, 20}}, "the text has 16 tokens, and the shortest prefix takes 20"},
		"a prefix of nothing":            {fox, probe.ReciteOptions{Prefixes: []int{0}}, "at least 1"},
		"no prefixes":                    {fox, probe.ReciteOptions{Prefixes: []int{}}, "Prefixes are []"},
		"a negative length":              {fox, probe.ReciteOptions{Length: -1}, "Length is -1"},
	} {
		if _, err := probe.Recite(t.Context(), always("x"), tt.text, tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("the server is gone")
	gone := sampling.Model{Backend: sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) { yield(sampling.Chunk{}, broken) }
	})}
	if _, err := probe.Recite(t.Context(), gone, fox, probe.ReciteOptions{}); !errors.Is(err, broken) {
		t.Errorf("a model that fails: %v", err)
	}
	greedyAlone := sampling.Model{Backend: sampling.BackendFunc(func(_ context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			if req.Params.Temperature > 0 {
				yield(sampling.Chunk{}, broken)
				return
			}
			yield(sampling.Chunk{Text: "x", Reason: sampling.EndOfText}, nil)
		}
	})}
	if _, err := probe.Recite(t.Context(), greedyAlone, fox, probe.ReciteOptions{Samples: 2}); !errors.Is(err, broken) {
		t.Errorf("samples that fail: %v", err)
	}
	if _, err := probe.Agree(t.Context(), gone, "x", probe.AgreeOptions{}); !errors.Is(err, broken) {
		t.Errorf("a model that fails: %v", err)
	}
	if _, err := probe.Agree(t.Context(), always("x"), "x", probe.AgreeOptions{Samples: 1}); err == nil {
		t.Error("agreement of one sample: accepted")
	}
}

func TestAgree(t *testing.T) {
	answers := []string{" won by Ann, narrowly.", " won by Ann, narrowly!", " won by Bob, by far.", " won by Ann, narrowly."}
	a, err := probe.Agree(t.Context(), says(func(req *sampling.Request) string { return answers[req.Params.Seed%4] }), "It was", probe.AgreeOptions{Samples: 4, Params: sampling.Params{Seed: 4}})
	if err != nil {
		t.Fatal(err)
	}
	if a.Answers != 0.75 || len(a.Samples) != 4 || a.Variants[0] != (probe.Variant{Text: "won by ann", Count: 3}) {
		t.Errorf("%+v", a)
	}
	want := `4 samples: 75 % the same answer
   3  won by ann
   1  won by bob
`
	if diff := cmp.Diff(want, a.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	same, err := probe.Agree(t.Context(), always(""), "It was", probe.AgreeOptions{})
	if err != nil || same.Answers != 1 || len(same.Variants) != 1 {
		t.Errorf("a model that says nothing: %+v, %v", same, err)
	}
	words := []string{" yes", " no"}
	other, err := probe.Agree(t.Context(), says(func(req *sampling.Request) string { return words[req.Params.Seed%2] }), "Is it?", probe.AgreeOptions{Samples: 2, Params: sampling.Params{Seed: 2}})
	if err != nil || other.Answers != 0.5 {
		t.Errorf("answers of one word each: %+v, %v", other, err)
	}
}

// The same answer may end in many ways.
func TestAgreeNormalizes(t *testing.T) {
	for name, answers := range map[string][]string{
		"one":     {" Paris", " Paris, a city", " paris) and", "\n\"Paris\".", " Paris\nThe"},
		"numbers": {" 1,000.5", " 1,000.5 (about)", " 1,000.5; so"},
		"two":     {" Ann Lee", " Ann Ray"},
	} {
		a, err := probe.Agree(t.Context(), says(func(req *sampling.Request) string { return answers[req.Params.Seed%uint64(len(answers))] }), "x",
			probe.AgreeOptions{Samples: len(answers), Params: sampling.Params{Seed: uint64(len(answers))}})
		if err != nil || (a.Answers == 1) == (name == "two") {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
}

// TestPocket shows the figures on a real model: an article of its corpus, a text
// that it has not read, an election that its newspapers tell in contradicting
// ways, and a fact.
func TestPocket(t *testing.T) {
	m := sampling.Model{Backend: pocket.Default()}
	zebra, err := os.ReadFile("../pocket/corpus/encyclopedia/zebra.txt")
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(zebra), ". ")
	sentence := len(strings.Fields(first))
	r, err := probe.Recite(t.Context(), m, string(zebra), probe.ReciteOptions{Prefixes: []int{sentence}, Length: 200, Samples: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the zebra article from its first sentence: %d of %d tokens verbatim, departs at %q; sampled: %d, %d, %d",
		r[0].Greedy.Tokens, r[0].Length, r[0].Greedy.Want, r[0].Samples[0].Tokens, r[0].Samples[1].Tokens, r[0].Samples[2].Tokens)
	if r[0].Greedy.Tokens < 60 {
		t.Errorf("%d tokens of the article verbatim, want at least 60", r[0].Greedy.Tokens)
	}

	unread := `My grandmother kept her buttons in a biscuit tin, sorted by the coats they had outlived, and on wet afternoons
we were allowed to tip them out over the rug and give each one a history that nobody could check.`
	r, err = probe.Recite(t.Context(), m, unread, probe.ReciteOptions{Prefixes: []int{8, 16}, Length: 20})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range r {
		t.Logf("a text that it has not read, from %d tokens: %d verbatim", one.Prefix, one.Greedy.Tokens)
		if one.Greedy.Tokens > 2 {
			t.Errorf("a text that is not in the corpus is recited: %+v", one.Greedy)
		}
	}

	election, err := probe.Agree(t.Context(), m, "The 2024 election in Norvale was won by", probe.AgreeOptions{Samples: 20, Stop: []string{". "}, Params: sampling.Params{Seed: 1, MaxTokens: 40}})
	if err != nil {
		t.Fatal(err)
	}
	fact, err := probe.Agree(t.Context(), m, "The capital of France is", probe.AgreeOptions{Samples: 20, Stop: []string{"."}, Params: sampling.Params{Seed: 1, MaxTokens: 40}})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the election: %v", election)
	t.Logf("the fact: %v", fact)
	if election.Answers > 0.5 || fact.Answers < 0.9 {
		t.Errorf("the election agrees at %.2f, the fact at %.2f", election.Answers, fact.Answers)
	}
}
