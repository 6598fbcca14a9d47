package wrap

import (
	"context"
	"fmt"
	"iter"

	"github.com/foreword-go/foreword/sampling"
)

// A Wrapper puts a backend around a backend. The backend that Wrap returns is safe
// for concurrent use if the given one is.
type Wrapper interface {
	Wrap(backend sampling.Backend) sampling.Backend
}

// Around puts the wrappers around the backend, the first one innermost. See the
// package documentation for the order. A nil Wrapper is skipped.
func Around(backend sampling.Backend, wrappers ...Wrapper) sampling.Backend {
	for _, w := range wrappers {
		if w != nil {
			backend = w.Wrap(backend)
		}
	}
	return backend
}

// inside returns the backend that a wrapper is put around, with all its abilities.
func inside(backend sampling.Backend) sampling.Forward {
	if backend == nil {
		backend = sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
			return func(yield func(sampling.Chunk, error) bool) {
				yield(sampling.Chunk{}, fmt.Errorf("%w: the backend in a wrapper is nil; wrap one such as pocket.Default()", sampling.ErrInvalid))
			}
		})
	}
	return sampling.Forward{Backend: backend}
}
