package httpwire

import "context"

// A Fact is something that a backend learns about its server when it needs it. It is
// safe for concurrent use.
type Fact[T any] struct {
	source Source
	lock   chan struct{} // gives up when a context does
	known  *T
}

// NewFact returns a Fact that is not known.
func NewFact[T any](s Source) *Fact[T] {
	return &Fact[T]{source: s, lock: make(chan struct{}, 1)}
}

// Learn returns the fact if it is known, and otherwise what ask returns. Without an
// error, the fact is then known.
func (f *Fact[T]) Learn(ctx context.Context, ask func() (T, error)) (T, error) {
	select {
	case f.lock <- struct{}{}:
		defer func() { <-f.lock }()
	case <-ctx.Done():
		var none T
		return none, f.source.Fault(ctx, ctx.Err())
	}
	if f.known != nil {
		return *f.known, nil
	}
	fact, err := ask()
	if err == nil {
		f.known = &fact
	}
	return fact, err
}
