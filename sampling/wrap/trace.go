package wrap

import (
	"cmp"
	"context"
	"sync"
	"time"
)

// A trace collects what the inner wrappers did in one call, for the Log or Cache
// around them. It is in the context.
type trace struct {
	mu       sync.Mutex
	attempts int
	waited   time.Duration // for Limit
	hit      bool
	cost     float64
	metered  bool

	// Of a Fallback: which of its backends answered, from 1, and whether a count
	// lacks a backend that failed.
	place   int
	partial bool
}

type traceKey struct{}

// withTrace returns a context that carries a new trace.
func withTrace(ctx context.Context) (context.Context, *trace) {
	t := new(trace)
	return context.WithValue(ctx, traceKey{}, t), t
}

// pass adds the trace to another one.
func (t *trace) pass(to *trace) {
	t.mu.Lock()
	defer t.mu.Unlock()
	to.attempts += t.attempts
	to.waited += t.waited
	to.hit = to.hit || t.hit
	to.cost += t.cost
	to.metered = to.metered || t.metered
	to.place = cmp.Or(t.place, to.place)
	to.partial = to.partial || t.partial
}

// note reports something about a call to the Log or Cache around it, if any.
func note(ctx context.Context, tell func(*trace)) {
	if t, ok := ctx.Value(traceKey{}).(*trace); ok {
		t.mu.Lock()
		tell(t)
		t.mu.Unlock()
	}
}
