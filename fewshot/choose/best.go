package choose

import (
	"cmp"
	"slices"
)

// A hit is one example and how near it is.
type hit[S cmp.Ordered] struct {
	index int
	score S
}

// compare puts the better hit first: the higher score, or of equal ones the
// earlier example.
func (h hit[S]) compare(other hit[S]) int {
	return cmp.Or(cmp.Compare(other.score, h.score), cmp.Compare(h.index, other.index))
}

// best holds the k best of all hits that were offered: a heap with the worst of
// them on top, so that one comparison turns most away.
type best[S cmp.Ordered] struct {
	k    int
	heap []hit[S]
}

// full says whether there are k hits, so that a new one must beat the worst.
func (b *best[S]) full() bool { return len(b.heap) == b.k }

// worst is the hit that the next better one drives out. There must be one.
func (b *best[S]) worst() hit[S] { return b.heap[0] }

func (b *best[S]) offer(h hit[S]) {
	switch {
	case !b.full():
		b.heap = append(b.heap, h)
		b.up(len(b.heap) - 1)
	case b.k > 0 && h.compare(b.heap[0]) < 0:
		b.heap[0] = h
		b.down(0)
	}
}

func (b *best[S]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if b.heap[i].compare(b.heap[parent]) <= 0 {
			return
		}
		b.heap[i], b.heap[parent] = b.heap[parent], b.heap[i]
		i = parent
	}
}

func (b *best[S]) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(b.heap) {
			return
		}
		if child+1 < len(b.heap) && b.heap[child+1].compare(b.heap[child]) > 0 {
			child++
		}
		if b.heap[child].compare(b.heap[i]) <= 0 {
			return
		}
		b.heap[i], b.heap[child] = b.heap[child], b.heap[i]
		i = child
	}
}

// sorted returns the hits, the best first, and ends the heap.
func (b *best[S]) sorted() []hit[S] {
	slices.SortFunc(b.heap, hit[S].compare)
	return b.heap
}
