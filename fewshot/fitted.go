package fewshot

import "math"

// fitted returns the scale and the offsets under which the labels that were wanted
// are likeliest. logs holds the log probabilities of the labels for each case.
//
// The loss is the mean of -log p'(wanted), with the calibration's p', and a
// Gaussian prior: a scale of 1 with deviation 1, offsets of 0 with deviation 3. It
// is convex. Each step divides the gradient by the diagonal of the second
// derivatives, and is halved until the loss falls.
func fitted(logs [][]float64, wanted []int) (scale float64, offset []float64) {
	k := len(logs[0])
	f := &fittedLoss{logs: logs, wanted: wanted, p: make([]float64, k)}
	at := append(make([]float64, k), 1) // the offsets, then the scale
	next := make([]float64, k+1)
	gradient, curve := make([]float64, k+1), make([]float64, k+1)
	loss := f.of(at, gradient, curve)
	nextGradient, nextCurve := make([]float64, k+1), make([]float64, k+1)
	for range 1000 {
		slope := 0.0
		for i, g := range gradient {
			slope += g * g / curve[i]
		}
		if slope < 1e-14 {
			break
		}
		lower := math.Inf(1)
		for step := 1.0; step > 1e-9; step /= 2 {
			for i := range at {
				next[i] = at[i] - step*gradient[i]/curve[i]
			}
			next[k] = max(next[k], 0) // more likely must not become less likely
			if lower = f.of(next, nextGradient, nextCurve); lower <= loss-step*slope/10 {
				break
			}
		}
		if !(lower < loss) {
			break
		}
		loss, at, next = lower, next, at
		gradient, nextGradient = nextGradient, gradient
		curve, nextCurve = nextCurve, curve
	}
	return at[k], at[:k]
}

type fittedLoss struct {
	logs   [][]float64
	wanted []int
	p      []float64
}

// of returns the loss at the offsets and the scale, and fills in its first
// derivatives and the diagonal of the second.
func (f *fittedLoss) of(at, gradient, curve []float64) float64 {
	k := len(at) - 1
	n := float64(len(f.logs))
	loss := 0.0
	for i, x := range at {
		centre, variance := 0.0, 9.0
		if i == k {
			centre, variance = 1, 1
		}
		loss += (x - centre) * (x - centre) / (2 * variance * n)
		gradient[i] = (x - centre) / (variance * n)
		curve[i] = 1 / (variance * n)
	}
	for i, logs := range f.logs {
		best := math.Inf(-1)
		for j, x := range logs {
			f.p[j] = at[k]*x + at[j]
			best = max(best, f.p[j])
		}
		wanted := f.p[f.wanted[i]]
		sum := 0.0
		for j, x := range f.p {
			f.p[j] = math.Exp(x - best)
			sum += f.p[j]
		}
		loss += (best + math.Log(sum) - wanted) / n
		mean, square := 0.0, 0.0
		for j, x := range logs {
			p := f.p[j] / sum
			mean += p * x
			square += p * x * x
			gradient[j] += p / n
			curve[j] += p * (1 - p) / n
		}
		gradient[f.wanted[i]] -= 1 / n
		gradient[k] += (mean - logs[f.wanted[i]]) / n
		curve[k] += max(square-mean*mean, 0) / n
	}
	return loss
}
