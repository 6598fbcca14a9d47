package pocket

import (
	"math"
	"slices"
)

const (
	// surprise is κ of the shortest contexts. Longer matches leave less room for
	// surprise, so κ is this over the length of the context.
	surprise = 0.2

	// sameTrust is how many contexts with the same occurrences count. With more, a
	// document would be too certain of its own text to follow a deviation.
	sameTrust = 3

	// reorder is the probability that a line continues as after any of the document's
	// line breaks, as if its lines were in another order.
	reorder = 0.03

	// foreign is the probability, without context, of a token that the document does
	// not have.
	foreign = 0.2

	// maxDepth is the maximum number of tokens of a context.
	maxDepth = 255
)

// A document is the index of one text of the corpus: its contexts in sorted
// order, and what follows each. It is immutable and takes 13 bytes a token.
type document struct {
	name string

	// next has the token that follows each context, in their order.
	next []int32

	// prev has, for each context, the place of the one that ends a token earlier. It
	// ascends among the contexts that end in the same token, because they are sorted by
	// it. So reading a token is a search, among the contexts that end in it, for those
	// that continue the ones matched so far.
	prev []int32

	// common and kinds have, for each group of contexts with the same end, how much they
	// share and how many different tokens follow. See suffix.go.
	common []uint8
	kinds  []int32
}

// build fills in the index of a text, given the order of its contexts and the
// place of each. seen is scratch space with a 0 for every token.
func (d *document) build(text, order, place, seen []int32) {
	d.next, d.prev = make([]int32, len(text)), make([]int32, len(text))
	for i, position := range order {
		// The boundary after the text is the one before it: it follows the last
		// context and leads to the first.
		before := (int(position) + len(text) - 1) % len(text)
		after := (int(position) + 1) % len(text)
		d.prev[i], d.next[i] = place[before], text[after]
	}
	d.common = shared(text, order, place)
	d.kinds = kinds(d.common, d.next, seen)
}

// A level is a set of contexts that share their nearest tokens with the text so far:
// those at lo up to, but not including, hi. The levels of a text are nested. Depths
// with the same set are one level.
type level struct {
	lo, hi int32
	depth  int32 // the number of shared tokens

	shallower float64 // the weight of the shallower levels
	foreign   float64 // the factor by which this level makes a foreign token less likely
}

// newLevel returns the level of the given places. They share more than least and at
// most depth tokens with the text, and are followed by that many different tokens.
//
// After many different tokens, a new one is likely. Most new ones are foreign to
// the document, so the probability of its own tokens grows more slowly.
func newLevel(lo, hi, least, depth, different int32) level {
	l := level{lo, hi, depth, 1, 1}
	seen, new := float64(hi-lo), float64(different)
	old := math.Sqrt(new)
	for j := least + 1; j <= min(depth, least+sameTrust); j++ {
		k := surprise / float64(j)
		l.shallower *= k * old / (seen + k*old)
		l.foreign *= k * new / (seen + k*new)
	}
	return l
}

// different returns how many different tokens follow the contexts of a group.
func (d *document) different(lo, hi int32) int32 {
	if hi-lo == 1 {
		return 1
	}
	return d.kinds[kindsAt(d.common, lo, hi)]
}

// read reads a token that the document has at the places of h, if any. before has the
// levels so far, the shallowest first, and line is the number of tokens since the last
// line break. It appends the new levels to after, and returns them with the token's
// probability. unigram is its probability without context, and anywhere that of a
// foreign token.
func (d *document) read(before, after []level, h holder, unigram, anywhere float64, line int32) ([]level, float64) {
	lo, hi := h.lo, h.hi
	at, least, different := level{lo: lo, hi: hi, depth: 1}, int32(0), h.different
	p, alien, inLine := unigram, foreign, -1.0
	for i := range before {
		b := &before[i]
		if lo < hi {
			lo, hi = within(d.prev, lo, hi, b.lo, b.hi)
		}
		p = b.shallower*p + (1-b.shallower)*float64(hi-lo)/float64(b.hi-b.lo)
		alien *= b.foreign
		if inLine < 0 && b.depth >= line {
			inLine = (1-alien)*p + alien*anywhere
		}
		if lo == hi {
			continue
		}
		if lo != at.lo || hi != at.hi {
			if at.depth == maxDepth {
				continue
			}
			after = append(after, newLevel(at.lo, at.hi, least, at.depth, different))
			least, different = at.depth, d.different(lo, hi)
			at.lo, at.hi = lo, hi
		}
		at.depth = min(b.depth+1, maxDepth)
	}
	if h.lo < h.hi {
		after = append(after, newLevel(at.lo, at.hi, least, at.depth, different))
	}
	p = (1-alien)*p + alien*anywhere
	if inLine >= 0 {
		p = (1-reorder)*p + reorder*inLine
	}
	return after, p
}

// within returns the part of the ascending prev[lo:hi] whose values are at least
// from and below to.
func within(prev []int32, lo, hi, from, to int32) (int32, int32) {
	if hi-lo > 8 {
		at, _ := slices.BinarySearch(prev[lo:hi], from)
		lo += int32(at)
		at, _ = slices.BinarySearch(prev[lo:hi], to)
		return lo, lo + int32(at)
	}
	for lo < hi && prev[lo] < from {
		lo++
	}
	for lo < hi && prev[hi-1] >= to {
		hi--
	}
	return lo, hi
}
