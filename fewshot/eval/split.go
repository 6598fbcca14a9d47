package eval

import (
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
	for i, e := range examples {
		h := fnv.New64a()
		fmt.Fprint(h, e.In)
		places[i] = mixed(h.Sum64() ^ mixed(seed))
	}
	n := int(math.Round(min(max(share, 0), 1) * float64(len(examples))))
	inLine := slices.Sorted(slices.Values(places))
	for i, e := range examples {
		if n > 0 && places[i] <= inLine[n-1] {
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
