package wrap

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/foreword-go/foreword/sampling"
)

// A Limit delays calls so that they stay within a server's rate limits.
//
// Requests and Tokens are token buckets: each starts full and refills evenly over a
// minute, as at the larger hosts. Calls pass in the order in which they came.
//
// A call first takes the tokens of its prompt and all of its MaxTokens, and gives
// back afterwards what it did not use. A call that needs more than a minute's
// tokens waits for a full bucket.
//
// Score counts as one request, with the tokens of the prompt and the continuation,
// each time. Draw counts as one request for all completions.
//
// The zero Limit delays nothing. A Limit must not be copied. It is safe for
// concurrent use. Backends that share an account should share a Limit.
type Limit struct {
	// Requests and Tokens are limits per minute. 0 is unlimited.
	Requests, Tokens int

	// Concurrent is the maximum number of calls under way. 0 is unlimited. A stream
	// is under way until its loop ends, so a loop that calls the same backend in
	// its body needs at least 2.
	Concurrent int

	// Counter counts the tokens of prompts, and of texts where the backend reports
	// no usage. nil is the backend's own counter, or else one token a byte.
	Counter sampling.Counter

	once     sync.Once
	slots    chan struct{} // holds one element for each call under way
	turn     chan struct{} // holds one element while a call waits for the buckets
	settled  chan struct{} // wakes that call when tokens are given back
	requests *rate.Limiter
	tokens   *rate.Limiter
}

// Wrap returns a backend whose calls are limited.
func (l *Limit) Wrap(backend sampling.Backend) sampling.Backend {
	return &handled{inside(backend), l}
}

// A waitError is the error of a call whose context ended while it waited. Nothing was
// sent.
type waitError struct{ err error }

func (e *waitError) Error() string { return fmt.Sprintf("waiting for wrap.Limit: %v", e.err) }
func (e *waitError) Unwrap() error { return e.err }

func (l *Limit) begin() {
	l.turn = make(chan struct{}, 1)
	l.settled = make(chan struct{}, 1)
	if l.Concurrent > 0 {
		l.slots = make(chan struct{}, l.Concurrent)
	}
	l.requests, l.tokens = bucket(l.Requests), bucket(l.Tokens)
}

// bucket returns nil where there is no limit.
func bucket(perMinute int) *rate.Limiter {
	if perMinute == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(float64(perMinute)/60), perMinute)
}

// enter waits until a call of so many tokens may begin. Each call that entered must
// leave.
func (l *Limit) enter(ctx context.Context, tokens int) error {
	if err := ctx.Err(); err != nil {
		return &waitError{err}
	}
	if l.Requests < 0 || l.Tokens < 0 || l.Concurrent < 0 {
		return fmt.Errorf("%w: a limit of wrap.Limit is negative; use 0 for none", sampling.ErrInvalid)
	}
	l.once.Do(l.begin)
	start := time.Now()
	defer func() { note(ctx, func(t *trace) { t.waited += time.Since(start) }) }()
	if l.slots != nil {
		select {
		case l.slots <- struct{}{}:
		case <-ctx.Done():
			return &waitError{ctx.Err()}
		}
	}
	if err := l.await(ctx, tokens); err != nil {
		l.free()
		return err
	}
	return nil
}

// free lets another call begin.
func (l *Limit) free() {
	if l.slots != nil {
		<-l.slots
	}
}

// await takes a request and the tokens from the buckets. One call at a time waits for
// them. The others queue in the channel, which wakes them in order, so that small
// calls do not starve a large one.
func (l *Limit) await(ctx context.Context, tokens int) error {
	if l.requests == nil && l.tokens == nil {
		return nil
	}
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return &waitError{ctx.Err()}
	}
	tokens = min(tokens, l.Tokens)
	for {
		now := time.Now()
		lack := max(lacking(l.requests, 1, now), lacking(l.tokens, tokens, now))
		if lack == 0 {
			take(l.requests, 1, now)
			take(l.tokens, tokens, now)
			return nil
		}
		timer := time.NewTimer(lack)
		select {
		case <-timer.C:
		case <-l.settled:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return &waitError{ctx.Err()}
		}
	}
}

// lacking returns how long it takes until the bucket has n.
func lacking(l *rate.Limiter, n int, now time.Time) time.Duration {
	if l == nil {
		return 0
	}
	missing := float64(n) - l.TokensAt(now)
	if missing < 1e-6 { // do not wait for a rounding error
		return 0
	}
	seconds := min(missing/float64(l.Limit()), math.MaxInt32) // a large debt must not overflow
	return time.Duration(math.Ceil(seconds * float64(time.Second)))
}

// take takes n from the bucket, or gives -n back. A debt is allowed, and the next call
// waits for it: an hour at most, since a larger number is hardly true. The bucket
// gives no more than it holds at one time.
func take(l *rate.Limiter, n int, now time.Time) {
	if l == nil {
		return
	}
	for n = min(n, 60*l.Burst()); n > 0; {
		part := min(n, l.Burst())
		l.ReserveN(now, part)
		n -= part
	}
	if n < 0 {
		l.ReserveN(now, n)
	}
}

// leave ends a call that took and used so many tokens. If nothing was sent, the
// request is given back too.
func (l *Limit) leave(taken, used int, sent bool) {
	now := time.Now()
	if !sent {
		take(l.requests, -1, now)
		used = 0
	}
	taken = min(taken, l.Tokens)
	take(l.tokens, used-taken, now)
	if !sent || used < taken {
		select {
		case l.settled <- struct{}{}:
		default: // the last one was not received yet, and one is enough
		}
	}
	l.free()
}

func (l *Limit) handle(ctx context.Context, c *call, do attempt) error {
	taken := 0
	if l.Tokens != 0 {
		c.countBy(ctx, l.Counter)
		prompt, completion := c.most()
		taken = prompt + completion
	}
	if err := l.enter(ctx, taken); err != nil {
		return err
	}
	defer func() {
		used := 0
		if l.Tokens != 0 {
			u, _ := c.cost()
			used = u.PromptTokens + u.CompletionTokens
		}
		l.leave(taken, used, !unsent(c.err))
	}()
	return do(ctx, c.backend)
}
