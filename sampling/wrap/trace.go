package wrap

import (
	"context"
	"sync"
	"time"
)

// A trace is what the wrappers inside a Log tell it about one call, by way of
// the context. Its methods may be called on nil, which is the trace of a call
// without a Log around it.
type trace struct {
	mu       sync.Mutex
	attempts int
	waited   time.Duration // for Limit
	hit      bool
	cost     float64
	metered  bool
}

type traceKey struct{}

func traced(ctx context.Context) *trace {
	t, _ := ctx.Value(traceKey{}).(*trace)
	return t
}

func (t *trace) attempt() {
	if t != nil {
		t.mu.Lock()
		t.attempts++
		t.mu.Unlock()
	}
}

func (t *trace) wait(d time.Duration) {
	if t != nil {
		t.mu.Lock()
		t.waited += d
		t.mu.Unlock()
	}
}

func (t *trace) found() {
	if t != nil {
		t.mu.Lock()
		t.hit = true
		t.mu.Unlock()
	}
}

func (t *trace) charge(m float64) {
	if t != nil {
		t.mu.Lock()
		t.cost += m
		t.metered = true
		t.mu.Unlock()
	}
}
