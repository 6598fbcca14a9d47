package choose

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/foreword-go/foreword/fewshot"
)

// BM25 picks the k examples whose inputs share the most distinctive words with the
// query, the nearest last. It is Top(k, Words{}): see [Words].
func BM25(k int) fewshot.Selector { return Top(k, Words{}) }

// Words ranks examples by the words that they share with the query, by BM25
// (Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond,
// 2009). The score of an example is the sum over the words of the query of
//
//	ln(1 + (N - n + 1/2) / (n + 1/2)) · f / (f + 1.2·(0.25 + 0.75·length/mean))
//
// where n of N examples have the word, this one f times. Examples that share no word
// with the query come last, in the order of the pool.
//
// Words are runs of letters and digits of any script, in lower case. Chinese,
// Japanese, Korean, Thai, Lao, Khmer and Burmese text is compared by letters and
// pairs of neighboring letters instead. Letters are compared by code point, so
// normalize text that may be composed or decomposed.
//
// The index takes about 120 bytes an example in a pool of 100,000 with 12 words each.
// A query of ten words takes about half a millisecond there on one core, and three in
// a pool of a million.
//
// Ranking.Scores are relative to the nearest example, which has 1. Ranking.Alike is
// the cosine of the words' weights. The zero Words is ready to use.
type Words struct{}

// Prepare implements [Ranker].
func (Words) Prepare(pool []fewshot.Example[string, string]) (Rank, error) {
	index, err := newWordIndex(pool)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, query string, n int) (*Ranking, error) {
		if n <= 0 || len(pool) == 0 {
			return &Ranking{}, nil
		}
		hits, err := index.search(ctx, query, pool, n)
		if err != nil || len(hits) == 0 {
			return &Ranking{}, err
		}
		r := ranking(hits, max(1, hits[0].score))
		vectors := make([]wordVector, len(hits)) // each made when first asked for
		r.Alike = func(i, j int) float64 {
			for _, at := range []int{i, j} {
				if vectors[at] == nil {
					vectors[at] = index.vector(pool[r.Order[at]].In)
				}
			}
			return vectors[i].cosine(vectors[j])
		}
		return r, nil
	}, nil
}

// A wordIndex is an inverted index: for each term, the examples that have it, in
// order, and how much it counts there. Everything is a whole number, so that a
// score does not depend on the order in which it was added up, nor on the
// machine.
type wordIndex struct {
	mean    float64           // terms in an example
	n       int               // examples
	terms   map[string]uint32 // numbered from 0 in the order in which they first come
	starts  []uint32          // where each term's postings begin, and where the last ends
	docs    []uint32          // the postings: which example
	impacts []uint16          // and the second factor of the formula, from 1 to fullImpact
	peaks   []uint16          // the highest impact of each term
}

// fullImpact is the limit of the second factor, 1.
const fullImpact = math.MaxUint16

var errTooMuch = errors.New("the pool has more than about a GiB of words, too many for an index; split it")

// newWordIndex reads the pool once, noting the terms example by example, and then
// turns the notes into postings.
func newWordIndex(pool []example) (*wordIndex, error) {
	x := &wordIndex{n: len(pool), terms: map[string]uint32{}}
	var noted []uint32                // terms
	ends := make([]uint32, len(pool)) // where the notes of each example end
	for i := range pool {
		// A letter may be in two pairs, and be longer in lower case.
		most := 4 * uint64(len(pool[i].In))
		if uint64(len(noted))+most > math.MaxUint32 {
			return nil, errTooMuch
		}
		eachTerm(pool[i].In, func(term []byte) {
			t, ok := x.terms[string(term)]
			if !ok {
				t = uint32(len(x.terms))
				x.terms[string(term)] = t
			}
			noted = append(noted, t)
		})
		ends[i] = uint32(len(noted))
	}
	x.mean = float64(len(noted)) / float64(len(pool))

	// Counting sort by term: since the notes are in the order of the pool, so
	// are each term's postings.
	x.starts = make([]uint32, len(x.terms)+1)
	for _, t := range noted {
		x.starts[t+1]++
	}
	for t := range len(x.terms) {
		x.starts[t+1] += x.starts[t]
	}
	next := slices.Clone(x.starts)
	docs, norms := make([]uint32, len(noted)), make([]float64, len(pool))
	at := uint32(0)
	for i, end := range ends {
		norms[i] = x.norm(int(end - at))
		for ; at < end; at++ {
			t := noted[at]
			docs[next[t]] = uint32(i)
			next[t]++
		}
	}

	// An example that has a term several times is there as often. It gets one posting.
	impacts := make([]uint16, len(docs))
	x.peaks = make([]uint16, len(x.terms))
	n := uint32(0)
	at = 0
	for t := range x.peaks {
		end := x.starts[t+1]
		for x.starts[t] = n; at < end; n++ {
			doc, first := docs[at], at
			for at < end && docs[at] == doc {
				at++
			}
			docs[n], impacts[n] = doc, impactOf(at-first, norms[doc])
			x.peaks[t] = max(x.peaks[t], impacts[n])
		}
	}
	x.starts[len(x.terms)] = n
	x.docs, x.impacts = slices.Clone(docs[:n]), slices.Clone(impacts[:n])
	return x, nil
}

// A termCount is a term and how often a text has it.
type termCount struct{ term, count uint32 }

// count returns the terms of a text that the pool has, in the order of their numbers,
// and how many terms the text has.
func (x *wordIndex) count(text string) (counts []termCount, length int) {
	var known []uint32
	eachTerm(text, func(term []byte) {
		length++
		if t, ok := x.terms[string(term)]; ok {
			known = append(known, t)
		}
	})
	slices.Sort(known)
	for i, t := range known {
		if i == 0 || t != known[i-1] {
			counts = append(counts, termCount{term: t})
		}
		counts[len(counts)-1].count++
	}
	return counts, length
}

// norm is the part of the second factor's denominator that depends on the number of
// terms. The conversions keep every machine from multiplying and adding in one step,
// which rounds differently.
func (x *wordIndex) norm(length int) float64 {
	const k1, b = 1.2, 0.75
	return k1 * (1 - b + float64(b*float64(length)/x.mean))
}

func impactOf(count uint32, norm float64) uint16 {
	f := float64(count)
	return uint16(max(1, math.Round(float64(fullImpact*f)/(f+norm))))
}

// weight is the first factor of the formula, in 65536ths.
func (x *wordIndex) weight(term uint32) uint64 {
	with := float64(x.starts[term+1] - x.starts[term])
	idf := math.Log1p((float64(x.n) - with + 0.5) / (with + 0.5))
	return uint64(max(1, math.Round(idf*(1<<16))))
}
