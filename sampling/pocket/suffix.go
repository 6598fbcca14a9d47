package pocket

import (
	"cmp"
	"slices"
)

// The index of a document rests on its contexts in sorted order. The context of
// a position is what a reader has seen when standing there: the token at the
// position, the one before it, and so on back to the boundary. Sorting all
// contexts, the nearest token first, is suffix sorting of the reversed text.
// The contexts that share their nearest j tokens then lie side by side.
//
// Worked example, with . for the boundary and the text "abab":
//
//	position   0 1 2 3 4
//	token      . a b a b
//	contexts   0 "."   1 "a."   3 "aba."   2 "ba."   4 "baba."
//
// The positions in sorted order are 0 1 3 2 4, and those that come after "ab"
// are the last two.

// A sorter sorts contexts. It may be used again, and should, for its scratch.
type sorter struct {
	text []int32

	// order holds the positions in the order found so far. A run of them that
	// has found its place is overwritten, in its first entry, with minus its
	// length, so that later rounds step over it.
	order []int32

	// rank holds the last place in order that each position may still take.
	// Positions that are not told apart yet share it and form a group.
	rank []int32

	back int      // how much further back this round looks; 0 is the token itself
	keys []uint64 // scratch
}

// sort returns the positions of text in the order of their contexts, and the
// place of each position in that order. Both are valid until the next call.
// text begins with a boundary and has no other.
//
// The method is that of Larsson and Sadakane, "Faster suffix sorting" (2007): in
// each round the positions whose contexts are alike so far are sorted by the
// rank of the context that much further back, so that the length compared
// doubles. It takes O(n log² n) steps on any text, however repetitive.
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
	// All ranks are distinct now, and order holds the lengths of sorted runs.
	for position, rank := range s.rank {
		s.order[rank] = int32(position)
	}
	return s.order, s.rank
}

// round splits every group of two and more and reports whether there was one.
func (s *sorter) round() (found bool) {
	done := 0 // length of the run of sorted positions that ends here
	for i := 0; i < len(s.order); {
		first := s.order[i]
		if first < 0 {
			i, done = i-int(first), done-int(first)
			continue
		}
		end := int(s.rank[first]) + 1
		if end-i == 1 {
			i, done = end, done+1
			continue
		}
		if done > 0 {
			s.order[i-done] = int32(-done)
			done = 0
		}
		s.split(i, end)
		i, found = end, true
	}
	if done > 0 {
		s.order[len(s.order)-done] = int32(-done)
	}
	return found
}

// split sorts the group order[lo:hi] by the keys of this round and ranks what
// it has told apart. No two contexts are equal, for each ends in the boundary at
// a length of its own: so a position that has nothing that far back has been
// alone in its group for long.
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

// shared returns how many of their nearest tokens each context has in common
// with the one before it in order, at most maxDepth, and a 0 after the last.
// place is the inverse of order. It is the method of Kasai and others,
// "Linear-time longest-common-prefix computation in suffix arrays" (2001): a
// context shares with its neighbour at most one token less than the context
// that is longer by one token shares with its own.
func shared(text, order, place []int32) []uint8 {
	common := make([]uint8, len(order)+1)
	length := 0
	for position := len(text) - 1; position > 0; position-- {
		// The boundary has the first place, and no other context starts so.
		other := int(order[place[position]-1])
		for length <= other && text[position-length] == text[other-length] {
			length++
		}
		common[place[position]] = uint8(min(length, maxDepth))
		length = max(length-1, 0)
	}
	return common
}

// A group is a range of contexts, in sorted order, that share more of their
// nearest tokens with one another than with any context outside: an inner node
// of the suffix tree.
type group struct {
	shared uint8 // how many tokens
	first  int32
	twins  int32 // see kinds
}

// kinds counts for each group how many different tokens follow its contexts.
// next[i] is the token that follows the i-th context in order; seen must hold 0
// for every token, and does so again afterwards. kindsAt gives the index of a
// group's count in the result.
//
// The method is that of Hui, "Color set size problem" (1992): a group has as
// many different tokens as contexts, less one for each pair of twins, contexts
// that are followed by the same token with none such between them. A pair is
// counted where both first lie in one group, and from there handed outwards.
func kinds(common []uint8, next, seen []int32) []int32 {
	count := make([]int32, len(next))
	open := []group{{}} // the groups that hold the context at hand, from the outermost in
	for i := range int32(len(next)) {
		open = enter(open, common, i, count)
		// seen holds the place of the last context before this one, plus one.
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

// enter leaves the groups that end before the i-th context, writes down their
// counts, and opens the group of that context and the one before it, if it is new.
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

// kindsAt returns where the count of the group of the contexts from lo up to
// but without hi stands: at its first context, or at its last one if it is the
// first of the groups that its parent consists of. No other group takes that
// place: of those that begin with the same context all but the largest are first
// in their parent, and of these no two end with the same context.
func kindsAt(common []uint8, lo, hi int32) int32 {
	if lo == 0 || common[lo] < common[hi] {
		return hi - 1
	}
	return lo
}
