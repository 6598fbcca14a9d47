package choose

import "math"

// A wordVector is a text as the weights of its terms, in the order of their
// numbers, of length 1: what two texts have in common is then their product.
type wordVector []termWeight

type termWeight struct {
	term   uint32
	weight float64
}

// vector weighs each term of a text of the pool as BM25 does. It is never nil.
func (x *wordIndex) vector(text string) wordVector {
	counts, length := x.count(text)
	v := make(wordVector, len(counts))
	norm, sum := x.norm(length), 0.0
	for i, c := range counts {
		weight := x.weight(c.term) * float64(impact(c.count, norm))
		v[i] = termWeight{c.term, weight}
		sum += float64(weight * weight)
	}
	for i := range v {
		v[i].weight /= math.Sqrt(sum)
	}
	return v
}

// cosine is 1 for texts of the same words and 0 for those that share none.
func (v wordVector) cosine(other wordVector) float64 {
	sum := 0.0
	for i, j := 0, 0; i < len(v) && j < len(other); {
		switch a, b := v[i], other[j]; {
		case a.term < b.term:
			i++
		case a.term > b.term:
			j++
		default:
			sum += float64(a.weight * b.weight)
			i, j = i+1, j+1
		}
	}
	return sum
}
