package tiktoken

import (
	"cmp"
	"container/heap"
)

// merge counts the tokens of a piece by byte pair encoding (Sennrich and others 2016).
// At first each byte is a part. Of the neighbors that are a token together, those of the
// lowest rank are joined, the leftmost of equals, until none are left. It takes
// O(n log n) steps. tiktoken-go looks at all parts before each step, and takes O(n²).
//
// Worked example, with cl100k_base:
//
//	z|e|b|r|a|s   z|e|b|r|as   z|e|br|as   ze|br|as   ze|bras
func (c *Counter) merge(piece string) int {
	end := make([]int, len(piece))      // of the part that begins at each byte; 0 if none does
	before := make([]int, len(piece)+1) // where the part before that begins
	next := make(pairs, 0, len(piece))
	look := func(at int) {
		if at < 0 || end[at] == len(piece) {
			return
		}
		to := end[end[at]]
		if rank, ok := c.ranks[piece[at:to]]; ok {
			heap.Push(&next, &pair{rank, at, to})
		}
	}
	for at := range len(piece) {
		end[at], before[at] = at+1, at-1
	}
	for at := range len(piece) {
		look(at)
	}
	parts := len(piece)
	for len(next) > 0 {
		p := heap.Pop(&next).(*pair)
		middle := end[p.at]
		if middle == 0 || middle == len(piece) || end[middle] != p.to {
			continue // another pair took one of the two
		}
		end[p.at], end[middle], before[p.to] = p.to, 0, p.at
		parts--
		look(p.at)
		look(before[p.at])
	}
	return parts
}

// A pair is two neighbors that are a token together.
type pair struct{ rank, at, to int }

// Pairs are a [heap.Interface] in which the next pair to join is the least.
type pairs []*pair

func (p pairs) Len() int           { return len(p) }
func (p pairs) Less(i, j int) bool { return cmp.Or(p[i].rank-p[j].rank, p[i].at-p[j].at) < 0 }
func (p pairs) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *pairs) Push(x any)        { *p = append(*p, x.(*pair)) }
func (p *pairs) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}
