package samplingtest

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// The rules of the interfaces that a backend may implement beside Backend.

func (c *checker) counter() {
	count := func(text string) int {
		n, err := ask(c, context.Background(), "Count", func(ctx context.Context) (int, error) { return c.backend.Count(ctx, text) })
		c.need("counting", err)
		if n < 0 {
			c.fatalf("%q has %d tokens", text, n)
		}
		return n
	}
	prompt := c.kit.prompt()
	const marks = 4 // such as the begin-of-text token that a server adds
	if n := count(""); n > marks {
		c.failf("the empty text has %d tokens", n)
	}
	text := prompt + " " + strings.Repeat("and then there was, 나비 ", 4)
	before := 0
	for i := range text {
		if i%7 != 0 {
			continue
		}
		n := count(text[:i])
		// The end of a longer text may merge into a few fewer tokens.
		if n < before-4 {
			c.fatalf("%q has %d tokens, and a text that it continues had %d", text[:i], n, before)
		}
		before = max(before, n)
	}
	if n := count(prompt); n == 0 {
		c.failf("%q has no tokens", prompt)
	}
	if a, b := count(text), count(text); a != b {
		c.failf("the same text was counted as %d and as %d tokens", a, b)
	}
	if u := c.must(c.request()).Usage; u.PromptTokens > count(prompt) {
		c.failf("%q was counted as %d tokens, and a sample was charged for %d", prompt, count(prompt), u.PromptTokens)
	}
}

func (c *checker) scorer() {
	call := func(ctx context.Context, prompt string, of ...string) ([]sampling.Score, error) {
		return ask(c, ctx, "Score", func(ctx context.Context) ([]sampling.Score, error) {
			return c.backend.Score(ctx, &sampling.Request{Prompt: prompt}, of)
		})
	}
	score := func(prompt string, of ...string) []sampling.Score {
		scores, err := call(context.Background(), prompt, of...)
		c.need("scoring", err)
		if len(scores) != len(of) {
			c.fatalf("%d scores came for %d continuations", len(scores), len(of))
		}
		for i, s := range scores {
			c.scored(of[i], s)
		}
		return scores
	}
	prompt := c.kit.prompt()
	likely := c.must(c.request()).Text
	nonsense := " qxz" + strings.Repeat("vq zx", 4)
	scores := score(prompt, likely, nonsense, likely)
	if math.Abs(scores[0].Logprob-scores[2].Logprob) > tolerance*(1-scores[0].Logprob) {
		c.failf("the same continuation was scored %v and %v in one call", scores[0].Logprob, scores[2].Logprob)
	}
	// They differ in length, so they are compared per byte.
	if a, b := scores[0].Logprob/float64(len(likely)), scores[1].Logprob/float64(len(nonsense)); a <= b {
		c.failf("the greedy continuation %q scores %.3f a byte, and %q is at least as likely with %.3f", shorten(likely), a, nonsense, b)
	}
	score(prompt)
	c.agrees(scores[0], likely)
	_, err := call(gone(), prompt, likely)
	c.stopsWhenCancelled(err)
	// Without a begin-of-text token, the first token has no log probability.
	const own = "A text of its own."
	if _, err := call(context.Background(), "", own); !errors.Is(err, sampling.ErrUnsupported) {
		score("", own)
	}
}

// stopsWhenCancelled checks the error of a call with a cancelled context.
func (c *checker) stopsWhenCancelled(err error) {
	if !errors.Is(err, context.Canceled) {
		c.failf("with a cancelled context the error does not wrap %q: %v", context.Canceled, err)
	}
}

// scored checks one score by itself.
func (c *checker) scored(text string, s sampling.Score) {
	if badLogprob(s.Logprob) {
		c.fatalf("%q has the log probability %v", shorten(text), s.Logprob)
	}
	if len(s.Tokens) == 0 {
		c.fatalf("the score of %q has no tokens", shorten(text))
	}
	sum, joined := 0.0, ""
	for i, token := range s.Tokens {
		c.token(i, token, math.MaxInt, false)
		sum += token.Logprob
		joined += token.Text
	}
	if math.Abs(sum-s.Logprob) > 1e-6*(1+math.Abs(sum)) {
		c.fatalf("the tokens of %q sum to %v, and its log probability is %v", shorten(text), sum, s.Logprob)
	}
	// A token across the boundary includes the end of the prompt.
	if isASCII(text) && isASCII(joined) && !strings.HasSuffix(joined, text) {
		c.fatalf("the tokens of the score of %q make %q", shorten(text), shorten(joined))
	}
}

