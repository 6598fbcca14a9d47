package wrap

import (
	"context"
	"iter"

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

	out stream // of a sample
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
		c := &call{backend: h.Forward, method: "sample", req: req, n: 1, texts: []*tally{{}}, out: stream{yield: yield}}
		err := h.by.handle(ctx, c, func(ctx context.Context, b sampling.Forward) error {
			t := new(tally)
			c.texts = []*tally{t}
			c.err = c.out.pass(ctx, t, b.Sample(ctx, req), req.Stop)
			return c.err
		})
		if err != nil && c.out.flush() {
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
