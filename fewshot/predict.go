package fewshot

import (
	"context"

	"github.com/foreword-go/foreword/sampling"
)

// A Prediction is one answer as package eval measures it.
type Prediction[Out any] struct {
	Value       Out
	Probability float64 // of the value, where the predictor knows it; otherwise 0
	Abstained   bool    // the probability was too low, and there is no Value
	Prompt      *Prompt
	Usage       sampling.Usage
}

// Predict is [Prompter.Do] for package eval. Each input has a seed of its own, as
// in [Prompter.Map].
func (p *Prompter[In, Out]) Predict(ctx context.Context, m sampling.Model, in In) (*Prediction[Out], error) {
	a, err := p.seeded(ctx, m, in)
	return &Prediction[Out]{Value: a.Value, Prompt: a.Prompt, Usage: a.Usage}, err
}

// Predict is [Classifier.Classify] for package eval.
func (c *Classifier[In, L]) Predict(ctx context.Context, m sampling.Model, in In) (*Prediction[L], error) {
	r, err := c.Classify(ctx, m, in)
	if r == nil {
		return &Prediction[L]{}, err
	}
	return &Prediction[L]{Value: r.Label, Probability: r.Probability, Abstained: r.Abstained, Prompt: r.Prompt, Usage: r.Usage}, err
}

// Accepts checks an example as Compile would, and returns its error. Package eval
// checks cases with it before anything is sent.
func (p *Prompter[In, Out]) Accepts(in In, out Out) error {
	if _, err := p.query(in); err != nil {
		return err
	}
	if _, err := p.writable(out); err != nil {
		return &ValueError{Example: noExample, Field: "output", Err: err}
	}
	return nil
}

// Accepts is [Prompter.Accepts] of the Classifier's Prompter.
func (c *Classifier[In, L]) Accepts(in In, label L) error { return c.prompter.Accepts(in, label) }
