package wrap

import (
	"cmp"
	"context"
	"iter"
	"math"
	"strings"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// A counting returns the number of tokens in a text, or a number that is not
// smaller. nil counts bytes.
type counting func(text string) int

// countBy counts by the counter that a wrapper was given, or else by the backend.
// Where counting fails, bytes count.
func countBy(ctx context.Context, own sampling.Counter, backend sampling.Forward) counting {
	if own == nil {
		if _, ok := backend.Backend.(sampling.Counter); !ok {
			return nil
		}
		own = backend
	}
	return func(text string) int {
		if n, err := own.Count(ctx, text); err == nil {
			return max(n, 0)
		}
		return len(text)
	}
}

func bound(count counting, text string) int {
	if count == nil {
		return len(text)
	}
	return count(text)
}

// maxTokens is the most that a request may draw.
func maxTokens(req *sampling.Request) int {
	return cmp.Or(req.Params.MaxTokens, sampling.DefaultMaxTokens)
}

// mayDraw is the most that a request may draw, for sums: a MaxTokens that means
// "no limit" must not overflow them.
func mayDraw(req *sampling.Request) int { return min(maxTokens(req), 1<<30) }

// times multiplies, and stays at the largest int where the product is larger.
func times(n, m int) int {
	if m > 0 && n > math.MaxInt/m {
		return math.MaxInt
	}
	return n * m
}

// A tally adds up what came of one call, and tells what it cost: by the
// backend's own word, or else by the text that was seen.
type tally struct {
	counter counting         // may be nil
	text    *strings.Builder // when set, keeps all text

	bytes  int             // of text that came
	first  time.Time       // when the first text came
	reason sampling.Reason // of the last chunk
	usage  sampling.Usage  // what the backend told so far; 0 is not told
	model  string          // that answered
	chunks int

	// What came since the backend last told its usage.
	sinceBytes  int
	sinceTokens int
	sinceText   strings.Builder // kept only when there is a counter
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

// tell takes in what the backend says. Some servers send zeros until the last
// chunk, which say nothing.
func (t *tally) tell(u sampling.Usage) {
	t.usage.PromptTokens = cmp.Or(u.PromptTokens, t.usage.PromptTokens)
	t.usage.CachedTokens = cmp.Or(u.CachedTokens, t.usage.CachedTokens)
	if u.CompletionTokens != 0 {
		t.usage.CompletionTokens = u.CompletionTokens
		t.sinceBytes, t.sinceTokens = 0, 0
		t.sinceText.Reset()
	}
}

// completion returns how many tokens were drawn, at least, and whether that is
// by the backend's own word. An estimate errs upwards, but for what the server
// drew and never sent.
func (t *tally) completion(limit int) (n int, told bool) {
	n = t.usage.CompletionTokens
	switch {
	case t.sinceBytes == 0 && t.sinceTokens == 0:
		// A text that ended before it began may rightly have no tokens.
		return n, n > 0 || t.usage.PromptTokens > 0 && t.reason != sampling.Unfinished
	case t.sinceTokens > 0: // there is one for each token when there are any
		n += t.sinceTokens
	case t.counter != nil:
		n += bound(t.counter, t.sinceText.String())
	default:
		n += t.sinceBytes
	}
	return min(n, max(limit, t.usage.CompletionTokens)), false
}

// prompt returns how many tokens the prompt has, and whether that is by the
// backend's own word.
func (t *tally) prompt(text string) (n int, told bool) {
	if t.usage.PromptTokens > 0 {
		return t.usage.PromptTokens, true
	}
	return bound(t.counter, text), text == ""
}

// cost returns all that a sample cost.
func (t *tally) cost(req *sampling.Request) (u sampling.Usage, told bool) {
	u.CachedTokens = t.usage.CachedTokens
	prompt, promptTold := t.prompt(req.Prompt)
	completion, completionTold := t.completion(maxTokens(req))
	u.PromptTokens, u.CompletionTokens = prompt, completion
	return u, promptTold && completionTold
}

// drawn returns what several completions cost together. The prompt was read
// once for all of them.
func drawn(counter counting, req *sampling.Request, all []*sampling.Completion) (u sampling.Usage, told bool) {
	told = true
	for _, c := range all {
		if c == nil {
			continue
		}
		u.PromptTokens += c.Usage.PromptTokens
		u.CachedTokens += c.Usage.CachedTokens
		switch {
		case c.Usage.CompletionTokens > 0:
			u.CompletionTokens += c.Usage.CompletionTokens
		case len(c.Tokens) > 0:
			u.CompletionTokens += len(c.Tokens)
			told = false
		default:
			u.CompletionTokens += min(bound(counter, c.Text), maxTokens(req))
			told = told && c.Text == ""
		}
	}
	if u.PromptTokens == 0 && req.Prompt != "" {
		u.PromptTokens, told = bound(counter, req.Prompt), false
	}
	return u, told
}

// scored returns what scoring costs: the prompt is read with each continuation.
// No backend tells.
func scored(counter counting, prompt string, continuations []string) int {
	n := times(len(continuations), bound(counter, prompt))
	for _, c := range continuations {
		n += bound(counter, c)
	}
	return n
}

// An ending is how a stream that was passed on ended.
type ending struct {
	err  error
	left bool // the consumer left its loop, or panicked in it
}

// pass passes a stream on and adds it up. Until it returns the ending is that
// the consumer left, which so stands when the loop's body panics.
func (e *ending) pass(chunks iter.Seq2[sampling.Chunk, error], t *tally, yield func(sampling.Chunk, error) bool) {
	e.left = true
	for chunk, err := range chunks {
		if err != nil {
			e.err, e.left = err, false
			yield(chunk, err)
			return
		}
		t.add(&chunk)
		if !yield(chunk, nil) {
			// Everybody leaves at the last chunk.
			e.left = chunk.Reason == sampling.Unfinished
			return
		}
	}
	e.left = false
}
