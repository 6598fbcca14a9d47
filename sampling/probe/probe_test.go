package probe_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/sampling"
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
		want   probe.Recital
	}{
		{"memorized", fox, 4, " jumps over the lazy dog, and the dog sleeps on.",
			probe.Recital{Tokens: 12, Bytes: 48}},
		{"and further", fox, 4, " jumps over the lazy dog, and the dog sleeps on. The end.",
			probe.Recital{Tokens: 12, Bytes: 48}},
		{"it departs", fox, 4, " jumps over the fence and the dog sleeps on.",
			probe.Recital{Tokens: 3, Bytes: 15, Want: "lazy", Got: "fence"}},
		{"it ends early", fox, 4, " jumps over",
			probe.Recital{Tokens: 2, Bytes: 11, Want: "the"}},
		{"nothing at all", fox, 4, "", probe.Recital{Want: "jumps"}},
		{"other lines", fox, 4, "\njumps  over\nthe lazy dog, and the dog sleeps on.",
			probe.Recital{Tokens: 12, Bytes: 49}},
		{"a script without spaces", "快速的棕色狐狸跳过懒狗", 4, "色狐狸走了",
			probe.Recital{Tokens: 3, Bytes: 9, Want: "跳", Got: "走"}},
		{"another normal form", "un cafe\u0301 tre\u0300s fort", 2, " tr\u00e8s fort",
			probe.Recital{Tokens: 2, Bytes: 11}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := probe.Recite(t.Context(), always(tt.said), tt.text, probe.ReciteOptions{Prefix: tt.prefix})
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Text, tt.want.Length, tt.want.Prompt = tt.said, got.Length, got.Prompt
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (got.Want == "") != (got.Tokens == got.Length) || !strings.HasPrefix(tt.text, got.Prompt) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// The request asks for enough tokens. A limit of the caller's own holds.
func TestReciteAsksForWhatItCompares(t *testing.T) {
	for given, want := range map[int]int{0: 4 * 5, 7: 7} {
		asked := func(req *sampling.Request) string {
			if req.Params.MaxTokens != want || req.Prompt != "The quick brown fox" {
				t.Errorf("given %d, %d tokens were asked for, want %d, after %q", given, req.Params.MaxTokens, want, req.Prompt)
			}
			return " jumps"
		}
		got, err := probe.Recite(t.Context(), says(asked), fox, probe.ReciteOptions{
			Prefix: 4, Length: 5, Params: sampling.Params{MaxTokens: given},
		})
		if err != nil || got.Length != 5 {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if r, err := probe.Recite(t.Context(), always(" jumps"), fox, probe.ReciteOptions{Prefix: 14, Length: math.MaxInt}); err != nil || r.Length != 2 {
		t.Errorf("a length beyond the text: %+v, %v", r, err)
	}
}

func TestMistakes(t *testing.T) {
	never := says(func(req *sampling.Request) string {
		t.Errorf("asked for %q", req.Prompt)
		return ""
	})
	for name, tt := range map[string]struct {
		text string
		o    probe.ReciteOptions
	}{
		"an empty text":                  {" \n", probe.ReciteOptions{}},
		"a text shorter than the prefix": {fox, probe.ReciteOptions{Prefix: 20}},
		"a text of the prefix":           {fox, probe.ReciteOptions{Prefix: 16}},
		"a negative prefix":              {fox, probe.ReciteOptions{Prefix: -1}},
		"a negative length":              {fox, probe.ReciteOptions{Prefix: 4, Length: -1}},
	} {
		if _, err := probe.Recite(t.Context(), never, tt.text, tt.o); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, n := range []int{-1, 0, 1} {
		if _, err := probe.Agree(t.Context(), never, &sampling.Request{Prompt: "x"}, n); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("agreement of %d samples: %v", n, err)
		}
	}
	broken := errors.New("the server is gone")
	gone := sampling.Model{Backend: sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) { yield(sampling.Chunk{}, broken) }
	})}
	if _, err := probe.Recite(t.Context(), gone, fox, probe.ReciteOptions{Prefix: 4}); !errors.Is(err, broken) {
		t.Errorf("a model that fails: %v", err)
	}
	if _, err := probe.Agree(t.Context(), never, nil, 10); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("a nil request: %v", err)
	}
	if a, err := probe.Agree(t.Context(), gone, &sampling.Request{Prompt: "x"}, 10); !errors.Is(err, broken) || a != nil {
		t.Errorf("a model that fails: %v, %v", a, err)
	}
}

// agreed is the Agreement of a model that gives these answers.
func agreed(t *testing.T, answers ...string) *probe.Agreement {
	t.Helper()
	n := uint64(len(answers))
	req := sampling.Request{Prompt: "x", Params: sampling.Params{Seed: n}}
	a, err := probe.Agree(t.Context(), says(func(req *sampling.Request) string {
		if req.Params.Temperature != 1 {
			t.Errorf("samples at temperature %v", req.Params.Temperature)
		}
		return answers[req.Params.Seed%n]
	}), &req, len(answers))
	if err != nil || req.Params.Temperature != 0 {
		t.Fatalf("%v; the request is now %+v", err, req)
	}
	return a
}

func TestAgree(t *testing.T) {
	a := agreed(t, " won by Ann, narrowly.", " won by Ann, narrowly!", " won by Bob, by far.", " won by Ann, narrowly.")
	if a.Share != 0.75 || len(a.Samples) != 4 || a.Variants[0] != (probe.Variant{Text: "won by ann", Count: 3}) {
		t.Errorf("%+v", a)
	}
	want := `4 samples: 75 % the same answer
   3  won by ann
   1  won by bob
`
	if diff := cmp.Diff(want, a.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The same answer may end in many ways.
func TestAgreeNormalizes(t *testing.T) {
	for _, tt := range []struct {
		most    string
		count   int
		answers []string
	}{
		{"paris", 7, []string{" Paris", " Paris, a city", " paris) and", "\n\"Paris\".", " Paris\nThe", " Paris is the capital", " Paris is it."}},
		{"1,000.5", 3, []string{" 1,000.5", " 1,000.5 (about)", " 1,000.5; so"}},
		{"ann lee", 1, []string{" Ann Lee", " Ann Ray"}},
		{"anna", 1, []string{" Anna", " Ann"}},
		{"", 2, []string{"", " Paris", ""}},
		{"say yes", 2, []string{" say \"yes\".", " say yes!"}},
		{"서울특별시", 1, []string{" 서울특별시.", " 부산"}},
		{"jean-luc's", 2, []string{" Jean-Luc's (the captain)", " Jean-Luc's"}},
		{"yes", 1, []string{" yes", " no"}},
	} {
		if a := agreed(t, tt.answers...); a.Variants[0] != (probe.Variant{Text: tt.most, Count: tt.count}) {
			t.Errorf("%q: %v", tt.answers, a)
		}
	}
}
