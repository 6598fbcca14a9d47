package choose

import (
	"context"
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
// A query of ten words takes about a millisecond there on one core, and six or seven in
// a pool of a million.
//
// Ranking.Scores are relative to the nearest example, which has 1. Ranking.Alike is
// the cosine of the words' weights. The zero Words is ready to use.
type Words struct{}

// Prepare implements [Ranker].
func (Words) Prepare(pool []fewshot.Example[string, string]) (Rank, error) {
	index := newWordIndex(pool)
	return func(ctx context.Context, query string, n int) (*Ranking, error) {
		r, err := top(ctx, pool, query, n, index.scores(query))
		if err != nil {
			return nil, err
		}
		if len(r.Scores) > 0 && r.Scores[0] > 0 {
			full := r.Scores[0]
			for i := range r.Scores {
				r.Scores[i] /= full
			}
		}
		vectors := make([]wordVector, len(r.Order)) // each made when first asked for
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

// A wordIndex is an inverted index. All factors are whole numbers, so that a score does
// not depend on the order in which it was added up, nor on the machine.
type wordIndex struct {
	examples int
	mean     float64           // terms in an example
	terms    map[string]uint32 // numbered from 0 in the order in which they first come
	postings []posting         // by term, and those of a term in the order of the pool
	starts   []int             // where those of each term begin, and where the last end
}

// A posting is an example that has a term.
type posting struct {
	example uint32
	impact  uint32 // see impact
}

// fullImpact is the limit of the second factor, 1.
const fullImpact = math.MaxUint16

func newWordIndex(pool []example) *wordIndex {
	x := &wordIndex{examples: len(pool), terms: map[string]uint32{}}
	lengths, total := make([]int, len(pool)), 0
	type note struct{ term, example, count uint32 }
	var notes []note // in the order of the pool
	var last []int   // the last note of each term
	for i, e := range pool {
		eachTerm(e.In, func(term []byte) {
			t, ok := x.terms[string(term)]
			if !ok {
				t = uint32(len(x.terms))
				x.terms[string(term)] = t
				last = append(last, -1)
			}
			if at := last[t]; at >= 0 && notes[at].example == uint32(i) {
				notes[at].count++
			} else {
				last[t] = len(notes)
				notes = append(notes, note{t, uint32(i), 1})
			}
			lengths[i]++
		})
		total += lengths[i]
	}
	x.mean = float64(total) / float64(len(pool))

	// Counting sort by term.
	x.starts = make([]int, 1+len(x.terms))
	for _, n := range notes {
		x.starts[n.term+1]++
	}
	for t := range len(x.terms) {
		x.starts[t+1] += x.starts[t]
	}
	x.postings = make([]posting, len(notes))
	next := slices.Clone(x.starts)
	for _, n := range notes {
		x.postings[next[n.term]] = posting{n.example, impact(n.count, x.norm(lengths[n.example]))}
		next[n.term]++
	}
	return x
}

// with returns the postings of a term.
func (x *wordIndex) with(term uint32) []posting { return x.postings[x.starts[term]:x.starts[term+1]] }

// span is how many examples are scored together: their scores fit the nearest cache.
const span = 2048

// scores returns a function that gives the score of each example, one after the other
// from the first. A float64 holds every whole number up to 2⁵³, and scores of real texts
// are far below.
func (x *wordIndex) scores(query string) func(i int) float64 {
	type list struct {
		weight float64
		left   []posting
	}
	var lists []list
	counts, _ := x.count(query)
	for _, c := range counts {
		lists = append(lists, list{float64(c.count) * x.weight(c.term), x.with(c.term)})
	}
	var scores [span]float64
	return func(i int) float64 {
		if i%span == 0 {
			clear(scores[:])
			for at := range lists {
				l, n := &lists[at], 0
				for n < len(l.left) && int(l.left[n].example) < i+span {
					scores[l.left[n].example%span] += l.weight * float64(l.left[n].impact)
					n++
				}
				l.left = l.left[n:]
			}
		}
		return scores[i%span]
	}
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

// impact is the second factor of the formula, in 65535ths, of a term that comes count
// times.
func impact(count uint32, norm float64) uint32 {
	f := float64(count)
	return uint32(max(1, math.Round(float64(fullImpact*f)/(f+norm))))
}

// weight is the first factor of the formula, in 65536ths.
func (x *wordIndex) weight(term uint32) float64 {
	with := float64(len(x.with(term)))
	idf := math.Log1p((float64(x.examples) - with + 0.5) / (with + 0.5))
	return max(1, math.Round(idf*(1<<16)))
}
