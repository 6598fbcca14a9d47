package eval

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"

	"github.com/foreword-go/foreword/sampling"
)

// errSpent says that the budget is used up.
var errSpent = errors.New("the budget of calls is used up; raise it")

// A budget is a backend that refuses calls beyond a limit.
type budget struct {
	sampling.Forward
	limit int64
	used  atomic.Int64
}

// spend makes n calls if the budget has them. They are not counted if the backend lacks
// the ability.
func spend[T any](b *budget, n int, call func() (T, error)) (T, error) {
	if b.used.Add(int64(n)) > b.limit {
		b.used.Add(int64(-n))
		return *new(T), errSpent
	}
	answer, err := call()
	if errors.Is(err, sampling.ErrUnsupported) {
		b.used.Add(int64(-n))
	}
	return answer, err
}

// Sample implements [sampling.Backend].
func (b *budget) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		chunks, err := spend(b, 1, func() (iter.Seq2[sampling.Chunk, error], error) { return b.Forward.Sample(ctx, req), nil })
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		chunks(yield)
	}
}

// Score implements [sampling.Scorer].
func (b *budget) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	return spend(b, 1, func() ([]sampling.Score, error) { return b.Forward.Score(ctx, req, continuations) })
}

// Draw implements [sampling.Drawer].
func (b *budget) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	return spend(b, n, func() ([]*sampling.Completion, error) { return b.Forward.Draw(ctx, req, n) })
}
