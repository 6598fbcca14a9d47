package choose

import (
	"context"
	"errors"
	"fmt"

	"github.com/foreword-go/foreword/fewshot"
)

// twins is how many of the nearest examples Distinct compares each one with.
const twins = 16

// Distinct leaves out near-duplicates: of examples whose [Ranking.Alike] is at least
// likeness, then gets only the first in the pool. With Words, 0.9 leaves out texts
// that differ in a common word. It compares the examples with one another once, when
// the Task is compiled, and suits pools of some ten thousand.
func Distinct(likeness float64, r Ranker, then fewshot.Selector) fewshot.Selector {
	return func(pool []example) (fewshot.Picker, error) {
		if !(likeness > 0 && likeness <= 1) {
			return nil, fmt.Errorf("the likeness of Distinct is %v; choose more than 0 and at most 1", likeness)
		}
		if then == nil {
			return nil, errors.New("Distinct has no Selector for what is left; give it one, such as BM25(8)")
		}
		kept, err := distinct(pool, likeness, r)
		if err != nil {
			return nil, err
		}
		return partly(pool, kept, then)
	}
}

// distinct returns the indexes of the examples that are not like an earlier one.
func distinct(pool []example, likeness float64, r Ranker) (kept []int, err error) {
	whole, rank, err := compared(r, pool)
	if err != nil {
		return nil, fmt.Errorf("Distinct: %w", err)
	}
	place := make([]int, len(pool)) // of each example in whole
	for i, at := range whole.Order {
		place[at] = i
	}
	isKept := make([]bool, len(pool))
	for i, e := range pool {
		near, err := rank(context.Background(), e.In, twins)
		if err != nil {
			return nil, err
		}
		isKept[i] = true
		for _, at := range near.Order {
			if at < i && isKept[at] && whole.Alike(place[i], place[at]) >= likeness-1e-6 { // what is equal may round to a little less than 1
				isKept[i] = false
				break
			}
		}
		if isKept[i] {
			kept = append(kept, i)
		}
	}
	return kept, nil
}
