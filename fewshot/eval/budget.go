package eval

import (
	"context"
	"errors"
	"iter"
	"sync"

	"github.com/foreword-go/foreword/sampling"
)

// errSpent says that the budget is used up.
var errSpent = errors.New("the budget of calls is used up; raise it")

// A budget is a backend that refuses calls beyond a limit.
type budget struct {
	sampling.Forward
	mu          sync.Mutex
	used, limit int
}

// take reserves n calls. A negative n gives calls back.
func (b *budget) take(n int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+n > b.limit {
		return errSpent
	}
	b.used += n
	return nil
}

func (b *budget) spent() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
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
	return counted(b, 1, func() ([]sampling.Score, error) { return b.Forward.Score(ctx, req, continuations) })
}

// Draw implements [sampling.Drawer].
func (b *budget) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	return counted(b, n, func() ([]*sampling.Completion, error) { return b.Forward.Draw(ctx, req, n) })
}

// counted makes a call that costs n. An ability that the backend lacks costs
// nothing.
func counted[T any](b *budget, n int, call func() (T, error)) (result T, err error) {
	if err := b.take(n); err != nil {
		return result, err
	}
	if result, err = call(); errors.Is(err, sampling.ErrUnsupported) {
		_ = b.take(-n)
	}
	return result, err
}
