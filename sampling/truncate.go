package sampling

import "math"

// draw applies temperature, top-k, top-p and min-p and picks a candidate. None
// of them sorts the vocabulary.
func (d *Decoder) draw(candidates []Candidate) int {
	p := &d.params
	if p.TopK > 0 {
		candidates = topK(candidates, p.TopK)
	}
	total := weigh(candidates, p.Temperature)
	if p.TopP > 0 && p.TopP < 1 {
		// The tokens below the limit sum to less than 1 - TopP: none is in the
		// nucleus.
		nucleus := atLeast(candidates, (1-p.TopP)*total/float64(len(candidates)))
		candidates = nucleus[:place(nucleus, p.TopP*total)+1]
		total = sum(candidates)
	}
	if p.MinP > 0 {
		candidates = atLeast(candidates, p.MinP)
		total = sum(candidates)
	}
	at := d.random.Float64() * total
	if p.TopK > 0 || p.TopP > 0 && p.TopP < 1 || p.MinP > 0 {
		// As if they were sorted: then the draw does not depend on their order.
		return candidates[place(candidates, math.Nextafter(at, math.Inf(1)))].ID
	}
	for _, c := range candidates {
		if at -= c.Logprob; at < 0 {
			return c.ID
		}
	}
	return candidates[len(candidates)-1].ID // rounding left a sliver at the end
}

// weigh replaces each Logprob by the token's probability relative to the most
// likely one, and returns the sum.
func weigh(candidates []Candidate, temperature float64) (total float64) {
	best := math.Inf(-1)
	for _, c := range candidates {
		best = max(best, c.Logprob)
	}
	for i := range candidates {
		w := 1.0 // also for infinite logits, whose difference is NaN
		if candidates[i].Logprob != best {
			w = math.Exp((candidates[i].Logprob - best) / temperature)
		}
		candidates[i].Logprob = w
		total += w
	}
	return total
}

func sum(candidates []Candidate) (total float64) {
	for _, c := range candidates {
		total += c.Logprob
	}
	return total
}

// atLeast returns the candidates with at least that weight.
func atLeast(candidates []Candidate, weight float64) []Candidate {
	left := candidates[:0]
	for _, c := range candidates {
		if c.Logprob >= weight {
			left = append(left, c)
		}
	}
	return left
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

// place returns the index at which the sum of the weights, best first, reaches
// target, or the last index. It reorders the candidates so that better ones are
// before the index and worse ones after it.
func place(candidates []Candidate, target float64) int {
	lo, hi := 0, len(candidates)-1
	for lo < hi {
		middle := lo + partition(candidates[lo:hi+1])
		above := sum(candidates[lo:middle])
		if above >= target {
			hi = middle - 1
			continue
		}
		if target -= above + candidates[middle].Logprob; target <= 0 || middle == hi {
			return middle
		}
		lo = middle + 1
	}
	return lo
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
