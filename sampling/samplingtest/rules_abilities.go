package samplingtest

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// The rules of the interfaces that a backend may implement beside Backend.

func (c *checker) counter() {
	count := func(text string) int {
		n, err := ask(c, context.Background(), "Count", func(ctx context.Context) (int, error) { return c.backend.Count(ctx, text) })
		c.need("counting", err)
		c.require(n >= 0, "%q has %d tokens", text, n)
		return n
	}
	prompt := c.kit.Prompt
	const marks = 4 // such as the begin-of-text token that a server adds
	empty := count("")
	c.expect(empty <= marks, "the empty text has %d tokens", empty)
	text := prompt + " " + strings.Repeat("and then there was, 나비 ", 4)
	before := 0
	for i := range text {
		if i%7 != 0 {
			continue
		}
		n := count(text[:i])
		// The end of a longer text may merge into a few fewer tokens.
		c.require(n >= before-4, "%q has %d tokens, and a text that it continues had %d", text[:i], n, before)
		before = max(before, n)
	}
	once, again := count(text), count(text)
	c.expect(once == again, "the same text was counted as %d and as %d tokens", once, again)
	n := count(prompt)
	c.expect(n > 0, "%q has no tokens", prompt)
	charged := c.must(c.request()).Usage.PromptTokens
	c.expect(charged <= n, "%q was counted as %d tokens, and a sample was charged for %d", prompt, n, charged)
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
		c.require(len(scores) == len(of), "%d scores came for %d continuations", len(scores), len(of))
		for i, s := range scores {
			c.scored(of[i], s)
		}
		return scores
	}
	prompt := c.kit.Prompt
	likely := c.must(c.request()).Text
	nonsense := " qxz" + strings.Repeat("vq zx", 4)
	scores := score(prompt, likely, nonsense, likely)
	first, again := scores[0].Logprob, scores[2].Logprob
	c.expect(math.Abs(first-again) <= tolerance*(1-first), "the same continuation was scored %v and %v in one call", first, again)
	// They differ in length, so they are compared per byte.
	a, b := first/float64(len(likely)), scores[1].Logprob/float64(len(nonsense))
	c.expect(a > b, "the greedy continuation %.200q scores %.3f a byte, and %q is at least as likely with %.3f", likely, a, nonsense, b)
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
	c.expect(errors.Is(err, context.Canceled), "with a cancelled context the error does not wrap %q: %v", context.Canceled, err)
}

// scored checks one score by itself.
func (c *checker) scored(text string, s sampling.Score) {
	sum, joined := 0.0, ""
	for i, token := range s.Tokens {
		c.token(i, token, math.MaxInt)
		sum += token.Logprob
		joined += token.Text
	}
	c.require(math.Abs(sum-s.Logprob) <= 1e-6*(1+math.Abs(sum)), "the tokens of %.200q sum to %v, and its log probability is %v", text, sum, s.Logprob)
	// A token across the boundary includes the end of the prompt.
	c.require(strings.HasSuffix(joined, text) || !isASCII(joined+text), "the tokens of the score of %.200q make %.200q", text, joined)
}

// agrees compares a score with the log probabilities of the same text when drawn, if
// both have the same tokens.
func (c *checker) agrees(score sampling.Score, text string) {
	req := c.request()
	req.Params.Logprobs = true
	s := c.sample(req)
	same := func(a, b sampling.Token) bool { return a.Text == b.Text }
	if s.err != nil || s.Text != text || !slices.EqualFunc(s.Tokens, score.Tokens, same) {
		return
	}
	for i, token := range s.Tokens {
		scored := score.Tokens[i].Logprob
		c.require(math.Abs(token.Logprob-scored) <= tolerance*(1-token.Logprob), "token %d, %q, has the log probability %v when drawn and %v when scored", i, token.Text, token.Logprob, scored)
	}
}

func (c *checker) describer() {
	describe := func(ctx context.Context) (sampling.Info, error) { return ask(c, ctx, "Describe", c.backend.Describe) }
	info, err := describe(context.Background())
	c.need("describing", err)
	again, err := describe(context.Background())
	c.need("describing again", err)
	c.expect(info == again, "the description was %+v, and then %+v", info, again)
	c.expect(min(info.Window, info.Slots) >= 0, "the window or the slots are negative: %+v", info)
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
		c.need("drawing with "+params(req.Params).String(), err)
		c.require(len(all) == n, "%d completions were asked for, and %d came", n, len(all))
		c.require(reflect.DeepEqual(*req, before), "drawing changed the request from %+v to %+v", before, *req)
		for i, one := range all {
			c.drawn(i, one, req.Params.MaxTokens)
		}
		return all
	}
	greedy := c.must(c.request()).Text
	for i, one := range draw(c.request(), 3) {
		c.require(one.Text == greedy, "at temperature 0 completion %d is %.200q, and a single sample is %.200q", i+1, one.Text, greedy)
	}
	distinct := make(map[string]bool)
	several := draw(c.sampled(1), 8) // servers have about as many slots
	for _, one := range several {
		distinct[one.Text] = true
	}
	c.expect(len(distinct) > 1, "%d completions at temperature 1 are all alike", len(several))
	draw(c.sampled(2), 1)
	_, err := call(gone(), c.sampled(1), 2)
	c.stopsWhenCancelled(err)
}

// drawn checks one completion by itself.
func (c *checker) drawn(i int, one *sampling.Completion, limit int) {
	c.require(one != nil, "completion %d is nil", i+1)
	c.require(one.Reason != sampling.Unfinished, "completion %d has no reason: %.200q", i+1, one.Text)
	c.require(utf8.ValidString(one.Text), "the text of completion %d is not whole runes: %q", i+1, one.Text)
	c.require(min(one.Usage.PromptTokens, one.Usage.CompletionTokens) >= 0, "completion %d has a negative usage: %+v", i+1, one.Usage)
	own := *one
	own.Usage = sampling.Usage{} // which may be that of all
	c.within(own, limit)
}
