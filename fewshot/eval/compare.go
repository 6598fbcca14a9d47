package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// A Comparison is the difference between two reports on the same cases. It compares
// each case with itself, so it detects smaller differences than two intervals do.
type Comparison struct {
	Difference float64 // the second report's accuracy less the first's
	Low, High  float64 // its 95 % interval, by a paired bootstrap of 10,000 samples

	// Better and Worse are how many cases score higher and lower in the second
	// report. P is the probability of a split at least as uneven if both were equally
	// good: McNemar's exact test, two-sided.
	Better, Worse int
	P             float64
}

// Compare compares two reports on the same cases, in the same order.
func Compare(first, second *Report) (*Comparison, error) {
	if first == nil || second == nil {
		return nil, named(mistakef("comparing a nil report; give the reports of two evaluations"))
	}
	n := len(first.Results)
	if n == 0 || n != len(second.Results) {
		return nil, named(mistakef("comparing reports of %d and %d cases; compare whole reports on the same cases", n, len(second.Results)))
	}
	c := &Comparison{}
	differences := make([]float64, n)
	for i, a := range first.Results {
		b := second.Results[i]
		if a.In != b.In || a.Want != b.Want {
			return nil, named(mistakef("comparing reports of different cases: case %d is %q, expecting %q, in the first and %q, expecting %q, in the second", i+1, a.In, a.Want, b.In, b.Want))
		}
		differences[i] = b.Score - a.Score
		switch {
		case b.Score > a.Score:
			c.Better++
		case b.Score < a.Score:
			c.Worse++
		}
	}
	c.Difference = sum(differences) / float64(n)
	c.Low, c.High = bootstrap(differences)
	c.P = mcnemar(c.Better, c.Worse)
	return c, nil
}

// String gives the difference in percentage points with its interval.
func (c *Comparison) String() string {
	return fmt.Sprintf("%+.1f points (95 %% interval %+.1f to %+.1f), %d better and %d worse, p = %.2g",
		100*c.Difference, 100*c.Low, 100*c.High, c.Better, c.Worse, c.P)
}

// bootstrap returns the middle 95 % of the means of resampled values. Its seed is
// fixed, so that the same reports compare alike.
func bootstrap(values []float64) (low, high float64) {
	const samples = 10_000
	random := rand.New(rand.NewPCG(1, 0))
	means := make([]float64, samples)
	for i := range means {
		total := 0.0
		for range values {
			total += values[random.IntN(len(values))]
		}
		means[i] = total / float64(len(values))
	}
	slices.Sort(means)
	return means[samples*25/1000], means[samples*975/1000-1]
}

// mcnemar is the two-sided p of McNemar's exact test: a binomial test of whether
// better and worse are equally likely.
func mcnemar(better, worse int) float64 {
	n := float64(better + worse)
	all, _ := math.Lgamma(n + 1)
	p := 0.0
	for k := range min(better, worse) + 1 {
		a, _ := math.Lgamma(float64(k) + 1)
		b, _ := math.Lgamma(n - float64(k) + 1)
		p += math.Exp(all - a - b - n*math.Ln2)
	}
	return min(2*p, 1)
}

func sum(values []float64) (total float64) {
	for _, x := range values {
		total += x
	}
	return total
}
