package fewshot

import "math"

// fitted returns the scale and the offsets under which the labels that were wanted
// are likeliest. logs holds the log probabilities of the labels for each case.
//
// The loss is the mean of -log p'(wanted), with the calibration's p', and a
// Gaussian prior: a scale of 1 with deviation 1, offsets of 0 with deviation 3. It
// is convex. Each step divides the gradient by the diagonal of the second
// derivatives, and is halved until the loss falls enough.
func fitted(logs [][]float64, wanted []int) (scale float64, offset []float64) {
	k := len(logs[0])
	here, next := newPoint(k), newPoint(k)
	here.at[k] = 1
	here.measure(logs, wanted)
	step := 1.0
	for range 2000 {
		fall := 0.0 // what the gradient promises
		for i, g := range here.gradient {
			next.at[i] = here.at[i] - step*g/here.curve[i]
			if i == k {
				next.at[k] = max(next.at[k], 0) // more likely must not become less likely
			}
			fall += g * (here.at[i] - next.at[i])
		}
		if fall < step*1e-14 || step < 1e-9 {
			break
		}
		if next.measure(logs, wanted); next.loss < here.loss-fall/10 {
			here, next = next, here
			step = 1
		} else {
			step /= 2
		}
	}
	return here.at[k], here.at[:k]
}

// A point has the offsets of k labels, followed by the scale, and the loss there.
type point struct {
	at       []float64
	loss     float64
	gradient []float64 // the first derivatives of the loss
	curve    []float64 // the diagonal of the second derivatives
	p        []float64 // for measure
}

func newPoint(k int) *point {
	return &point{at: make([]float64, k+1), gradient: make([]float64, k+1), curve: make([]float64, k+1), p: make([]float64, k)}
}

// measure sets the loss and its derivatives.
func (at *point) measure(cases [][]float64, wanted []int) {
	k := len(at.p)
	n := float64(len(cases))
	at.loss = 0
	for i, x := range at.at {
		centre, variance := 0.0, 9.0
		if i == k {
			centre, variance = 1, 1
		}
		at.loss += (x - centre) * (x - centre) / (2 * variance * n)
		at.gradient[i] = (x - centre) / (variance * n)
		at.curve[i] = 1 / (variance * n)
	}
	for i, logs := range cases {
		for j, x := range logs {
			at.p[j] = at.at[k]*x + at.at[j]
		}
		softmax(at.p) // cannot fail: logs and offsets are finite
		at.loss -= math.Log(at.p[wanted[i]]) / n
		mean, square := 0.0, 0.0
		for j, x := range logs {
			p := at.p[j]
			mean += p * x
			square += p * x * x
			at.gradient[j] += p / n
			at.curve[j] += p * (1 - p) / n
		}
		at.gradient[wanted[i]] -= 1 / n
		at.gradient[k] += (mean - logs[wanted[i]]) / n
		at.curve[k] += max(square-mean*mean, 0) / n
	}
}
