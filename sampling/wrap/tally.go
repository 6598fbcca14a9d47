package wrap

import (
	"bytes"
	"cmp"
	"math"
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
