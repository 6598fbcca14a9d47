package wrap

import (
	"context"
	"sync"
	"time"
)

// A trace collects what the inner wrappers did in one call, for the Log or Cache
// around them. It is in the context.
type trace struct {
	outer *trace // of the next Log or Cache, or nil

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

func traceOf(ctx context.Context) *trace {
	t, _ := ctx.Value(traceKey{}).(*trace)
	return t
}

// withTrace returns a context that carries a new trace.
func withTrace(ctx context.Context) (context.Context, *trace) {
	t := &trace{outer: traceOf(ctx)}
	return context.WithValue(ctx, traceKey{}, t), t
}

// note reports something about a call to each Log and Cache around it.
func note(ctx context.Context, tell func(*trace)) {
	for t := traceOf(ctx); t != nil; t = t.outer {
		t.mu.Lock()
		tell(t)
		t.mu.Unlock()
	}
}
