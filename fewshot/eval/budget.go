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

// take takes n calls from the budget.
func (b *budget) take(n int64) error {
	if b.used.Add(n) > b.limit {
		b.used.Add(-n)
		return errSpent
	}
	return nil
}

// Sample implements [sampling.Backend].
func (b *budget) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		if err := b.take(1); err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		b.Forward.Sample(ctx, req)(yield)
	}
}

// Score implements [sampling.Scorer].
func (b *budget) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	if err := b.take(1); err != nil {
		return nil, err
	}
	scores, err := b.Forward.Score(ctx, req, continuations)
	return scores, b.refund(1, err)
}

// Draw implements [sampling.Drawer].
func (b *budget) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	if err := b.take(int64(n)); err != nil {
		return nil, err
	}
	drawn, err := b.Forward.Draw(ctx, req, n)
	return drawn, b.refund(int64(n), err)
}

// refund gives n calls back if the backend lacks the ability.
func (b *budget) refund(n int64, err error) error {
	if errors.Is(err, sampling.ErrUnsupported) {
		b.used.Add(-n)
	}
	return err
}
