package choose

import (
	"cmp"
	"math"
	"slices"
)

// A wordVector is a text as the weights of its terms, in the order of their
// numbers, of length 1: what two texts have in common is then their product.
type wordVector []termWeight

type termWeight struct {
	term   uint32
	weight float64
}

// vector weighs each term of a text of the pool as BM25 does. It is never nil.
func (x *wordIndex) vector(text string) wordVector {
	var words terms
	v := wordVector{}
	length := 0
	words.of(text)
	for word := words.next(); word != nil; word = words.next() {
		length++
		if t, ok := x.terms[string(word)]; ok {
			v = append(v, termWeight{t, 1})
		}
	}
	slices.SortFunc(v, func(a, b termWeight) int { return cmp.Compare(a.term, b.term) })
	n := 0
	for i := range v {
		if i > 0 && v[i].term == v[n-1].term {
			v[n-1].weight++
			continue
		}
		v[n] = v[i]
		n++
	}
	v = v[:n]
	norm, sum := x.norm(length), 0.0
	for i := range v {
		v[i].weight = float64(x.weight(v[i].term)) * float64(impactOf(v[i].weight, norm))
		sum += float64(v[i].weight * v[i].weight)
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
