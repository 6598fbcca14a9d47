package fewshot_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// alternatives is a backend that reports the likeliest first tokens, at most as
// many as it is able to.
func alternatives(most int, top ...sampling.Token) sampling.Backend {
	return sampling.BackendFunc(func(_ context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			if req.Params.TopLogprobs > most {
				yield(sampling.Chunk{}, fmt.Errorf("%w: %d alternatives", sampling.ErrUnsupported, req.Params.TopLogprobs))
				return
			}
			drawn := top[int(req.Params.Seed)%len(top)]
			chunk := sampling.Chunk{Text: drawn.Text + "\n", Reason: sampling.EndOfText}
			if req.Params.Logprobs {
				chunk.Tokens = []sampling.Token{{Text: drawn.Text, Logprob: drawn.Logprob, Top: top}}
			}
			yield(chunk, nil)
		}
	})
}

func TestClassifyByFirstToken(t *testing.T) {
	top := []sampling.Token{
		{Text: " neg", Logprob: math.Log(0.3)}, {Text: " positive", Logprob: math.Log(0.2)}, {Text: " pos", Logprob: math.Log(0.4)}, {Text: " the", Logprob: math.Log(0.1)},
	}
	for _, most := range []int{20, 5} {
		got, p := probabilities(t, sentiment("positive", "negative"), alternatives(most, top...), "a film")
		if got.Label != "positive" || got.Method != fewshot.ByFirstToken {
			t.Errorf("%q %v, want positive by first token", got.Label, got.Method)
		}
		if diff := cmp.Diff([]float64{0.6 / 0.9, 0.3 / 0.9}, p, closeEnough); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestATokenMayBeMoreThanALabel(t *testing.T) {
	top := func(texts ...string) (all []sampling.Token) {
		for i, text := range texts {
			all = append(all, sampling.Token{Text: text, Logprob: math.Log([]float64{0.3, 0.4, 0.25}[i])})
		}
		return all
	}
	for _, tt := range []struct {
		why    string
		tokens []sampling.Token
		want   string
	}{
		{"10 is not the label 1 with something after it", top(" 10", " 2", " 1"), "2"},
		{"a label may have its end with it", top(" 1\n", " 2\n"), "2"},
		{"or a mark", top(" 1", " 2,"), "2"},
	} {
		got, p := probabilities(t, sentiment("1", "2"), alternatives(20, tt.tokens...), "one or two")
		if got.Label != tt.want || got.Method != fewshot.ByFirstToken {
			t.Errorf("%s: %q %v %v, want %q", tt.why, got.Label, got.Method, p, tt.want)
		}
	}
}

func TestClassifyByVotes(t *testing.T) {
	label := func(s string) sampling.Token { return sampling.Token{Text: " " + s, Logprob: -1} }
	c := sentiment("positive", "posh")
	c.options.Samples = 9
	c.task.Params.Seed = 3
	for name, b := range map[string]sampling.Backend{
		"a backend that reports nothing":        alternatives(0, label("positive"), label("posh"), label("posh")),
		"labels that begin with the same token": alternatives(20, label("pos"), label("posh"), label("posh")),
		"a label of the probability 0":          alternatives(20, sampling.Token{Text: " posh", Logprob: -9999}, label("dull")),
		"a label of no probability at all":      alternatives(20, sampling.Token{Text: " posh", Logprob: math.Inf(1)}, label("dull")),
	} {
		got, p := probabilities(t, c, b, "a film")
		if got.Method != fewshot.ByVotes || got.Label != "posh" {
			t.Errorf("%s: %q %v %v, want posh by votes", name, got.Label, got.Method, p)
		}
	}
}

// TestVotesAreDrawn has a greedy task: its votes are drawn at the model's own
// temperature all the same, since greedy samples are all alike.
func TestVotesAreDrawn(t *testing.T) {
	for given, want := range map[float64]float64{0: 1, 0.5: 0.5} {
		c := sentiment("good", "bad")
		c.task.Params.Temperature = given
		model := sampling.BackendFunc(func(_ context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
			return func(yield func(sampling.Chunk, error) bool) {
				if !req.Params.Logprobs && req.Params.Temperature != want {
					t.Errorf("a vote at temperature %v, want %v", req.Params.Temperature, want)
				}
				yield(sampling.Chunk{Text: " good", Reason: sampling.EndOfText}, nil)
			}
		})
		if got, err := c.classify(t.Context(), model, "a film"); err != nil || got.Method != fewshot.ByVotes {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

// TestVotesForLabels has a label that is in the prompt as a JSON
// string, and labels that differ in letter case alone or begin one another.
func TestVotesForLabels(t *testing.T) {
	quoted := sentiment("a: b", "c")
	quoted.task.Format.Quote = true
	for _, tt := range []struct {
		why    string
		c      *classifying
		answer string
		reason sampling.Reason
		want   string // "" is an error
	}{
		{"a quoted label", quoted, ` "a\u003a b"`, sampling.EndOfText, "a: b"},
		{"the exact label before one in other letters", sentiment("US", "us"), " us", sampling.EndOfText, "us"},
		{"a label in other letters", sentiment("Good", "bad"), " good", sampling.EndOfText, "Good"},
		{"a label at the token limit", sentiment("good", "bad"), " bad", sampling.TokenLimit, "bad"},
		{"what may be the beginning of another", sentiment("New", "New York"), " New", sampling.TokenLimit, ""},
		{"what is not a JSON string", quoted, ` "a`, sampling.EndOfText, ""},
	} {
		model := sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
			return func(yield func(sampling.Chunk, error) bool) {
				yield(sampling.Chunk{Text: tt.answer, Reason: tt.reason}, nil)
			}
		})
		got, err := tt.c.classify(t.Context(), model, "x")
		if tt.want == "" {
			var answer *fewshot.AnswerError
			if !errors.As(err, &answer) {
				t.Errorf("%s: %+v, %v; want an AnswerError", tt.why, got, err)
			}
			continue
		}
		if err != nil || got.Label != tt.want || got.Method != fewshot.ByVotes {
			t.Errorf("%s: %+v, %v; want %q by votes", tt.why, got, err, tt.want)
		}
	}
}
