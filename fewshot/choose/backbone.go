package choose

import (
	"fmt"
	"math"

	"github.com/foreword-go/foreword/fewshot"
)

// candidates is the most examples that Backbone compares with one another.
const candidates = 1024

// Backbone pins k examples that represent the pool. They are chosen once, when the
// Task is compiled, and come first in every prompt, followed by those that then picks
// from the rest. Many pinned examples and about twenty near the query do as well as
// many near the query, at a tenth of the cost, since a prefix cache holds the pinned
// ones (Golchin et al. 2025, arXiv:2507.16217). Pinned examples are dropped last when
// the window is too small.
//
// The choice is greedy facility location: each next example is the one that most
// raises the sum, over the pool, of the similarity to the nearest chosen example. In
// pools of more than 1,024 examples, 1,024 evenly spaced ones are compared. r must
// set Ranking.Alike, as Words and Vectors do.
func Backbone(k int, r Ranker, then fewshot.Selector) fewshot.Selector {
	return func(pool []example) (fewshot.Picker, error) {
		if k < 0 {
			return nil, fmt.Errorf("%d examples; choose 0 or more", k)
		}
		ranking, _, err := compared(r, pool)
		if err != nil {
			return nil, fmt.Errorf("Backbone: %w", err)
		}
		order := ranking.representatives(min(k, len(pool))) // and then the rest
		pinned, isPinned := len(order), make([]bool, len(pool))
		for _, at := range order {
			isPinned[at] = true
		}
		for i := range pool {
			if !isPinned[i] {
				order = append(order, i)
			}
		}
		return partly(pool, order, fewshot.Fixed(pinned, then))
	}
}

// representatives returns k examples of the ranking that represent it, the first
// chosen first, as indexes into the pool.
func (r *Ranking) representatives(k int) []int {
	if k == 0 {
		return nil
	}
	n := min(len(r.Order), max(candidates, k))
	at := func(i int) int { return i * len(r.Order) / n } // the i-th candidate
	alike := make([]float32, n*n)
	for i := range n {
		alike[i*n+i] = 1
		for j := range i {
			likeness := float32(max(r.Alike(at(i), at(j)), 0))
			alike[i*n+j], alike[j*n+i] = likeness, likeness
		}
	}
	nearest := make([]float32, n) // the likeness of each to the nearest one chosen
	isChosen := make([]bool, n)
	// A gain never rises, so the last one is a bound. Most candidates need not be
	// looked at again.
	bound := make([]float64, n)
	for i := range bound {
		bound[i] = math.Inf(1)
	}
	var chosen []int
	for range min(k, n) {
		best, most := -1, math.Inf(-1)
		for i := range n {
			if isChosen[i] || bound[i] <= most {
				continue
			}
			gain := 0.0
			for j, likeness := range alike[i*n : (i+1)*n] {
				gain += float64(max(likeness-nearest[j], 0))
			}
			if bound[i] = gain; gain > most {
				best, most = i, gain
			}
		}
		isChosen[best] = true
		for j, likeness := range alike[best*n : (best+1)*n] {
			nearest[j] = max(nearest[j], likeness)
		}
		chosen = append(chosen, r.Order[at(best)])
	}
	return chosen
}
