package wrap

import (
	"cmp"
	"math"
	"strings"
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

// A tally adds up the chunks of one call. Its cost is what the backend reported, or
// else an estimate from the text.
type tally struct {
	counter func(text string) int // tokens, or an upper bound; nil counts bytes
	text    *strings.Builder      // when set, keeps all text

	bytes  int             // of text received
	first  time.Time       // when the first text was received
	reason sampling.Reason // of the last chunk
	usage  sampling.Usage  // as reported so far
	model  string          // the model that answered
	chunks int

	// Received since the backend last reported its usage.
	sinceBytes  int
	sinceTokens int
	sinceText   strings.Builder // only with a counter
}

func (t *tally) add(c *sampling.Chunk) {
	t.chunks++
	t.reason = c.Reason
	t.model = cmp.Or(c.Model, t.model)
	if c.Text != "" {
		if t.bytes == 0 {
			t.first = time.Now()
		}
		t.bytes += len(c.Text)
		t.sinceBytes += len(c.Text)
		if t.counter != nil {
			t.sinceText.WriteString(c.Text)
		}
		if t.text != nil {
			t.text.WriteString(c.Text)
		}
	}
	t.sinceTokens += len(c.Tokens)
	if c.Usage != (sampling.Usage{}) {
		t.tell(c.Usage)
	}
}

// tell adds a reported usage. Some servers send zeros until the last chunk.
func (t *tally) tell(u sampling.Usage) {
	t.usage.PromptTokens = cmp.Or(u.PromptTokens, t.usage.PromptTokens)
	t.usage.CachedTokens = cmp.Or(u.CachedTokens, t.usage.CachedTokens)
	if u.CompletionTokens != 0 {
		t.usage.CompletionTokens = u.CompletionTokens
		t.sinceBytes, t.sinceTokens = 0, 0
		t.sinceText.Reset()
	}
}

// completion returns how many tokens were drawn, and whether the backend reported
// it. An estimate is too high rather than too low, but does not include tokens that the
// server drew and never sent.
func (t *tally) completion(limit int) (n int, told bool) {
	n = t.usage.CompletionTokens
	switch {
	case t.sinceBytes == 0 && t.sinceTokens == 0:
		// An empty text may have no tokens.
		return n, n > 0 || t.usage.PromptTokens > 0 && t.reason != sampling.Unfinished
	case t.sinceTokens > 0: // with log probabilities there is one for each token
		n += t.sinceTokens
	case t.counter != nil:
		n += t.counter(t.sinceText.String())
	default:
		n += t.sinceBytes
	}
	return min(n, max(limit, t.usage.CompletionTokens)), false
}
