package choose

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/foreword-go/foreword/fewshot"
)

// breadth is how many examples Diverse ranks for each one that it chooses.
const breadth = 10

// Diverse selects k examples that are near the query and not near one another. It
// chooses them one by one, each time the one with the greatest
//
//	relevance · (its score for the query) - (1 - relevance) · (its likeness to the nearest one chosen)
//
// which is maximal marginal relevance (Carbonell and Goldstein, The Use of MMR,
// Diversity-Based Reranking for Reordering Documents and Producing Summaries, 1998).
// A relevance of 1 is [Top], 0.7 stays close to the query, and 0.3 favors variety. It
// chooses among the 10·k examples that r ranks highest.
//
// The examples are ordered by nearness to the query, the nearest last.
func Diverse(k int, relevance float64, r Ranker) fewshot.Selector {
	return func(pool []example) (fewshot.Picker, error) {
		if !(relevance >= 0 && relevance <= 1) {
			return nil, fmt.Errorf("the relevance of Diverse is %v; choose 0 to 1", relevance)
		}
		rank, err := prepare(r, pool, k, breadth*k)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, query string) (fewshot.Picks, error) {
			ranking, err := rank(ctx, query)
			if err != nil {
				return fewshot.Picks{}, err
			}
			if ranking.Alike == nil && len(ranking.Order) > 1 {
				return fewshot.Picks{}, errors.New("Diverse has a Ranker that does not say which examples are alike; set Ranking.Alike, or use Top")
			}
			chosen := ranking.marginal(k, relevance)
			slices.Sort(chosen)
			order := make([]int, len(chosen))
			for i, at := range chosen {
				order[len(order)-1-i] = ranking.Order[at]
			}
			return fewshot.Picks{Chosen: order}, nil
		}, nil
	}
}

// marginal returns which k of the ranking have the greatest marginal relevance,
// in the order in which they were chosen. Of equal ones the nearer wins.
func (r *Ranking) marginal(k int, relevance float64) []int {
	var chosen []int
	likeness := make([]float64, len(r.Order)) // to the nearest one chosen
	taken := make([]bool, len(r.Order))
	for range min(k, len(r.Order)) {
		next, greatest := -1, math.Inf(-1)
		for i, score := range r.Scores {
			if taken[i] {
				continue
			}
			marginal := float64(relevance*score) - float64((1-relevance)*likeness[i])
			if next < 0 || marginal > greatest {
				next, greatest = i, marginal
			}
		}
		taken[next] = true
		chosen = append(chosen, next)
		for i := range likeness {
			if taken[i] {
				continue
			}
			alike := r.Alike(i, next)
			if len(chosen) == 1 || alike > likeness[i] {
				likeness[i] = alike
			}
		}
	}
	return chosen
}
