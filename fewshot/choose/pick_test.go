package choose

import (
	"context"
	"slices"

	"github.com/foreword-go/foreword/fewshot"
)

// pick prepares a pool and picks for one query.
func pick(ctx context.Context, s fewshot.Selector, query string, pool []example) ([]int, error) {
	picker, err := s(pool)
	if err != nil {
		return nil, err
	}
	picks, err := picker(ctx, query)
	return slices.Concat(picks.Pinned, picks.Chosen), err
}

// rankOf prepares a pool and ranks it for one query.
func rankOf(ctx context.Context, r Ranker, query string, pool []example, n int) (*Ranking, error) {
	rank, err := r.Prepare(pool)
	if err != nil {
		return nil, err
	}
	return rank(ctx, query, n)
}

// embedded is a Ranker that embeds each pool that it prepares.
type embedded struct {
	Embedder Embedder
	Batch    int
}

func (e embedded) Prepare(pool []example) (Rank, error) {
	texts := make([]string, len(pool))
	for i := range pool {
		texts[i] = pool[i].In
	}
	v, err := Embed(context.Background(), e.Embedder, texts, EmbedOptions{Batch: e.Batch})
	if err != nil {
		return nil, err
	}
	return v.Prepare(pool)
}
