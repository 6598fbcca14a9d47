package pocket_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

func matching(t testing.TB, expr string) sampling.Constraint {
	t.Helper()
	c, err := sampling.Matching(expr)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Whatever is asked for, each answer keeps to it or was cut on its way. Model
// verifies that, so that an error is all there is to look for.
func TestConstraint(t *testing.T) {
	m := sampling.Model{Backend: pocket.Default()}
	prompts := map[string]string{"zero-shot": "Review: I loved every minute.\nSentiment:", "pairs": prompts["pairs"], "nothing": ""}
	seeds := uint64(4)
	if os.Getenv("FOREWORD_LONG") != "" {
		seeds = 12
	}
	for _, test := range []struct {
		why  string
		c    sampling.Constraint
		most int // tokens
		free bool
	}{
		{"labels", sampling.OneOf(" positive", " negative", " neutral"), 8, false},
		{"labels that the corpus lacks", sampling.OneOf(" xylophone quux", " 돼껌", "🦉"), 40, false},
		{"a label that begins another", sampling.OneOf(" a", " alien", " aliens"), 12, false},
		{"a number", matching(t, ` -?\d{1,4}(\.\d\d)?`), 20, false},
		{"a struct", matching(t, ` \{"name":"[a-z ]{1,9}","age":\d+\}`), 200, true},
		{"other letters", matching(t, ` [가-힣]+`), 40, true},
		{"no letters", matching(t, ` [^\p{L}\n]{1,5}`), 20, false},
		{"nothing, or one", matching(t, ` ?x?`), 20, false},
		{"a text with an end", matching(t, `[^\n#.]{0,40}end`), 200, true},
	} {
		for name, prompt := range prompts {
			for _, stop := range [][]string{nil, {"\n"}, {"###", "."}} {
				for seed := range seeds {
					req := &sampling.Request{Prompt: prompt, Stop: stop, Constraint: test.c, Params: sampling.Params{
						Temperature: float64(min(seed, 1)) * 1.5, Seed: seed + 1, MaxTokens: test.most}}
					c, err := m.Complete(t.Context(), req)
					if err != nil {
						t.Fatalf("%s, %s, %q, seed %d: %v", test.why, name, stop, seed, err)
					}
					if c.Reason == sampling.TokenLimit && !test.free {
						t.Errorf("%s, %s, %q, seed %d: %q is cut", test.why, name, stop, seed, c.Text)
					}
				}
			}
		}
	}
}

// A constrained answer is the most likely one of those allowed, and the
// constraint does not get in the way of one that is allowed anyway.
func TestConstraintIsGreedy(t *testing.T) {
	m := sampling.Model{Backend: pocket.Default()}
	for word, translation := range map[string]string{"teacher": " 선생님", "carry": " 운반하다"} {
		c, err := m.Complete(t.Context(), &sampling.Request{Prompt: "butterfly: 나비\n" + word + ":", Stop: []string{"\n"}, Constraint: matching(t, ` [가-힣]+`)})
		if err != nil || c.Text != translation {
			t.Errorf("%s is translated as %q, %v", word, c.Text, err)
		}
	}
	labels := []string{" Paris", " Berlin", " Madrid", " Rome", " negative", " positive", " umbrella", " Gleichheit"}
	for _, prompt := range []string{"The capital of France is", "Review: I loved every minute.\nSentiment:", "Once upon a time", "", "2+2="} {
		scores, err := m.Score(t.Context(), &sampling.Request{Prompt: prompt}, labels)
		if err != nil {
			t.Fatal(err)
		}
		best := 0
		for i, s := range scores {
			if len(s.Tokens) != 1 {
				t.Fatalf("%q has %d tokens", labels[i], len(s.Tokens))
			}
			if s.Logprob > scores[best].Logprob {
				best = i
			}
		}
		all, err := m.Draw(t.Context(), &sampling.Request{Prompt: prompt, Constraint: sampling.OneOf(labels...), Params: sampling.Params{Logprobs: true}}, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			if c.Text != labels[best] {
				t.Errorf("%q goes on with %q, and %q is likelier", prompt, c.Text, labels[best])
			}
			if got := c.Tokens[0].Logprob; got != scores[best].Logprob {
				t.Errorf("%q has the log probability %v without the constraint, and %v is told", c.Text, scores[best].Logprob, got)
			}
		}
	}
}

// Where the model has no clue, all that is allowed is about as likely.
func TestConstraintDraws(t *testing.T) {
	m := sampling.Model{Backend: pocket.Default()}
	seen := map[string]int{}
	all, err := m.Draw(t.Context(), &sampling.Request{
		Prompt: "Heads or tails?", Stop: []string{"\n"}, Constraint: sampling.OneOf(" xyzzyx", " qwrtq", " zzkz"),
		Params: sampling.Params{Temperature: 1, Seed: 1},
	}, 60)
	for _, c := range all {
		seen[strings.TrimSpace(c.Text)]++
	}
	if err != nil || len(seen) != 3 {
		t.Errorf("60 draws gave %v, %v", seen, err)
	}
}

func TestConstraintRefused(t *testing.T) {
	var err error
	for _, err = range pocket.Default().Sample(t.Context(), &sampling.Request{Constraint: sampling.OneOf()}) {
	}
	if !errors.Is(err, sampling.ErrConstraint) {
		t.Errorf("a list without texts gave %v", err)
	}
}

// BenchmarkConstraint compares what a token costs with a constraint and without.
func BenchmarkConstraint(b *testing.B) {
	reviews := "Review: I loved every minute.\nSentiment: positive\n\nReview: A waste of an evening.\nSentiment: negative\n\nReview: What a joy.\nSentiment:"
	for _, test := range []struct {
		name, prompt string
		c            sampling.Constraint
	}{
		{"labels", reviews, sampling.OneOf(" positive", " negative", " neutral")},
		{"letters", prompts["pairs"], matching(b, ` [가-힣]+`)},
		{"text", prompts["recite"], matching(b, `[^\n\x00]*`)},
		{"any", prompts["invent"], matching(b, `(?s).*`)},
		{"zero-shot", "Review: What a joy.\nSentiment:", sampling.OneOf(" positive", " negative", " neutral")},
	} {
		each := 0.0
		for _, c := range []sampling.Constraint{{}, test.c} {
			b.Run(fmt.Sprintf("%s/constrained=%v", test.name, !c.IsZero()), func(b *testing.B) {
				tokens, n := 0, uint64(0)
				b.ReportAllocs()
				for b.Loop() {
					n++
					all, err := pocket.Default().Draw(b.Context(), &sampling.Request{Prompt: test.prompt, Stop: []string{"\n"}, Constraint: c,
						Params: sampling.Params{Temperature: 1, Seed: n, MaxTokens: 50}}, 100)
					if err != nil {
						b.Fatal(err)
					}
					for _, c := range all {
						tokens += c.Usage.CompletionTokens
					}
				}
				now := b.Elapsed().Seconds() / float64(tokens)
				b.ReportMetric(now*1e9, "ns/token")
				if each == 0 {
					each = now
				}
				b.ReportMetric(now/each, "x-free")
			})
		}
	}
}
