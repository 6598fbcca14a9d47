package fewshot

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"github.com/foreword-go/foreword/internal/parallel"
	"github.com/foreword-go/foreword/sampling"
)

// A calibration corrects the labels' probabilities, one label at a time:
//
//	log p' = scale · log p + offset - log of the sum over the labels
//
// It is valid for the method it was measured with.
type calibration struct {
	method Method
	scale  float64
	offset []float64
}

// leastProbability is a floor before a logarithm is taken. Otherwise a label that
// content-free inputs never get would always win.
const leastProbability = 1e-6

// apply corrects p in place. A label without any probability gets none.
func (c *calibration) apply(p []float64) {
	for i := range p {
		p[i] = c.scale*math.Log(p[i]) + c.offset[i]
		if math.IsNaN(p[i]) { // a scale of 0, and a probability of 0
			p[i] = c.offset[i]
		}
	}
	softmax(p) // cannot fail: some label has a probability
}

// Calibrate returns a Classifier that divides out m's label bias: contextual
// calibration (Zhao et al. 2021). The bias is the mean of the label probabilities
// for the content-free inputs, measured once, here.
//
// It needs no labelled cases. It does not always help: compare the two classifiers
// with package eval. The result is valid for m only. Where answers only vote, the
// error wraps [sampling.ErrUnsupported].
func (c *Classifier[In, L]) Calibrate(ctx context.Context, m sampling.Model) (*Classifier[In, L], error) {
	inputs, err := c.contentFree()
	if err != nil {
		return nil, err
	}
	weights, method, err := c.weighAll(ctx, m, "content-free input", inputs, 1)
	if err != nil {
		return nil, err
	}
	bias := make([]float64, len(c.labels))
	for _, w := range weights {
		for i, p := range w {
			bias[i] += p
		}
	}
	normalize(bias)
	for i, b := range bias {
		bias[i] = -math.Log(max(b, leastProbability))
	}
	return c.with(&calibration{method: method, scale: 1, offset: bias}), nil
}

// CalibrateOn returns a Classifier whose probabilities are fitted to labelled
// cases, by maximum likelihood with a weak prior: one temperature, and one bias for
// each label (bias-corrected temperature scaling, Alexandari et al. 2020). Use some
// hundred cases or more, and measure on other ones.
//
// The result is valid for m only. Where answers only vote, the error wraps
// [sampling.ErrUnsupported].
func (c *Classifier[In, L]) CalibrateOn(ctx context.Context, m sampling.Model, cases []Example[In, L]) (*Classifier[In, L], error) {
	if len(cases) == 0 {
		return nil, mistake("calibrating on no cases; give some that have labels, or use Calibrate")
	}
	inputs, wanted := make([]string, len(cases)), make([]int, len(cases))
	for i, e := range cases {
		text, err := c.prompter.output(e.Out)
		if wanted[i] = slices.Index(c.texts, text); err == nil && wanted[i] < 0 {
			err = fmt.Errorf("%q is not one of the labels %q", text, c.texts)
		}
		if err != nil {
			return nil, &ValueError{Example: i, At: e.At, Field: "output", Err: err}
		}
		inputs[i], err = c.prompter.query(e.In)
		if invalid, ok := errors.AsType[*ValueError](err); ok {
			invalid.Example, invalid.At = i, e.At
			return nil, invalid
		}
	}
	logs, method, err := c.weighAll(ctx, m, "calibrating on case", inputs, 4)
	if err != nil {
		return nil, err
	}
	for _, w := range logs {
		for i, p := range w {
			w[i] = math.Log(max(p, leastProbability))
		}
	}
	scale, offset := fitted(logs, wanted)
	return c.with(&calibration{method: method, scale: scale, offset: offset}), nil
}

// weighAll returns the labels' probabilities for each input. Votes cannot be
// calibrated, so none are drawn. Neither can inputs that were weighed by different
// methods. No input is sent after one that failed.
func (c *Classifier[In, L]) weighAll(ctx context.Context, m sampling.Model, what string, inputs []string, limit int) (all [][]float64, method Method, err error) {
	type weighed struct {
		*Classification[L]
		err error
	}
	noVotes := func(context.Context, sampling.Model, *Classification[L]) error { return nil }
	var failed atomic.Bool
	untilOneFails := func(yield func(string) bool) {
		for _, input := range inputs {
			if failed.Load() || !yield(input) {
				return
			}
		}
	}
	for w := range parallel.Do(ctx, untilOneFails, limit, true, func(ctx context.Context, input string) weighed {
		got, err := c.weigh(ctx, m, input, noVotes)
		if err != nil || got.Method == ByVotes {
			failed.Store(true)
		}
		return weighed{got, err}
	}) {
		if w.err == nil && (w.Method == ByVotes || all != nil && w.Method != method) {
			w.err = fmt.Errorf("%w: calibrating needs the labels' probabilities, but the labels are compared %v; use a backend that scores text or returns more top logprobs", sampling.ErrUnsupported, w.Method)
		}
		if w.err != nil {
			return nil, "", fmt.Errorf("fewshot: %s %d: %w", what, len(all)+1, w.err)
		}
		method = w.Method
		all = append(all, w.Probabilities)
	}
	return all, method, nil
}

// with returns a copy with another calibration.
func (c *Classifier[In, L]) with(k *calibration) *Classifier[In, L] {
	other := *c
	other.calibration = k
	return &other
}

// contentFree returns the content-free inputs as text. The empty text is one of
// them, though it is refused as the input of anything else.
func (c *Classifier[In, L]) contentFree() ([]string, error) {
	free := c.options.ContentFree
	if free == nil {
		var ok bool
		if free, ok = any([]string{"N/A", "[MASK]", ""}).([]In); !ok {
			return nil, mistake("ClassifierOptions.ContentFree is nil, which has a default for inputs of type string only; name inputs that say nothing")
		}
	}
	if len(free) == 0 {
		return nil, mistake("ClassifierOptions.ContentFree is empty; name an input that says nothing, or do not calibrate")
	}
	texts := make([]string, len(free))
	for i, in := range free {
		if text, err := c.prompter.in.encode(in); err == nil && text == "" {
			continue
		}
		var err error
		if texts[i], err = c.prompter.query(in); err != nil {
			return nil, fmt.Errorf("fewshot: content-free input %d: %w", i+1, err)
		}
	}
	return texts, nil
}
