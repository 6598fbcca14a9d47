package choose

import (
	"cmp"
	"slices"
)

// A hit is one example and its score.
type hit[S cmp.Ordered] struct {
	index int
	score S
}

// compare puts the better hit first: the higher score, or of equal ones the
// earlier example.
func (h hit[S]) compare(other hit[S]) int {
	return cmp.Or(cmp.Compare(other.score, h.score), cmp.Compare(h.index, other.index))
}

// ranking returns the hits as a Ranking in which full is a score of 1.
func ranking[S uint64 | float32](hits []hit[S], full S) *Ranking {
	r := &Ranking{Order: make([]int, len(hits)), Scores: make([]float64, len(hits))}
	for i, h := range hits {
		r.Order[i], r.Scores[i] = h.index, float64(h.score)/float64(full)
	}
	return r
}

// best finds the k best hits. It keeps up to twice as many and drops the worse half
// when there are more.
type best[S cmp.Ordered] struct {
	k     int
	hits  []hit[S]
	floor S // a later example needs a higher score to be among the best
}

func (b *best[S]) offer(h hit[S]) {
	if b.hits = append(b.hits, h); len(b.hits) >= 2*b.k {
		b.sorted()
	}
}

// sorted returns the best hits, the best first.
func (b *best[S]) sorted() []hit[S] {
	slices.SortFunc(b.hits, hit[S].compare)
	if len(b.hits) >= b.k {
		b.hits = b.hits[:b.k]
		b.floor = b.hits[b.k-1].score
	}
	return b.hits
}
