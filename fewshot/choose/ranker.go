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

// A Ranker ranks the examples of a pool by their similarity to a query. Implement it
// for another measure or a vector database; [Top] and [Diverse] make Selectors of it.
// [Words] and [Vectors] are the Rankers of this package.
type Ranker interface {
	// Prepare reads the pool, which must not be changed, once for each
	// [fewshot.Task.Compile].
	Prepare(pool []fewshot.Example[string, string]) (Rank, error)
}

// A Rank returns the n examples nearest to the query, or all where there are fewer. It
// leaves out an example whose In equals the query. An empty query gets the pool in its
// order. A Rank is safe for concurrent use.
type Rank func(ctx context.Context, query string, n int) (*Ranking, error)

// A Ranking is the result of a [Rank], nearest first. Equally near examples keep the
// order of the pool. It belongs to the caller.
type Ranking struct {
	Order  []int     // indexes into the pool
	Scores []float64 // how near each of Order is to the query: 1 is as near as can be, 0 not at all

	// Alike says how near the examples Order[i] and Order[j] are to one another,
	// on the scale of Scores. It may be called until the Ranking is dropped, by
	// one goroutine at a time.
	Alike func(i, j int) float64
}

// Top picks the k examples that r ranks highest, the nearest last.
func Top(k int, r Ranker) fewshot.Selector {
	return func(pool []example) (fewshot.Picker, error) {
		return picker(k, k, r, pool, func(ranking *Ranking) ([]int, error) {
			return slices.Clone(ranking.Order), nil // a Ranker may give it again
		})
	}
}

// picker returns a Picker that ranks n examples of the pool and picks k of them. choose
// returns these from a ranking, in its order.
func picker(k, n int, r Ranker, pool []example, choose func(*Ranking) ([]int, error)) (fewshot.Picker, error) {
	rank, err := prepare(k, r, pool)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, query string) (fewshot.Picks, error) {
		ranking, err := rank(ctx, query, n)
		if err != nil {
			return fewshot.Picks{}, err
		}
		chosen, err := choose(ranking)
		slices.Reverse(chosen)
		return fewshot.Picks{Chosen: chosen}, err
	}, nil
}

// prepare prepares r to choose k examples. Its Rank checks the answers, since a Ranker
// may be anybody's.
func prepare(k int, r Ranker, pool []example) (Rank, error) {
	if k < 0 {
		return nil, fmt.Errorf("%d examples; choose 0 or more", k)
	}
	if r == nil {
		return nil, errors.New("the Ranker is nil; give one, such as choose.Words{}")
	}
	if k == 0 {
		return func(context.Context, string, int) (*Ranking, error) { return &Ranking{}, nil }, nil
	}
	rank, err := r.Prepare(pool)
	if err != nil {
		return nil, err
	}
	if rank == nil {
		return nil, fmt.Errorf("the Ranker %T prepared no Rank", r)
	}
	return func(ctx context.Context, query string, n int) (*Ranking, error) {
		n = min(n, len(pool))
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ranking, err := rank(ctx, query, n)
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
	}, nil
}
