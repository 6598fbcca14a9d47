package wrap

import (
	"context"
	"iter"

	"github.com/foreword-go/foreword/sampling"
)

// An asker is a wrapper that may make a call more than once.
type asker interface {
	// ask makes attempts until one succeeds, and otherwise returns the fault to give
	// up with. Once an attempt has given text to the caller, no other may follow.
	ask(ctx context.Context, c *call, attempt func(sampling.Forward) (given bool, fault error)) error
}

// asked is a backend with an asker around it.
type asked struct {
	sampling.Forward
	by asker
}

func (a *asked) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		out := newRelay(ctx, req, yield)
		out.end(a.by.ask(ctx, &call{method: "sample", req: req}, func(b sampling.Forward) (bool, error) {
			fault := out.pass(b.Sample(ctx, req))
			return out.given, fault
		}))
	}
}

func (a *asked) Draw(ctx context.Context, req *sampling.Request, n int) (all []*sampling.Completion, err error) {
	err = a.by.ask(ctx, &call{method: "draw", req: req}, func(b sampling.Forward) (given bool, fault error) {
		all, fault = b.Draw(ctx, req, n)
		return false, fault
	})
	return all, err
}

func (a *asked) Score(ctx context.Context, req *sampling.Request, continuations []string) (all []sampling.Score, err error) {
	err = a.by.ask(ctx, &call{method: "score", req: req}, func(b sampling.Forward) (given bool, fault error) {
		all, fault = b.Score(ctx, req, continuations)
		return false, fault
	})
	return all, err
}
