package sampling

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A ranking finds each place, also among weights below those of its bins. All
// sums are exact.
func TestRankingReaches(t *testing.T) {
	const n, small = 500, 0x1p-40
	spare := make([]Candidate, n+1)
	for at := 1; at <= n; at += 7 {
		all := []Candidate{{n, 1}}
		for id := range n {
			all = append(all, Candidate{id, small})
		}
		rand.New(rand.NewPCG(1, uint64(at))).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		r := ranking{all: all, spare: spare, shift: topShift}
		target := 1 + float64(at)*small
		if c, sum := r.reach(target); c.ID != at-1 || sum != target {
			t.Errorf("place %d: candidate %d, sum 1 + %v", at, c.ID, (sum-1)/small)
		}
		if c, _ := r.reach(0.5); c.ID != n {
			t.Errorf("the best is %d", c.ID)
		}
		if c, _ := r.reach(math.Inf(1)); c.ID != n-1 {
			t.Errorf("the last is %d", c.ID)
		}
	}
}