// agrees compares a score with the log probabilities of the same text when drawn, if
// both have the same tokens.
func (c *checker) agrees(score sampling.Score, text string) {
	req := c.request()
	req.Params.Logprobs = true
	s := c.sample(req)
	drawn := s.Tokens
	if s.err != nil || s.Text != text || len(drawn) != len(score.Tokens) {
		return
	}
	for i, token := range drawn {
		if token.Text != score.Tokens[i].Text {
			return
		}
	}
	for i, token := range drawn {
		if d := math.Abs(token.Logprob - score.Tokens[i].Logprob); d > tolerance*(1-token.Logprob) {
			c.fatalf("token %d, %q, has the log probability %v when drawn and %v when scored", i, token.Text, token.Logprob, score.Tokens[i].Logprob)
		}
	}
}

func (c *checker) describer() {
	describe := func(ctx context.Context) (sampling.Info, error) { return ask(c, ctx, "Describe", c.backend.Describe) }
	info, err := describe(context.Background())
	c.need("describing", err)
	again, err := describe(context.Background())
	c.need("describing again", err)
	switch {
	case info != again:
		c.failf("the description was %+v, and then %+v", info, again)
	case info.Window < 0 || info.Slots < 0:
		c.failf("the window is negative: %+v", info)
	}
	if _, err := describe(gone()); err != nil { // what it knows needs no context
		c.stopsWhenCancelled(err)
	}
}

func (c *checker) drawer() {
	call := func(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
		return ask(c, ctx, "Draw", func(ctx context.Context) ([]*sampling.Completion, error) { return c.backend.Draw(ctx, req, n) })
	}
	draw := func(req *sampling.Request, n int) []*sampling.Completion {
		before := copyRequest(req)
		all, err := call(context.Background(), req, n)
		for ; errors.Is(err, sampling.ErrUnsupported) && n > 2; all, err = call(context.Background(), req, n) {
			n /= 2
		}
		c.need("drawing with "+describe(req.Params), err)
		if len(all) != n {
			c.fatalf("%d completions were asked for, and %d came", n, len(all))
		}
		if !reflect.DeepEqual(*req, before) {
			c.fatalf("drawing changed the request from %+v to %+v", before, *req)
		}
		for i, one := range all {
			c.drawn(i, one, req.Params.MaxTokens)
		}
		return all
	}
	greedy := c.must(c.request()).Text
	for i, one := range draw(c.request(), 3) {
		if one.Text != greedy {
			c.fatalf("at temperature 0 completion %d is %q, and a single sample is %q", i+1, shorten(one.Text), shorten(greedy))
		}
	}
	distinct := make(map[string]bool)
	several := draw(c.sampled(1), 8) // servers have about as many slots
	for _, one := range several {
		distinct[one.Text] = true
	}
	if len(distinct) == 1 {
		c.failf("%d completions at temperature 1 are all alike", len(several))
	}
	draw(c.sampled(2), 1)
	_, err := call(gone(), c.sampled(1), 2)
	c.stopsWhenCancelled(err)
}

// drawn checks one completion by itself.
func (c *checker) drawn(i int, one *sampling.Completion, limit int) {
	switch {
	case one == nil:
		c.fatalf("completion %d is nil", i+1)
	case one.Reason == sampling.Unfinished:
		c.fatalf("completion %d has no reason: %q", i+1, shorten(one.Text))
	case !utf8.ValidString(one.Text):
		c.fatalf("the text of completion %d is not whole runes: %q", i+1, one.Text)
	case one.Usage.PromptTokens < 0 || one.Usage.CompletionTokens < 0:
		c.fatalf("completion %d has a negative usage: %+v", i+1, one.Usage)
	}
	own := *one
	own.Usage = sampling.Usage{} // which may be that of all
	c.within(own, limit)
}
