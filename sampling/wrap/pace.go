package wrap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// A pace decides, for one call, whether and when the next attempt begins.
type pace struct {
	Retry
	attempts int // begun so far
	waited   time.Duration
}

func (r Retry) pace() (*pace, error) {
	if r.Attempts < 0 || r.MaxElapsed < 0 || r.Wait < 0 {
		return nil, fmt.Errorf("%w: a field of wrap.Retry is negative; use 0 for its default, and 1 for Attempts never to try again", sampling.ErrInvalid)
	}
	r.Attempts = cmp.Or(r.Attempts, defaultAttempts)
	r.MaxElapsed = cmp.Or(r.MaxElapsed, defaultMaxElapsed)
	r.Wait = min(cmp.Or(r.Wait, defaultWait), maxWait)
	return &pace{Retry: r}, nil
}

// wait returns nil when it is time for the next attempt, and otherwise the error to
// give up with, which wraps the fault. A wait that would end too late does not begin,
// so that the caller has time to do something else.
func (p *pace) wait(ctx context.Context, fault error) error {
	after, ok := temporary(fault)
	if !ok || ctx.Err() != nil || p.Attempts <= 1 {
		return fault
	}
	if p.attempts >= p.Attempts {
		return fmt.Errorf("giving up after %d attempts: %w", p.attempts, fault)
	}
	delay := p.delay(after)
	if delay > p.MaxElapsed-p.waited { // a sum could overflow
		return fmt.Errorf("giving up after %d attempts, since a wait of %v more would go beyond Retry.MaxElapsed, which is %v: %w",
			p.attempts, delay.Round(time.Millisecond), p.MaxElapsed, fault)
	}
	p.waited += delay
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < delay {
		return fmt.Errorf("giving up after %d attempts, since a wait of %v would end beyond the context's deadline: %w",
			p.attempts, delay.Round(time.Millisecond), fault)
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w, while waiting to try again after %d attempts: %w", ctx.Err(), p.attempts, fault)
	}
}

// delay returns how long to wait before the next attempt.
//
// The waits double. Each is drawn evenly between half of itself and the whole ("equal
// jitter": Brooker, Exponential Backoff and Jitter, 2015), so that callers who failed
// together do not return together. A server's wait is a minimum, plus the jitter of
// the first wait.
func (p *pace) delay(after time.Duration) time.Duration {
	wait := p.Wait
	for range p.attempts - 1 {
		wait = min(2*wait, maxWait)
	}
	wait = jitter(wait)
	if after > 0 {
		wait = max(wait, after, after+jitter(p.Wait)) // a sum that overflows is negative
	}
	return wait
}

func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1)
}

// temporary reports whether the same request may succeed later, and how long the
// server asked to wait. A backend's own opinion counts first, since some streams
// always break off in the same place.
func temporary(err error) (after time.Duration, ok bool) {
	if e, is := errors.AsType[*sampling.Error](err); is {
		return e.RetryAfter, e.Temporary
	}
	return 0, errors.Is(err, sampling.ErrTruncated)
}
