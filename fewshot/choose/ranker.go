package choose

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/foreword-go/foreword/fewshot"
)

// An example is one of a pool, as text. What is compared is its In.
type example = fewshot.Example[string, string]

// A Ranker says which examples of a pool are nearest a query, and how near. It
// is the interface for authors, of another measure or a client of a vector
// database; [Top] and [Diverse] make Selectors of it. [Words] and [Vectors] are
// the Rankers of this package. A Ranker must be safe for concurrent use.
type Ranker interface {
	// Rank returns the n examples of the pool that are nearest the query, or
	// all where there are fewer, and never one whose In is the query, byte for
	// byte. The pool must not be changed; see [fewshot.Selector].
	Rank(ctx context.Context, query string, pool []fewshot.Example[string, string], n int) (*Ranking, error)
}

// A Ranking is what a [Ranker] found, nearest first. Examples that are equally
// near stand in the order of the pool. It belongs to the caller.
type Ranking struct {
	Order  []int     // indexes into the pool
	Scores []float64 // how near each of Order is to the query: 1 is as near as can be, 0 not at all

	// Alike says how near the examples Order[i] and Order[j] are to one another,
	// on the scale of Scores. It may be called until the Ranking is dropped, by
	// one goroutine at a time.
	Alike func(i, j int) float64
}

// Top selects the k examples that r ranks highest, the nearest last.
func Top(k int, r Ranker) fewshot.Selector {
	return func(ctx context.Context, query string, pool []example) ([]int, error) {
		ranking, err := rank(ctx, r, query, pool, k, k)
		if err != nil {
			return nil, err
		}
		order := slices.Clone(ranking.Order)
		slices.Reverse(order)
		return order, nil
	}
}

// rank asks r for n examples, of which k will be chosen, and does not trust the
// answer, since a Ranker may be anybody's.
func rank(ctx context.Context, r Ranker, query string, pool []example, k, n int) (*Ranking, error) {
	if k < 0 || k > len(pool) {
		return nil, fmt.Errorf("%d examples of a pool of %d; choose from 0 to %d", k, len(pool), len(pool))
	}
	if r == nil {
		return nil, errors.New("there is no Ranker; give one, such as &choose.Words{}")
	}
	if k == 0 {
		return &Ranking{}, nil
	}
	ranking, err := r.Rank(ctx, query, pool, n)
	if err != nil {
		return nil, err
	}
	if ranking == nil {
		return nil, fmt.Errorf("the Ranker %T returned no Ranking", r)
	}
	if len(ranking.Order) > n || len(ranking.Order) != len(ranking.Scores) {
		return nil, fmt.Errorf("the Ranker %T returned %d examples and %d scores where %d were asked for", r, len(ranking.Order), len(ranking.Scores), n)
	}
	for i, at := range ranking.Order {
		if at < 0 || at >= len(pool) {
			return nil, fmt.Errorf("the Ranker %T returned index %d for a pool of %d examples", r, at, len(pool))
		}
		if math.IsNaN(ranking.Scores[i]) {
			return nil, fmt.Errorf("the Ranker %T: the score of example %d of %d is NaN", r, at+1, len(pool))
		}
	}
	return ranking, nil
}
