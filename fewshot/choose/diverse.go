package choose

import (
	"errors"
	"fmt"
	"math"

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
		return picker(k, breadth*min(k, len(pool)), r, pool, func(ranking *Ranking) ([]int, error) {
			if ranking.Alike == nil && len(ranking.Order) > 1 {
				return nil, errors.New("Diverse has a Ranker that does not say which examples are alike; set Ranking.Alike, or use Top")
			}
			return ranking.marginal(k, relevance), nil
		})
	}
}

// marginal returns the k examples of the ranking that have the greatest marginal
// relevance, the nearest first. Of equal ones the nearer wins.
func (r *Ranking) marginal(k int, relevance float64) []int {
	likeness := make([]float64, len(r.Order)) // to the nearest one chosen
	taken := make([]bool, len(r.Order))
	for round := range min(k, len(r.Order)) {
		next, greatest := -1, math.Inf(-1)
		for i, score := range r.Scores {
			marginal := float64(relevance*score) - float64((1-relevance)*likeness[i])
			if !taken[i] && (next < 0 || marginal > greatest) {
				next, greatest = i, marginal
			}
		}
		taken[next] = true
		for i := range likeness {
			if taken[i] {
				continue
			}
			if alike := r.Alike(i, next); round == 0 || alike > likeness[i] {
				likeness[i] = alike
			}
		}
	}
	var chosen []int
	for i, at := range r.Order {
		if taken[i] {
			chosen = append(chosen, at)
		}
	}
	return chosen
}
