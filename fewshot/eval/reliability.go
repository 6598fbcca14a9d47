package eval

import (
	"fmt"
	"math"
	"sort"
)

// A Reliability compares a Predictor's probabilities with its accuracy: of the
// answers with probability 0.8, four in five should be right. The slices have one
// element for each bin. The bins have equal widths, from 0 to 1, and a probability
// on the border of two is in the lower one.
type Reliability struct {
	// ECE is the expected calibration error (Naeini et al. 2015): the mean distance
	// between probability and accuracy over the bins, each weighed by its cases. 0 is
	// perfect.
	ECE float64

	Cases       []int
	Probability []float64 // the mean; 0 in an empty bin
	Accuracy    []float64 // the mean score
}

// Reliability sorts the cases into n bins by their probability; 10 are usual. It
// leaves out cases that have none: invalid answers, abstentions, and all cases of a
// Predictor that gives no probabilities.
func (r *Report) Reliability(n int) *Reliability {
	n = max(n, 1)
	x := &Reliability{Cases: make([]int, n), Probability: make([]float64, n), Accuracy: make([]float64, n)}
	all := 0
	for _, one := range r.Results {
		if !one.labelled() || !(one.Probability > 0) {
			continue
		}
		bin := sort.Search(n-1, func(i int) bool { return one.Probability <= float64(i+1)/float64(n) })
		x.Cases[bin]++
		x.Probability[bin] += one.Probability
		x.Accuracy[bin] += one.Score
		all++
	}
	for bin, cases := range x.Cases {
		if cases > 0 {
			x.Probability[bin] /= float64(cases)
			x.Accuracy[bin] /= float64(cases)
			x.ECE += float64(cases) / float64(all) * math.Abs(x.Probability[bin]-x.Accuracy[bin])
		}
	}
	return x
}

// String returns the bins that have cases as aligned text, and the ECE.
func (x *Reliability) String() string {
	rows := [][]string{{"probability", "cases", "mean", "accuracy"}}
	for bin, cases := range x.Cases {
		if cases > 0 {
			n := float64(len(x.Cases))
			rows = append(rows, []string{
				fmt.Sprintf("%.2f to %.2f", float64(bin)/n, float64(bin+1)/n), fmt.Sprint(cases),
				fmt.Sprintf("%.3f", x.Probability[bin]), fmt.Sprintf("%.3f", x.Accuracy[bin]),
			})
		}
	}
	return aligned(rows, 1) + fmt.Sprintf("expected calibration error %.3f\n", x.ECE)
}
