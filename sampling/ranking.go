package sampling

import (
	"math"
	"slices"
)

// A ranking finds a place in the order of candidates with weights above 0, best
// first, without sorting many of them. It adds up their weights in bins, by the
// leading bits of the weights, and looks only at the bin that has the place.
type ranking struct {
	all     []Candidate
	spare   []Candidate // room for the candidates of one bin
	first   uint64      // the smallest key
	shift   int         // the number of trailing bits in which the keys of a bin may differ
	ordered bool        // all is known to be in order
	full    bool        // bins has the sums
	bins    [1 << binBits]float64
}

const (
	binBits  = 11
	topShift = 46 // 64 bins for weights from 1 to 1/2, 64 for those down to 1/4, and so on
	few      = 64 // candidates to sort at once
)

// reach returns the candidate at which the sum of the weights, best first, reaches
// target, and that sum. If none does, it is the last one.
func (r *ranking) reach(target float64) (at Candidate, sum float64) {
	if r.full {
		return r.reachInBin(target)
	}
	last := Candidate{math.MinInt, math.Inf(1)}
	for _, c := range r.all { // many equal ones usually come in order, by ID
		if c.better(last) {
			return r.arrange().reach(target)
		}
		last = c
		if sum < target {
			at, sum = c, sum+c.Logprob
		} else if r.ordered {
			break
		}
	}
	r.ordered = true
	return at, sum
}

// arrange sorts few candidates, and adds up many in bins.
func (r *ranking) arrange() *ranking {
	if len(r.all) <= few || r.shift < 0 {
		slices.SortFunc(r.all, Candidate.compare)
		return r
	}
	var odd [1 << binBits]float64 // two adders, since each waits for its last addition
	for i, c := range r.all {
		bin := min((key(c.Logprob)-r.first)>>r.shift, 1<<binBits-1)
		if i%2 == 0 {
			r.bins[bin] += c.Logprob
		} else {
			odd[bin] += c.Logprob
		}
	}
	for i, sum := range odd {
		r.bins[i] += sum
	}
	r.full = true
	return r
}

func (r *ranking) reachInBin(target float64) (at Candidate, sum float64) {
	bin, before := 0, 0.0
	for i, s := range r.bins {
		if s > 0 {
			bin, before = i, sum
			if sum += s; sum >= target {
				break
			}
		}
	}
	inner := ranking{first: r.first + uint64(bin)<<r.shift, shift: r.shift - binBits}
	end := inner.first + 1<<r.shift
	if bin == len(r.bins)-1 {
		end = math.MaxUint64
	}
	inner.all = keep(r.spare, r.all, inner.first, end)
	inner.spare = inner.all
	at, sum = inner.reach(target - before)
	return at, before + sum
}

// key is smaller for a larger weight, which is at most 1.
func key(weight float64) uint64 { return math.Float64bits(1) - math.Float64bits(weight) }

// keep copies the candidates whose keys are from first on and before end. It has no
// branch that a processor would have to predict.
func keep(to, from []Candidate, first, end uint64) []Candidate {
	n := 0
	for _, c := range from {
		to[n] = c
		in := 0
		if key(c.Logprob)-first < end-first {
			in = 1
		}
		n += in
	}
	return to[:n]
}
