package wrap

import (
	"context"
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
	return &handled{inside(backend), r}
}

func (r Retry) handle(ctx context.Context, c *call, do attempt) error {
	p, err := r.pace()
	if err != nil {
		return err
	}
	c.out.holdBack(ctx)
	for {
		p.attempts++
		note(ctx, func(t *trace) { t.attempts++ })
		fault := do(ctx, c.backend)
		if fault == nil || c.out.given {
			return fault
		}
		if fault = p.wait(ctx, fault); fault != nil {
			return fault
		}
	}
}
