package pocket

import (
	"cmp"
	"slices"
)

// The index of a document has its contexts in sorted order. The context of a position
// is the token there, the one before it, and so on back to the boundary. Sorting all
// contexts, the nearest token first, is suffix sorting of the reversed text. Contexts
// that share their nearest j tokens are then neighbours.
//
// Worked example, with . for the boundary and the text "abab":
//
//	position   0 1 2 3 4
//	token      . a b a b
//	contexts   0 "."   1 "a."   3 "aba."   2 "ba."   4 "baba."
//
// The positions in sorted order are 0 1 3 2 4, and those that come after "ab"
// are the last two.

// A sorter sorts contexts. Reuse it for its scratch space.
type sorter struct {
	text []int32

	order []int32 // the positions in the order found so far

	// rank has the last place in order that each position may still take. Positions
	// that are not distinguished yet share it and form a group.
	rank []int32

	back int      // how far back this round compares; 0 is the token itself
	keys []uint64 // scratch
}

// sort returns the positions of text in the order of their contexts, and the
// place of each position in that order. Both are valid until the next call.
// text begins with a boundary and has no other.
//
// The method is that of Larsson and Sadakane, "Faster suffix sorting" (2007): each round
// sorts positions with equal contexts by the rank of the context that far back, so that
// the compared length doubles. It takes O(n log² n) steps for any text.
func (s *sorter) sort(text []int32) (order, place []int32) {
	s.text, s.back = text, 0
	s.order = slices.Grow(s.order[:0], len(text))[:len(text)]
	s.rank = slices.Grow(s.rank[:0], len(text))[:len(text)]
	for i := range s.order {
		s.order[i] = int32(i)
	}
	s.split(0, len(text))
	for s.back = 1; s.round(); s.back *= 2 {
	}
	return s.order, s.rank
}

// round splits every group of two and more and reports whether there was one.
func (s *sorter) round() (found bool) {
	for lo := 0; lo < len(s.order); {
		hi := int(s.rank[s.order[lo]]) + 1
		if hi-lo > 1 {
			s.split(lo, hi)
			found = true
		}
		lo = hi
	}
	return found
}

// split sorts the group order[lo:hi] by the keys of this round and ranks the parts. No
// two contexts are equal, because each ends in the boundary at a different length. So a
// position with nothing that far back is already alone in its group.
func (s *sorter) split(lo, hi int) {
	s.keys = s.keys[:0]
	for _, position := range s.order[lo:hi] {
		key := s.text[position]
		if s.back > 0 {
			key = s.rank[int(position)-s.back]
		}
		s.keys = append(s.keys, uint64(key)<<32|uint64(position))
	}
	slices.Sort(s.keys)
	for end := hi; end > lo; {
		start := end - 1
		for start > lo && s.keys[start-1-lo]>>32 == s.keys[end-1-lo]>>32 {
			start--
		}
		for i := start; i < end; i++ {
			position := int32(s.keys[i-lo])
			s.order[i], s.rank[position] = position, int32(end-1)
		}
		end = start
	}
}

// shared returns how many nearest tokens each context has in common with the one
// before it in order, at most maxDepth, and a 0 after the last.
// place is the inverse of order. It is the method of Kasai and others,
// "Linear-time longest-common-prefix computation in suffix arrays" (2001): a
// context shares with its neighbour at most one token less than the context
// that is longer by one token shares with its own.
func shared(text, order, place []int32) []uint8 {
	common := make([]uint8, len(order)+1)
	length := 0
	for position := len(text) - 1; position > 0; position-- {
		// The boundary is first, and no other context starts with it.
		other := int(order[place[position]-1])
		for length <= other && text[position-length] == text[other-length] {
			length++
		}
		common[place[position]] = uint8(min(length, maxDepth))
		length = max(length-1, 0)
	}
	return common
}

// A group is a range of contexts, in sorted order, that share more nearest tokens with
// one another than with any other context: an inner node of the suffix tree.
type group struct {
	shared uint8 // how many tokens
	first  int32
	twins  int32 // see kinds
}

// kinds counts for each group how many different tokens follow its contexts.
// next[i] is the token that follows the i-th context in order. seen must be 0 for every
// token, and is so again afterwards. kindsAt returns the index of a group's count.
//
// The method is that of Hui, "Color set size problem" (1992): a group has as many
// different tokens as contexts, minus one for each pair of twins. Twins are contexts
// that are followed by the same token, with none such between them. A pair is counted
// in the smallest group with both, and added to the groups around it.
func kinds(common []uint8, next, seen []int32) []int32 {
	count := make([]int32, len(next))
	open := []group{{}} // the groups with the current context, the outermost first
	for i := range int32(len(next)) {
		open = enter(open, common, i, count)
		// seen has the place of the last context with this token, plus one.
		if twin := seen[next[i]] - 1; twin >= 0 {
			inner, _ := slices.BinarySearchFunc(open, twin, func(g group, at int32) int {
				return cmp.Or(cmp.Compare(g.first, at), -1) // after the last that begins by then
			})
			open[inner-1].twins++
		}
		seen[next[i]] = i + 1
	}
	enter(open, common, int32(len(next)), count)
	for _, token := range next {
		seen[token] = 0
	}
	return count
}

// enter closes the groups that end before the i-th context, stores their counts, and
// opens the group of that context and the one before it, if it is new.
func enter(open []group, common []uint8, i int32, count []int32) []group {
	first, twins := i-1, int32(0)
	top := len(open) - 1
	for ; open[top].shared > common[i]; top-- {
		g := &open[top]
		g.twins += twins
		count[kindsAt(common, g.first, i)] = i - g.first - g.twins
		first, twins = g.first, g.twins
	}
	open = open[:top+1]
	if open[top].shared == common[i] {
		open[top].twins += twins
		return open
	}
	return append(open, group{common[i], first, twins})
}

// kindsAt returns the index of the count of a group: that of its first context, or of
// its last one if the group is the first in its parent. No other group has that index:
// of the groups that begin with the same context, all but the largest are first in
// their parent, and no two of these end with the same context.
func kindsAt(common []uint8, lo, hi int32) int32 {
	if lo == 0 || common[lo] < common[hi] {
		return hi - 1
	}
	return lo
}
