package pocket_test

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const zebra = "The zebra is a striped African cousin of the horse"

func complete(t testing.TB, m *pocket.Model, prompt string, p sampling.Params, stop ...string) *sampling.Completion {
	t.Helper()
	c, err := sampling.Model{Backend: m}.Complete(t.Context(), &sampling.Request{Prompt: prompt, Stop: stop, Params: p})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Reporting the likeliest tokens must not change what a seed draws.
func TestTopLogprobsLeaveTheText(t *testing.T) {
	m := pocket.Default()
	for seed := range uint64(4) {
		p := sampling.Params{Temperature: 1, Seed: seed + 1, MaxTokens: 12, Logprobs: true}
		plain := complete(t, m, "Once upon", p)
		p.TopLogprobs = 2
		if got := complete(t, m, "Once upon", p); got.Text != plain.Text {
			t.Errorf("seed %d drew %q with TopLogprobs and %q without", p.Seed, got.Text, plain.Text)
		}
	}
}

func TestDrawIsSamples(t *testing.T) {
	m := pocket.Default()
	for _, stop := range [][]string{nil, {"\n"}, {" of", "a"}} {
		req := &sampling.Request{Prompt: "Here are the", Stop: stop, Params: sampling.Params{Temperature: 1, Seed: 3, MaxTokens: 30, Logprobs: true, TopLogprobs: 2}}
		all, err := sampling.Model{Backend: m}.Draw(t.Context(), req, 6)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range all {
			p := req.Params
			p.Seed = seeds.At(p.Seed, i)
			want := complete(t, m, req.Prompt, p, stop...)
			if i > 0 {
				want.Usage.PromptTokens = 0 // Draw reads the prompt once
			}
			if diff := gocmp.Diff(want, c); diff != "" {
				t.Errorf("stop %q: completion %d is not what its seed draws alone (-alone +drawn):\n%s", stop, i, diff)
			}
		}
	}
}

// A stop sequence ends the stream before the last chunk. Usage counts what was drawn
// until then, the stop with it.
func TestUsageAtAStop(t *testing.T) {
	m := pocket.Default()
	req := &sampling.Request{Prompt: "butterfly: 나비\nocean:", Stop: []string{"\n"}}
	n, err := m.Count(t.Context(), req.Prompt)
	if err != nil {
		t.Fatal(err)
	}
	c := complete(t, m, req.Prompt, req.Params, req.Stop...)
	drawn, err := m.Count(t.Context(), c.Text+c.Stop)
	if err != nil {
		t.Fatal(err)
	}
	if want := (sampling.Usage{PromptTokens: n, CompletionTokens: drawn}); c.Reason != sampling.StopSequence || c.Usage != want {
		t.Errorf("%q ended with the %v at a usage of %+v, want a stop sequence at %+v", c.Text, c.Reason, c.Usage, want)
	}
	all, err := sampling.Model{Backend: m}.Draw(t.Context(), req, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, one := range all {
		want := c.Usage
		if i > 0 {
			want.PromptTokens = 0 // Draw reads the prompt once
		}
		if one.Usage != want {
			t.Errorf("completion %d of Draw has a usage of %+v, want %+v", i, one.Usage, want)
		}
	}
}

// TestHugeParams asks for more of everything than there can be.
func TestHugeParams(t *testing.T) {
	m, err := pocket.Train(fstest.MapFS{"a": {Data: []byte("one two three")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1 << 30, math.MaxInt} {
		p := sampling.Params{Temperature: math.MaxFloat64, TopK: n, MaxTokens: n, Logprobs: true, TopLogprobs: n, Seed: math.MaxUint64, FrequencyPenalty: math.MaxFloat64}
		for _, token := range complete(t, m, "one", p).Tokens {
			if len(token.Top) < 3 {
				t.Errorf("Logprobs %d gave %d alternatives of 4 tokens there are", n, len(token.Top))
			}
		}
	}
}

// TestLogprobs compares what Sample reports with what Score says of the same
// text, and the alternatives with the token that was drawn.
func TestLogprobs(t *testing.T) {
	m := pocket.Default()
	for _, prompt := range []string{zebra, "2+2", "Why is the sky blue?", "butterfly: 나비\nteacher:", "", "Zyzzyva:", "Review: Good"} {
		for seed := range uint64(3) {
			c := complete(t, m, prompt, sampling.Params{Temperature: 0.8, Seed: seed + 1, MaxTokens: 60, Logprobs: true, TopLogprobs: 3})
			scores, err := m.Score(t.Context(), &sampling.Request{Prompt: prompt}, []string{c.Text, ""})
			if err != nil {
				t.Fatal(err)
			}
			if len(scores[0].Tokens) != len(c.Tokens) {
				continue // tokens that were drawn side by side read as one
			}
			sum := 0.0
			for i, drawn := range c.Tokens {
				sum += drawn.Logprob
				if scored := scores[0].Tokens[i]; scored.Text != drawn.Text || math.Abs(scored.Logprob-drawn.Logprob) > 1e-9 {
					t.Errorf("behind %q token %d was drawn as %q with %v and scored as %q with %v", prompt, i, drawn.Text, drawn.Logprob, scored.Text, scored.Logprob)
				}
				if len(drawn.Top) == 0 || len(drawn.Top) > 3 {
					t.Fatalf("token %d has %d alternatives", i, len(drawn.Top))
				}
				for _, a := range drawn.Top {
					if a.Text == drawn.Text && a.Logprob != drawn.Logprob {
						t.Errorf("token %q has %v, and as an alternative %v", a.Text, drawn.Logprob, a.Logprob)
					}
				}
				if !slices.IsSortedFunc(drawn.Top, func(a, b sampling.Token) int {
					return cmp.Compare(b.Logprob, a.Logprob)
				}) {
					t.Fatalf("the alternatives to token %d are out of order: %v", i, drawn.Top)
				}
			}
			if math.Abs(scores[0].Logprob-sum) > 1e-6 {
				t.Errorf("behind %q the score is %v and the sum %v", prompt, scores[0].Logprob, sum)
			}
			if scores[1].Logprob != 0 || len(scores[1].Tokens) != 0 {
				t.Errorf("the empty continuation has the score %v", scores[1])
			}
		}
	}
}

func TestScoreReadsPromptAndContinuationAsOneText(t *testing.T) {
	m := pocket.Default()
	text := "The capital of France is Paris. Don't l’eau, 12345 先生"
	whole, err := m.Score(t.Context(), &sampling.Request{Prompt: ""}, []string{text})
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(text) + 1 {
		if !utf8.ValidString(text[:i]) {
			continue
		}
		scores, err := m.Score(t.Context(), &sampling.Request{Prompt: text[:i]}, []string{text[i:]})
		if err != nil {
			t.Fatal(err)
		}
		tail := whole[0].Tokens[len(whole[0].Tokens)-len(scores[0].Tokens):]
		if diff := gocmp.Diff(tail, scores[0].Tokens, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("cut after %q, the tokens differ from those of the whole text:\n%s", text[:i], diff)
		}
		n := 0
		for _, token := range scores[0].Tokens {
			n += len(token.Text)
		}
		if n < len(text)-i {
			t.Errorf("cut after %q, the tokens cover %d bytes of %d", text[:i], n, len(text)-i)
		}
	}
}

func TestUnknownWords(t *testing.T) {
	m := pocket.Default()
	long := strings.Repeat("q", 1<<20) // its spelling is far below the least float64
	scores, err := m.Score(t.Context(), &sampling.Request{Prompt: "Hello"}, []string{" qzxqz", " " + long, " world\xff"})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range scores {
		if math.IsNaN(s.Logprob) || math.IsInf(s.Logprob, 0) || s.Logprob > -20 {
			t.Errorf("continuation %d has the log probability %v", i, s.Logprob)
		}
	}
	c := complete(t, m, "Hello "+long+" qzxqz", sampling.Params{MaxTokens: 5})
	if c.Text == "" && c.Reason != sampling.EndOfText {
		t.Errorf("behind unknown words nothing came: %+v", c)
	}
}

func TestExtraIsUnsupported(t *testing.T) {
	m := sampling.Model{Backend: pocket.Default()}
	req := &sampling.Request{Prompt: "a", Params: sampling.Params{Extra: map[string]any{"top_a": 1}}}
	if _, err := m.Complete(t.Context(), req); !errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("Complete returned %v", err)
	}
	if _, err := m.Draw(t.Context(), req, 2); !errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("Draw returned %v", err)
	}
}

func FuzzSample(f *testing.F) {
	for _, s := range []string{"", " ", "2+2", zebra, "butterfly: 나비\nteacher:", "\n\n\n", "Human: \x00\u200d\ufeff", "{{env \"HOME\"}} %s <|endoftext|>", "l’", "先生 \u0301"} {
		f.Add(s, uint8(1), uint8(0))
	}
	files := fstest.MapFS{
		"a.txt": {Data: []byte("the cat sat on the mat, and the dog sat on the cat.\n\nthe end\n")},
		"b.txt": {Data: []byte("나비: butterfly\n바다: ocean\n先生: teacher\n나비 나비 나비")},
		"c.txt": {Data: []byte("2+2=4\n2+3=5\n\"it's\" l’eau {{x}} %s\t\x00")},
	}
	m, err := pocket.Train(files)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, prompt string, temperature, truncation uint8) {
		req := &sampling.Request{Prompt: prompt, Params: sampling.Params{
			Temperature: float64(temperature) / 64, TopK: int(truncation % 8), TopP: float64(truncation%5) / 5, MinP: float64(truncation%3) / 10,
			MaxTokens: 12, Seed: uint64(temperature) + 1, Logprobs: true, TopLogprobs: 2,
		}}
		var text strings.Builder
		reason, tokens := sampling.Unfinished, 0
		for chunk, err := range m.Sample(t.Context(), req) {
			if err != nil {
				t.Fatal(err)
			}
			if reason != sampling.Unfinished {
				t.Fatalf("a chunk came after the last one: %+v", chunk)
			}
			if !utf8.ValidString(chunk.Text) {
				t.Fatalf("chunk %q is not whole runes", chunk.Text)
			}
			for _, token := range chunk.Tokens {
				if tokens++; token.Text != chunk.Text || token.Logprob > 1e-12 || math.IsNaN(token.Logprob) || math.IsInf(token.Logprob, 0) {
					t.Fatalf("chunk %q has the token %+v", chunk.Text, token)
				}
			}
			text.WriteString(chunk.Text)
			reason = chunk.Reason
		}
		if reason != sampling.EndOfText && !(reason == sampling.TokenLimit && tokens == 12) {
			t.Fatalf("ended with %v after %d tokens", reason, tokens)
		}
		n, err := m.Count(context.Background(), prompt)
		if err != nil || n > len(prompt) {
			t.Fatalf("%q has %d tokens, %v", prompt, n, err)
		}
		if _, err := m.Score(t.Context(), &sampling.Request{Prompt: prompt}, []string{text.String()}); err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, weight := range m.Posterior(prompt) {
			sum += weight
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("the posterior sums to %v", sum)
		}
	})
}
