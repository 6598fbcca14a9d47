package choose

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// A hit is one example and its score.
type hit struct {
	index int
	score float64
}

// top ranks the n examples with the highest scores. It leaves out the query itself. Of
// equal examples the earlier is the better. It keeps up to twice as many as wanted, and
// drops the worse half when there are more.
func top(ctx context.Context, pool []example, query string, n int, score func(i int) float64) (*Ranking, error) {
	if n = min(n, len(pool)); n <= 0 {
		return &Ranking{}, nil
	}
	var hits []hit
	floor := math.Inf(-1) // a later example needs a higher score to be among the best
	sort := func() {
		slices.SortFunc(hits, func(a, b hit) int {
			return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.index, b.index))
		})
		if len(hits) >= n {
			hits = hits[:n]
			floor = hits[n-1].score
		}
	}
	for i := range pool {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s := score(i)
		if s <= floor || pool[i].In == query {
			continue
		}
		if hits = append(hits, hit{i, s}); len(hits) >= 2*n {
			sort()
		}
	}
	sort()
	r := &Ranking{Order: make([]int, len(hits)), Scores: make([]float64, len(hits))}
	for i, h := range hits {
		r.Order[i], r.Scores[i] = h.index, h.score
	}
	return r, nil
}
