package eval

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"slices"

	"github.com/foreword-go/foreword/fewshot"
)

// Split parts labelled examples into two, for example a pool of shots and the
// cases to measure on. The first gets the share, 0 to 1, of the examples, and both
// keep their order.
//
// The seed and an example's input alone decide its place in line, so an example
// that is added moves at most one other. Examples with the same input stay
// together.
func Split[In, Out any](examples []fewshot.Example[In, Out], share float64, seed uint64) (first, second []fewshot.Example[In, Out]) {
	places := make([]uint64, len(examples))
	order := make([]int, len(examples))
	for i, e := range examples {
		h := fnv.New64a()
		fmt.Fprint(h, e.In)
		places[i], order[i] = mixed(h.Sum64()^mixed(seed)), i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(places[i], places[j]) })
	n := int(math.Round(min(max(share, 0), 1) * float64(len(examples))))
	for n > 0 && n < len(order) && places[order[n]] == places[order[n-1]] {
		n++
	}
	inFirst := make([]bool, len(examples))
	for _, i := range order[:n] {
		inFirst[i] = true
	}
	for i, e := range examples {
		if inFirst[i] {
			first = append(first, e)
		} else {
			second = append(second, e)
		}
	}
	return first, second
}

// mixed spreads a hash over all bits: the finalizer of SplitMix64.
func mixed(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
