package wrap

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

const (
	defaultAttempts = 5
	defaultPatience = 5 * time.Minute
	defaultWait     = 500 * time.Millisecond
	defaultMaxWait  = 30 * time.Second
)

// Retry tries again after a temporary fault: a [sampling.Error] that says so, or
// a stream that broke off before any text came ([sampling.ErrTruncated], unless
// a sampling.Error around it says that it is not temporary). It waits longer
// each time, at random within bounds, and as long as the server asks where it
// does.
//
// It never tries again once text has been given out, unless Resume is set, so
// that no text comes twice; then the fault goes to the caller. When it gives up,
// the error wraps the last fault.
//
// A Retry is a value, safe for concurrent use.
type Retry struct {
	// Attempts is how often the backend is called at most, the first time
	// included. 0 is 5, and 1 is never to try again.
	Attempts int

	// Patience is the most that the waits of one call may take together. One
	// that would go beyond it, or beyond the context's deadline, is not begun.
	// What the attempts themselves take does not count, nor does their waiting
	// in a Limit. 0 is 5 minutes.
	Patience time.Duration

	// Wait is the longest that the first wait can be. It doubles with each, up
	// to MaxWait. 0 is half a second, and 30 seconds for MaxWait. A wait that
	// the server asks for may be longer.
	Wait, MaxWait time.Duration

	// Resume goes on after a fault in the middle of a text: the backend is asked
	// to continue the prompt and the text so far, with as many tokens fewer as
	// were drawn. What this means:
	//
	//   - Only greedy continuations go on as they would have, and they only
	//     where the backend cuts prompt and text into the tokens that it had
	//     drawn. A sample goes on as another sample would, from the same seed.
	//   - The tokens of the broken part are paid for, and so is the prompt, once
	//     more. The Usage in later chunks adds up what is known.
	//   - The number of tokens drawn is the backend's word (by Usage or Tokens)
	//     or else the Counter's, or else the number of bytes, so that MaxTokens
	//     is never exceeded but may not be reached. When none seem to be left
	//     the fault goes to the caller.
	Resume bool

	// Counter counts the tokens drawn for Resume. nil is the backend where it
	// counts, and bytes where it does not.
	Counter sampling.Counter
}

// Wrap returns a backend that tries again.
func (r Retry) Wrap(backend sampling.Backend) sampling.Backend {
	in := look(backend)
	return in.expose(&retrier{r, in})
}

type retrier struct {
	Retry
	inner
}

func (r *retrier) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		p, err := r.pace(ctx)
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		whole := resumption{req: req, ask: req}
		for {
			p.attempt()
			part := r.tally()
			var fault error
			for chunk, err := range r.backend.Sample(ctx, whole.ask) {
				if err != nil {
					fault = err
					break
				}
				part.add(&chunk)
				if !yield(whole.bill(chunk), nil) || chunk.Reason != sampling.Unfinished {
					return
				}
			}
			brokeOff := fault == nil
			if brokeOff {
				fault = sampling.ErrTruncated
			}
			if spoke := part.spoke() || whole.spoke; spoke && !(r.Resume && whole.resume(part)) {
				// A sequence without an end stays one: Model knows what it means.
				if !brokeOff {
					yield(sampling.Chunk{}, fault)
				}
				return
			}
			if err := p.wait(ctx, fault); err != nil {
				yield(sampling.Chunk{}, err)
				return
			}
		}
	}
}

// tally counts one attempt. Only Resume needs its text.
func (r *retrier) tally() *tally {
	if !r.Resume {
		return &tally{}
	}
	return &tally{counter: r.counter(r.Counter), text: new(strings.Builder)}
}

func (r *retrier) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	return again(ctx, r.Retry, func() ([]*sampling.Completion, error) { return r.draws.Draw(ctx, req, n) })
}

func (r *retrier) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	return again(ctx, r.Retry, func() ([]sampling.Score, error) { return r.scores.Score(ctx, req, continuations) })
}

// again calls until it goes well or the pace gives up, and then returns what the
// last call did.
func again[T any](ctx context.Context, r Retry, call func() (T, error)) (T, error) {
	p, err := r.pace(ctx)
	if err != nil {
		var none T
		return none, err
	}
	for {
		p.attempt()
		result, err := call()
		if err == nil {
			return result, nil
		}
		if err := p.wait(ctx, err); err != nil {
			return result, err
		}
	}
}
