package choose

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
)

// A cursor goes through the postings of one term of the query.
type cursor struct {
	docs    []uint32 // those not yet passed
	impacts []uint16
	weight  uint64 // of the term, times its occurrences in the query
	most    uint64 // that it can add to a score
}

// span is how many examples are scored together: their scores fit the nearest
// cache.
const span = 2048

// search returns the n examples with the highest scores, the best first.
//
// It is MaxScore (Turtle and Flood, Query Evaluation: Strategies and
// Optimizations, 1995) over spans of examples. Once n examples have a score, one
// that has only common words, which together cannot reach the worst of them,
// need not be looked at. So the postings of common words are never read through,
// but only looked up for examples that have a rarer word.
func (x *wordIndex) search(ctx context.Context, query string, pool []example, n int) ([]hit[uint64], error) {
	cursors := x.cursors(query)
	upTo := make([]uint64, len(cursors)+1) // what the first i can add together
	for i, c := range cursors {
		upTo[i+1] = upTo[i] + c.most
	}
	var (
		found  = best[uint64]{k: n}
		common int // so many of the first cursors are not read through
		scores [span]uint64
		marked [span / 64]uint64 // which of scores are not 0
	)
	for round := 0; ; round++ {
		if round%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for common < len(cursors) && upTo[common+1] <= found.floor {
			common++
		}
		rest := cursors[common:]
		first := uint32(x.n)
		for i := range rest {
			if len(rest[i].docs) > 0 {
				first = min(first, rest[i].docs[0])
			}
		}
		if first == uint32(x.n) {
			break
		}
		first -= first % span
		for i := range rest {
			rest[i].add(first, &scores, &marked)
		}
		for w, word := range marked {
			marked[w] = 0
			for ; word != 0; word &= word - 1 {
				at := w*64 + bits.TrailingZeros64(word)
				doc, score := first+uint32(at), scores[at]
				scores[at] = 0
				for i := common - 1; i >= 0 && score+upTo[i+1] > found.floor; i-- {
					score += cursors[i].at(doc)
				}
				// Of equal scores the earlier example counts more, and is here first.
				if score > found.floor && pool[doc].In != query {
					found.offer(hit[uint64]{int(doc), score})
				}
			}
		}
	}
	return fill(found.sorted(), query, pool, n), nil
}

// cursors returns one for each different term of the query that the pool has,
// those that can add least first.
func (x *wordIndex) cursors(query string) []cursor {
	counts, _ := x.count(query)
	var cursors []cursor
	for _, c := range counts {
		from, to := x.starts[c.term], x.starts[c.term+1]
		weight := uint64(c.count) * x.weight(c.term)
		cursors = append(cursors, cursor{
			docs:    x.docs[from:to],
			impacts: x.impacts[from:to],
			weight:  weight,
			most:    weight * uint64(x.peaks[c.term]),
		})
	}
	slices.SortStableFunc(cursors, func(a, b cursor) int { return cmp.Compare(a.most, b.most) })
	return cursors
}

// add adds the term's part to the scores of the span that begins at first, and
// passes its postings.
func (c *cursor) add(first uint32, scores *[span]uint64, marked *[span / 64]uint64) {
	n := 0
	for n < len(c.docs) && c.docs[n]-first < span {
		at := (c.docs[n] - first) % span
		scores[at] += c.weight * uint64(c.impacts[n])
		marked[at/64] |= 1 << (at % 64)
		n++
	}
	c.docs, c.impacts = c.docs[n:], c.impacts[n:]
}

// at returns the term's part of the score of one example, and passes the postings of
// earlier ones. The steps double, since the next one asked for is mostly near.
func (c *cursor) at(doc uint32) uint64 {
	step := 1
	for step < len(c.docs) && c.docs[step] < doc {
		step *= 2
	}
	from := step / 2
	n, found := slices.BinarySearch(c.docs[from:min(step+1, len(c.docs))], doc)
	c.docs, c.impacts = c.docs[from+n:], c.impacts[from+n:]
	if !found {
		return 0
	}
	return c.weight * uint64(c.impacts[0])
}

// fill adds examples that share no word with the query, up to n.
func fill(hits []hit[uint64], query string, pool []example, n int) []hit[uint64] {
	if len(hits) >= n {
		return hits
	}
	matched := make(map[int]bool, len(hits))
	for _, h := range hits {
		matched[h.index] = true
	}
	for i := 0; i < len(pool) && len(hits) < n; i++ {
		if !matched[i] && pool[i].In != query {
			hits = append(hits, hit[uint64]{i, 0})
		}
	}
	return hits
}
