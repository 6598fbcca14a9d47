package wrap

import (
	"cmp"
	"context"
	"iter"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

const (
	defaultAttempts   = 5
	defaultMaxElapsed = 5 * time.Minute
	defaultWait       = 500 * time.Millisecond
	defaultMaxWait    = 30 * time.Second
)

// Retry repeats a call after a temporary error: a [sampling.Error] with Temporary
// set, or a stream that broke off before any text came ([sampling.ErrTruncated]).
// It waits longer each time, with jitter, and as long as the server asks for.
//
// Once text has been yielded, the call is not repeated, so that no text comes
// twice. When Retry gives up, the error wraps the last one.
//
// A Retry is a value, safe for concurrent use.
type Retry struct {
	// Attempts is the maximum number of calls to the backend, the first included.
	// 0 is 5. 1 never repeats.
	Attempts int

	// MaxElapsed limits the sum of the waits of one call. A wait that would exceed
	// it, or the context's deadline, does not begin. The attempts themselves do not
	// count, nor does their time in a Limit. 0 is 5 minutes.
	MaxElapsed time.Duration

	// Wait is the maximum initial backoff. It doubles with each attempt, up to
	// MaxWait. 0 is half a second, and 30 seconds for MaxWait. A wait that
	// the server asks for may be longer.
	Wait, MaxWait time.Duration
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
		for {
			p.attempt(ctx)
			spoke := false
			var fault error
			for chunk, err := range r.Backend.Sample(ctx, req) {
				if err != nil {
					fault = err
					break
				}
				spoke = spoke || chunk.Text != "" || len(chunk.Tokens) > 0
				if !yield(chunk, nil) || chunk.Reason != sampling.Unfinished {
					return
				}
			}
			if spoke { // what the consumer has must not come twice
				if fault != nil { // a sequence without an end stays one: Model knows what it means
					yield(sampling.Chunk{}, fault)
				}
				return
			}
			if err := p.wait(ctx, cmp.Or(fault, sampling.ErrTruncated)); err != nil {
				yield(sampling.Chunk{}, err)
				return
			}
		}
	}
}

func (r *retrier) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	return again(ctx, r.Retry, func() ([]*sampling.Completion, error) { return r.Forward.Draw(ctx, req, n) })
}

func (r *retrier) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	return again(ctx, r.Retry, func() ([]sampling.Score, error) { return r.Forward.Score(ctx, req, continuations) })
}

// again calls until it goes well or the pace gives up, and then returns what the
// last call did.
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
