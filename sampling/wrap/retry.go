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

// Retry tries again after a temporary fault: a [sampling.Error] that says so, or
// a stream that broke off before any text came ([sampling.ErrTruncated], unless
// a sampling.Error around it says that it is not temporary). It waits longer
// each time, at random within bounds, and as long as the server asks where it
// does.
//
// It never tries again once text has been given out, so that no text comes twice;
// then the fault goes to the caller. When it gives up, the error wraps the last
// fault.
//
// A Retry is a value, safe for concurrent use.
type Retry struct {
	// Attempts is how often the backend is called at most, the first time
	// included. 0 is 5, and 1 is never to try again.
	Attempts int

	// MaxElapsed is the most that the waits of one call may take together. One
	// that would go beyond it, or beyond the context's deadline, is not begun.
	// What the attempts themselves take does not count, nor does their waiting
	// in a Limit. 0 is 5 minutes.
	MaxElapsed time.Duration

	// Wait is the maximum initial backoff. It doubles with each attempt, up to
	// MaxWait. 0 is half a second, and 30 seconds for MaxWait. A wait that
	// the server asks for may be longer.
	Wait, MaxWait time.Duration
}

// Wrap returns a backend that tries again.
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
