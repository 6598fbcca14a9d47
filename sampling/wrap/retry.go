package wrap

import (
	"context"
	"iter"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

const (
	defaultAttempts   = 5
	defaultMaxElapsed = 5 * time.Minute
	defaultWait       = 500 * time.Millisecond
	maxWait           = 30 * time.Second
)

// Retry repeats a call after a temporary error: a [sampling.Error] with Temporary
// set, or a stream that broke off ([sampling.ErrTruncated]). It waits longer each
// time, with jitter, and at least as long as the server asks for.
//
// A stream is not repeated once it has yielded text, so that no text comes twice.
// [sampling.Model.Complete] and [sampling.Model.Draw] yield nothing before the end,
// so a whole answer that breaks off is requested again.
//
// When Retry gives up, the error wraps the last one, and the text of the last
// attempt is returned with it. A Retry is a value, safe for concurrent use.
type Retry struct {
	// Attempts is the maximum number of calls to the backend, including the first.
	// 0 is 5. 1 never repeats.
	Attempts int

	// MaxElapsed limits the sum of the waits of one call. A wait that would exceed
	// it, or the context's deadline, does not begin. The time of the attempts, and of
	// their waits in a Limit, does not count. 0 is 5 minutes.
	MaxElapsed time.Duration

	// Wait is the maximum initial backoff. It doubles with each attempt, up to 30
	// seconds. 0 is half a second. A wait that the server asks for may be longer.
	Wait time.Duration
}

// Wrap returns a backend whose calls are repeated.
func (r Retry) Wrap(backend sampling.Backend) sampling.Backend {
	return &retrier{r, inside(backend)}
}

type retrier struct {
	Retry
	sampling.Forward
}

func (r *retrier) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		p, err := r.pace()
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		out := newRelay(ctx, req, yield)
		for {
			p.attempt(ctx)
			fault := out.pass(r.Backend.Sample(ctx, req))
			if fault != nil && !out.given {
				if fault = p.wait(ctx, fault); fault == nil {
					continue
				}
			}
			out.end(fault)
			return
		}
	}
}

func (r *retrier) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	return again(ctx, r.Retry, func() ([]*sampling.Completion, error) { return r.Forward.Draw(ctx, req, n) })
}

func (r *retrier) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	return again(ctx, r.Retry, func() ([]sampling.Score, error) { return r.Forward.Score(ctx, req, continuations) })
}

// again calls until a call succeeds or the pace gives up, and returns the result of
// the last call.
func again[T any](ctx context.Context, r Retry, call func() (T, error)) (T, error) {
	p, err := r.pace()
	if err != nil {
		var none T
		return none, err
	}
	for {
		p.attempt(ctx)
		result, err := call()
		if err == nil {
			return result, nil
		}
		if err := p.wait(ctx, err); err != nil {
			return result, err
		}
	}
}
