package sampling

import "math"

// draw applies temperature, top-k, top-p and min-p and picks a candidate. None
// of them sorts the vocabulary.
func (d *Decoder) draw(candidates []Candidate) int {
	p := &d.params
	if p.TopK > 0 {
		candidates = topK(candidates, p.TopK)
	}
	total, smallest := weigh(candidates, p.Temperature)
	least, nucleus := max(p.MinP, math.SmallestNonzeroFloat64), math.Inf(1)
	if 0 < p.TopP && p.TopP < 1 {
		nucleus = p.TopP * total
		// The tokens below this sum to less than 1 - TopP: none is in the nucleus.
		least = max(least, (1-p.TopP)*total/float64(len(candidates)))
	} else if p.TopK == 0 && p.MinP == 0 {
		return pick(candidates, d.random.Float64()*total)
	}
	if smallest < least {
		candidates = keep(candidates, candidates, 0, key(least)+1)
	}
	if len(d.spare) < len(candidates) {
		d.spare = make([]Candidate, len(candidates))
	}
	left := ranking{all: candidates, spare: d.spare, shift: topShift}
	last, sum := left.reach(nucleus)
	// As if they were sorted: then the draw does not depend on their order.
	drawn, _ := left.reach(math.Nextafter(d.random.Float64()*sum, math.Inf(1)))
	if last.better(drawn) {
		return last.ID // the last bit of a sum depends on the order
	}
	return drawn.ID
}

// pick returns the candidate at which the sum of the weights exceeds target.
func pick(candidates []Candidate, target float64) int {
	for _, c := range candidates {
		if target -= c.Logprob; target < 0 {
			return c.ID
		}
	}
	return candidates[len(candidates)-1].ID // rounding left a sliver at the end
}

// weigh replaces each Logprob by the token's probability relative to the most
// likely one, and returns the sum and the smallest.
func weigh(candidates []Candidate, temperature float64) (total, smallest float64) {
	best, smallest := math.Inf(-1), 1.0
	for _, c := range candidates {
		best = max(best, c.Logprob)
	}
	for i := range candidates {
		w := 1.0 // also for infinite logits, whose difference is NaN
		if candidates[i].Logprob != best {
			w = math.Exp((candidates[i].Logprob - best) / temperature)
			smallest = min(smallest, w)
		}
		candidates[i].Logprob = w
		total += w
	}
	return total, smallest
}

// topK returns the k best candidates, unordered, by Hoare's FIND (1961).
func topK(candidates []Candidate, k int) []Candidate {
	for lo, hi := 0, len(candidates)-1; lo < hi && k <= hi; {
		if middle := lo + partition(candidates[lo:hi+1]); middle >= k {
			hi = middle - 1
		} else {
			lo = middle + 1
		}
	}
	return candidates[:min(k, len(candidates))]
}

// partition picks a candidate, moves the better ones before it, and returns its
// index.
func partition(c []Candidate) int {
	last := len(c) - 1
	middle := last / 2
	if c[middle].better(c[0]) {
		c[middle], c[0] = c[0], c[middle]
	}
	if c[last].better(c[0]) {
		c[last], c[0] = c[0], c[last]
	}
	if c[middle].better(c[last]) {
		c[last], c[middle] = c[middle], c[last]
	}
	pivot, at := c[last], 0 // the median of three
	for i, x := range c[:last] {
		if x.better(pivot) {
			c[i], c[at] = c[at], x
			at++
		}
	}
	c[at], c[last] = pivot, c[at]
	return at
}
