package wrap

import (
	"context"
	"fmt"
	"iter"

	"github.com/foreword-go/foreword/sampling"
)

// A Wrapper puts a backend around a backend. All wrappers of this package are
// Wrappers, and so can be anything else that has its place among them.
//
// The backend that Wrap returns is safe for concurrent use where the one given
// is.
type Wrapper interface {
	Wrap(backend sampling.Backend) sampling.Backend
}

// Around puts the wrappers around the backend, the first of them innermost. The
// package documentation says which order is meant. A nil Wrapper is left out, so
// that one can be set at need.
func Around(backend sampling.Backend, wrappers ...Wrapper) sampling.Backend {
	for _, w := range wrappers {
		if w != nil {
			backend = w.Wrap(backend)
		}
	}
	return backend
}

// inside is the backend that a wrapper is put around, with all its abilities.
func inside(backend sampling.Backend) sampling.Forward {
	if backend == nil {
		backend = sampling.BackendFunc(noBackend)
	}
	return sampling.Forward{Backend: backend}
}

// noBackend takes the place of a backend that is nil, as a Model's may not be
// either.
func noBackend(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		yield(sampling.Chunk{}, fmt.Errorf("%w: the backend in a wrapper is nil; wrap one such as pocket.Default()", sampling.ErrInvalid))
	}
}
