package wrap

import (
	"context"
	"fmt"
	"iter"

	"github.com/foreword-go/foreword/sampling"
)

// A layer is what a wrapper does around every call that costs something. It has
// all methods, and expose shows those of them that the backend beneath has too.
type layer interface {
	sampling.Backend
	sampling.Scorer
	sampling.Drawer
}

// expose returns a backend that samples by w, that counts by counter unless it
// is nil, and that scores and draws by w where it may.
//
// A type assertion such as b.(sampling.Scorer) looks at the method set of a
// type, and Go has no way to choose that at run time. So there is a type for
// each of the eight combinations, which embedding writes for us.
func expose(w layer, counter sampling.Counter, scores, draws bool) sampling.Backend {
	counts := counter != nil
	switch {
	case counts && scores && draws:
		return withCountScoreDraw{w, counter, w, w}
	case counts && scores:
		return withCountScore{w, counter, w}
	case counts && draws:
		return withCountDraw{w, counter, w}
	case scores && draws:
		return withScoreDraw{w, w, w}
	case counts:
		return withCount{w, counter}
	case scores:
		return withScore{w, w}
	case draws:
		return withDraw{w, w}
	}
	return bare{w}
}

type (
	bare      struct{ sampling.Backend }
	withCount struct {
		sampling.Backend
		sampling.Counter
	}
	withScore struct {
		sampling.Backend
		sampling.Scorer
	}
	withDraw struct {
		sampling.Backend
		sampling.Drawer
	}
	withCountScore struct {
		sampling.Backend
		sampling.Counter
		sampling.Scorer
	}
	withCountDraw struct {
		sampling.Backend
		sampling.Counter
		sampling.Drawer
	}
	withScoreDraw struct {
		sampling.Backend
		sampling.Scorer
		sampling.Drawer
	}
	withCountScoreDraw struct {
		sampling.Backend
		sampling.Counter
		sampling.Scorer
		sampling.Drawer
	}
)

// An inner is the backend that a wrapper has in it, with the abilities that were
// found in it. Those that it lacks are nil, and then expose hides the methods
// that would use them.
type inner struct {
	backend sampling.Backend
	counts  sampling.Counter
	scores  sampling.Scorer
	draws   sampling.Drawer
}

func look(backend sampling.Backend) inner {
	if backend == nil {
		backend = sampling.BackendFunc(nothing)
	}
	in := inner{backend: backend}
	in.counts, _ = backend.(sampling.Counter)
	in.scores, _ = backend.(sampling.Scorer)
	in.draws, _ = backend.(sampling.Drawer)
	return in
}

// expose shows of w what the inner backend can do itself.
func (in inner) expose(w layer) sampling.Backend {
	return expose(w, in.counts, in.scores != nil, in.draws != nil)
}

// counter returns the counter that a wrapper was given, or else the backend's
// own, or nil.
func (in inner) counter(own sampling.Counter) sampling.Counter {
	if own != nil {
		return own
	}
	return in.counts
}

// nothing stands in for a backend that is nil, as a Model's may not be either.
func nothing(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		yield(sampling.Chunk{}, fmt.Errorf("%w: the backend in a wrapper is nil; wrap one such as pocket.Default()", sampling.ErrInvalid))
	}
}
