package wrap

import "github.com/foreword-go/foreword/sampling"

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
