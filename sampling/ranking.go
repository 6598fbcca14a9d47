package sampling

import (
	"math"
	"slices"
)

// A ranking finds a place in the order of candidates with weights above 0, best
// first, without sorting many of them. It adds up their weights in bins, by the
// leading bits of the weights, and looks only at the bin that has the place.
type ranking struct {
	all   []Candidate
	spare []Candidate // room for the candidates of one bin
	first uint64      // the smallest key
	shift int         // the number of trailing bits in which the keys of a bin may differ
	full  bool        // bins has the sums
	bins  [1 << binBits]float64
}

const (
	binBits  = 11
	topShift = 46 // 64 bins for weights from 1 to 1/2, 64 for those down to 1/4, and so on
	few      = 64 // candidates to sort at once
)

// reach returns the candidate at which the sum of the weights, best first, reaches
// target, and that sum. If none does, it is the last one.
func (r *ranking) reach(target float64) (at Candidate, sum float64) {
	at, sum, ordered := walk(r.all, target)
	if ordered { // also many equal ones, which usually come by ID
		return at, sum
	}
	if len(r.all) <= few || r.shift < 0 {
		slices.SortFunc(r.all, Candidate.compare)
		at, sum, _ = walk(r.all, target)
		return at, sum
	}
	r.fill()
	bin, before := 0, 0.0
	sum = 0
	for i, s := range r.bins {
		if s > 0 {
			bin, before = i, sum
			if sum += s; sum >= target {
				break
			}
		}
	}
	inner := ranking{first: r.first + uint64(bin)<<r.shift, shift: r.shift - binBits}
	inner.all = r.members(inner.first, bin)
	inner.spare = inner.all
	at, sum = inner.reach(target - before)
	return at, before + sum
}

// walk is reach for candidates in order.
func walk(all []Candidate, target float64) (at Candidate, sum float64, ordered bool) {
	last := Candidate{math.MinInt, math.Inf(1)}
	for _, c := range all {
		if c.better(last) {
			return at, sum, false
		}
		last = c
		if sum < target {
			at, sum = c, sum+c.Logprob
		}
	}
	return at, sum, true
}

// fill adds up the bins.
func (r *ranking) fill() {
	if r.full {
		return
	}
	r.full = true
	var odd [1 << binBits]float64 // two adders, since each waits for its last addition
	for i, c := range r.all {
		bin := min((key(c)-r.first)>>r.shift, 1<<binBits-1)
		if i%2 == 0 {
			r.bins[bin] += c.Logprob
		} else {
			odd[bin] += c.Logprob
		}
	}
	for i, sum := range odd {
		r.bins[i] += sum
	}
}

// key is smaller for larger weights, which are at most 1.
func key(c Candidate) uint64 { return math.Float64bits(1) - math.Float64bits(c.Logprob) }

// members copies the candidates of a bin with this first key. It has no branch
// that a processor would have to predict.
func (r *ranking) members(first uint64, bin int) []Candidate {
	span := uint64(1)<<r.shift - 1
	if bin == len(r.bins)-1 {
		span = math.MaxUint64 - first // it has no end
	}
	n, spare := 0, r.spare
	for _, c := range r.all {
		spare[n] = c
		in := 0
		if key(c)-first <= span {
			in = 1
		}
		n += in
	}
	return spare[:n]
}
