package eval

import (
	"fmt"
	"sort"
)

// A Reliability compares a Predictor's probabilities with its accuracy: of the
// answers with probability 0.8, four in five should be right.
type Reliability struct {
	// ECE is the expected calibration error (Naeini et al. 2015): the mean distance
	// between probability and score over the bins, each weighed by its cases. 0 is
	// perfect.
	ECE float64

	Bins []Bin // of equal width, from 0 to 1
}

// A Bin holds the cases with a probability in one range. A case on the border of
// two bins is in the lower one.
type Bin struct {
	Cases       int
	Probability float64 // the mean, 0 in an empty bin
	Accuracy    float64 // the mean score
}

// Reliability sorts the cases into n bins by their probability; 10 are usual. It
// leaves out cases that have none: invalid answers, abstentions, and all cases of a
// Predictor that gives no probabilities.
func (r *Report) Reliability(n int) *Reliability {
	n = max(n, 1)
	x := &Reliability{Bins: make([]Bin, n)}
	cases := 0
	for _, one := range r.Results {
		if !one.labelled() || !(one.Probability > 0) {
			continue
		}
		at := sort.Search(n-1, func(i int) bool { return one.Probability <= float64(i+1)/float64(n) })
		b := &x.Bins[at]
		b.Cases++
		b.Probability += one.Probability
		b.Accuracy += one.Score
		cases++
	}
	for i := range x.Bins {
		b := &x.Bins[i]
		if b.Cases == 0 {
			continue
		}
		b.Probability /= float64(b.Cases)
		b.Accuracy /= float64(b.Cases)
		x.ECE += float64(b.Cases) / float64(cases) * max(b.Probability-b.Accuracy, b.Accuracy-b.Probability)
	}
	return x
}

// String returns the bins that have cases as aligned text, and the ECE.
func (x *Reliability) String() string {
	rows := [][]string{{"probability", "cases", "mean", "accuracy"}}
	for i, b := range x.Bins {
		if b.Cases > 0 {
			n := float64(len(x.Bins))
			rows = append(rows, []string{
				fmt.Sprintf("%.2f to %.2f", float64(i)/n, float64(i+1)/n), fmt.Sprint(b.Cases),
				fmt.Sprintf("%.3f", b.Probability), fmt.Sprintf("%.3f", b.Accuracy),
			})
		}
	}
	return aligned(rows, 1) + fmt.Sprintf("expected calibration error %.3f\n", x.ECE)
}
