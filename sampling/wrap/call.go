package wrap

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/foreword-go/foreword/internal/whole"
	"github.com/foreword-go/foreword/sampling"
)

// A call is one call of a wrapped backend.
type call struct {
	backend       sampling.Forward // in the wrapper
	method        string           // "sample", "draw" or "score"
	req           *sampling.Request
	n             int                   // completions of a draw, or continuations
	continuations []string              // of a score
	tokens        func(text string) int // counts tokens, or an upper bound
	prompt        int                   // tokens of the prompt, once they are counted

	// The outcome of the last attempt.
	texts  []*tally // one of a sample, and one for each completion of a draw
	scores []sampling.Score
	err    error
	left   bool // the consumer left the loop before the end, or panicked in it

	// Of a sample.
	yield func(sampling.Chunk, error) bool
	held  []sampling.Chunk // not yielded yet
	holds bool             // chunks are held back until there is text, so that another attempt may follow
	whole bool             // or until the end, since the caller waits for the whole answer
	given bool             // something was yielded, so no other attempt may follow
}

// A handler is what a wrapper does around each call.
type handler interface {
	// handle makes the call by do: once, more than once, or never. It returns the
	// error for the caller.
	handle(ctx context.Context, c *call, do attempt) error
}

// An attempt makes a call once, with a backend.
type attempt func(context.Context, sampling.Forward) error

// handled is a backend with a handler around its calls.
type handled struct {
	sampling.Forward
	by handler
}

func (h *handled) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		c := &call{backend: h.Forward, method: "sample", req: req, n: 1, texts: []*tally{{}}, yield: yield}
		err := h.by.handle(ctx, c, func(ctx context.Context, b sampling.Forward) error {
			c.err = c.pass(ctx, b.Sample(ctx, req))
			return c.err
		})
		if err != nil && c.flush() {
			yield(sampling.Chunk{}, err)
		}
	}
}

func (h *handled) Draw(ctx context.Context, req *sampling.Request, n int) (all []*sampling.Completion, err error) {
	c := &call{backend: h.Forward, method: "draw", req: req, n: n}
	err = h.by.handle(ctx, c, func(ctx context.Context, b sampling.Forward) error {
		all, c.err = b.Draw(ctx, req, n)
		c.texts = nil
		for _, one := range all {
			if one != nil {
				t := new(tally)
				t.add(one)
				c.texts = append(c.texts, t)
			}
		}
		return c.err
	})
	return all, err
}

func (h *handled) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	c := &call{backend: h.Forward, method: "score", req: req, n: len(continuations), continuations: continuations}
	err := h.by.handle(ctx, c, func(ctx context.Context, b sampling.Forward) error {
		c.scores, c.err = b.Score(ctx, req, continuations)
		return c.err
	})
	return c.scores, err
}

// holdBack lets a handler make another attempt after a fault.
func (c *call) holdBack(ctx context.Context) {
	c.holds, c.whole = true, whole.Wanted(ctx)
}

// pass passes a stream on and adds it up. It returns nil if the stream came to its end
// or the consumer left it, and otherwise the fault that ended it.
func (c *call) pass(ctx context.Context, chunks iter.Seq2[sampling.Chunk, error]) error {
	if c.whole { // the caller cannot leave at a stop sequence
		chunks = sampling.Until(chunks, c.req.Stop)
	}
	t := new(tally)
	t.text.Grow(1 << 10) // most answers fit
	c.texts, c.held = []*tally{t}, c.held[:0]
	c.left = true // which is right if the loop's body panics
	for chunk, err := range chunks {
		if err != nil {
			c.left = false
			return err
		}
		t.add(&chunk)
		c.held = append(c.held, chunk)
		end := chunk.Reason != sampling.Unfinished
		if c.holds && !c.given && !end && (c.whole || chunk.Text == "" && len(chunk.Tokens) == 0) {
			continue
		}
		c.given = true
		if !c.flush() || end {
			c.left = !end // a consumer always leaves at the last chunk
			return nil
		}
	}
	c.left = false
	return cmp.Or(ctx.Err(), sampling.ErrTruncated)
}

// flush yields the held chunks, and reports whether the consumer wants more.
func (c *call) flush() bool {
	for _, chunk := range c.held {
		if !c.yield(chunk, nil) {
			return false
		}
	}
	c.held = c.held[:0]
	return true
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
	for _, t := range c.texts {
		n, exact := t.completion(c.tokens, maxTokens(c.req))
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
