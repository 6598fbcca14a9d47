package wrap

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// maxTokens is the most that a request may draw.
func maxTokens(req *sampling.Request) int {
	return cmp.Or(req.Params.MaxTokens, sampling.DefaultMaxTokens)
}

// mayDraw is maxTokens for sums, which a huge MaxTokens must not overflow.
func mayDraw(req *sampling.Request) int { return min(maxTokens(req), 1<<30) }

// times multiplies, and returns the largest int on overflow.
func times(n, m int) int {
	if m > 0 && n > math.MaxInt/m {
		return math.MaxInt
	}
	return n * m
}

// A tally adds up the chunks of a sample, or holds one completion of a draw.
type tally struct {
	chunks int
	text   bytes.Buffer
	first  time.Time       // when the first text was received
	reason sampling.Reason // of the last chunk
	model  string          // the model that answered
	usage  sampling.Usage  // as reported so far

	// Received before and since the backend last reported its usage.
	bytesBefore int
	tokensSince int
}

func (t *tally) add(c *sampling.Chunk) {
	t.chunks++
	t.reason = c.Reason
	t.model = cmp.Or(c.Model, t.model)
	if t.text.Len() == 0 && c.Text != "" {
		t.first = time.Now()
	}
	t.text.WriteString(c.Text)
	t.tokensSince += len(c.Tokens)
	// Some servers send zeros until the last chunk.
	t.usage.PromptTokens = cmp.Or(c.Usage.PromptTokens, t.usage.PromptTokens)
	t.usage.CachedTokens = cmp.Or(c.Usage.CachedTokens, t.usage.CachedTokens)
	if n := c.Usage.CompletionTokens; n != 0 {
		t.usage.CompletionTokens = n
		t.bytesBefore, t.tokensSince = t.text.Len(), 0
	}
}

// completion returns how many tokens were drawn, and whether the backend reported
// it. An estimate is too high rather than too low, but does not include tokens that the
// server drew and never sent.
func (t *tally) completion(count func(text string) int, limit int) (n int, told bool) {
	reported := t.usage.CompletionTokens
	rest := t.text.String()[t.bytesBefore:]
	switch {
	case rest == "" && t.tokensSince == 0:
		return reported, reported > 0 || t.reason != sampling.Unfinished // an empty text may have no tokens
	case t.tokensSince > 0: // with log probabilities there is one for each token
		n = reported + t.tokensSince
	default:
		n = reported + count(rest)
	}
	return min(n, max(limit, reported)), false
}

// countBy sets how tokens are counted where the backend reports none: by the
// wrapper's own counter or the backend's. If counting fails, it counts bytes.
func (c *call) countBy(ctx context.Context, counter sampling.Counter) {
	if counter == nil {
		counter, _ = c.backend.Backend.(sampling.Counter)
	}
	ctx = context.WithValue(ctx, traceKey{}, nil) // a count is not part of the answer
	c.tokens = func(text string) int {
		if counter != nil {
			if n, err := counter.Count(ctx, text); err == nil {
				return max(n, 0)
			}
		}
		return len(text)
	}
}

// most returns the most tokens that the call can cost.
func (c *call) most() (prompt, completion int) {
	if c.prompt == 0 {
		c.prompt = c.tokens(c.req.Prompt)
	}
	if c.method != "score" {
		return c.prompt, times(c.n, mayDraw(c.req))
	}
	prompt = times(c.n, c.prompt) // with each continuation
	for _, text := range c.continuations {
		prompt += c.tokens(text)
	}
	return prompt, 0
}

// nothing reports whether the backend returned nothing.
func (c *call) nothing() bool {
	if c.method == "score" {
		return c.err != nil
	}
	return !slices.ContainsFunc(c.texts, func(t *tally) bool { return t.chunks > 0 })
}

// cost returns the cost of the call, and whether the backend reported all of it.
func (c *call) cost() (u sampling.Usage, told bool) {
	told = c.err == nil
	// The usages of a draw sum up to its cost. Some servers report all of it with one
	// completion.
	summed := c.method == "draw" && slices.ContainsFunc(c.texts, func(t *tally) bool { return t.usage.CompletionTokens > 0 })
	for _, t := range c.texts {
		n, exact := t.usage.CompletionTokens, true
		if !summed {
			n, exact = t.completion(c.tokens, maxTokens(c.req))
		}
		u = u.Add(sampling.Usage{PromptTokens: t.usage.PromptTokens, CompletionTokens: n, CachedTokens: t.usage.CachedTokens})
		told = told && exact
	}
	for _, s := range c.scores {
		u = u.Add(s.Usage)
	}
	if u.PromptTokens == 0 && (c.method == "score" || c.req.Prompt != "") {
		u.PromptTokens, _ = c.most()
		told = false
	}
	return u, told
}
