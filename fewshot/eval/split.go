package eval

import (
	"fmt"
	"hash/fnv"
	"math"
	"slices"

	"github.com/foreword-go/foreword/fewshot"
)

// Split splits labelled examples in two, for example into a pool of shots and the
// cases to measure on. The first gets the share, 0 to 1, of the examples. Both keep
// their order.
//
// Examples are ranked by a hash of the seed and the input. So one more example
// moves at most one other, and examples with the same input stay together.
func Split[In, Out any](examples []fewshot.Example[In, Out], share float64, seed uint64) (first, second []fewshot.Example[In, Out]) {
	hashes := make([]uint64, len(examples))
	for i, e := range examples {
		h := fnv.New64a()
		fmt.Fprint(h, e.In)
		hashes[i] = mixed(h.Sum64() ^ mixed(seed))
	}
	n := int(math.Round(min(max(share, 0), 1) * float64(len(examples))))
	ranked := slices.Sorted(slices.Values(hashes))
	for i, e := range examples {
		if n > 0 && hashes[i] <= ranked[n-1] {
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
