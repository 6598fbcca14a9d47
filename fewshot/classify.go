package fewshot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/foreword-go/foreword/sampling"
)

// A Classifier chooses one of a closed set of labels and gives each a
// probability. Fill it in, then use it from any number of goroutines.
//
// How it goes about it depends on what the backend can do, and the
// [Classification] says which way it was:
//
//   - A [sampling.Scorer] tells the probability of each label as the
//     continuation. That is exact, and costs one reading for each label.
//   - Else the alternatives to the first token decide, if no two labels begin
//     with the same one.
//   - Else answers are drawn, and they vote.
type Classifier[In any, L ~string] struct {
	// Task has the examples, the format and the model's parameters.
	Task *Task[In, L]

	// Labels are the possible answers, each as Task.Out writes it.
	Labels []L

	// Normalize makes labels of different length comparable.
	Normalize Normalization

	// ContentFree turns on contextual calibration (Zhao et al. 2021): inputs that
	// say nothing, such as "N/A". What the model makes of them is its bias for
	// some label, and is divided out. It is not used when answers vote, which they
	// also do where the bias cannot be told.
	ContentFree []In

	// Samples is how many answers are drawn when they vote; 0 is 10.
	Samples int

	mu   sync.Mutex
	bias map[biasKey][]float64
}

// A Normalization says how a label's score is made from the log probabilities
// of its tokens.
type Normalization int

const (
	// Sum adds them up: the probability of the label itself.
	Sum Normalization = iota
	// PerToken divides by the number of tokens.
	PerToken
	// PerByte divides by the number of bytes, which does not depend on how the
	// tokenizer cuts.
	PerByte
	// Unconditional subtracts the score that the label has with no example and no
	// input before it, so that a label is not preferred for being a common word
	// (Brown et al. 2020, section 2.4).
	Unconditional
)

// A Method is how a Classification came about.
type Method int

const (
	ByScore      Method = iota // each label was scored as the continuation
	ByFirstToken               // the alternatives to the first token decided
	ByVotes                    // answers were drawn, and voted
)

var methodNames = [...]string{"by score", "by first token", "by votes"}

// String returns a lower-case name, such as "by score".
func (m Method) String() string {
	if m < 0 || int(m) >= len(methodNames) {
		return "unknown"
	}
	return methodNames[m]
}

// A Classification is the label of one input.
type Classification[L ~string] struct {
	Label         L
	Probabilities []float64 // one for each of Classifier.Labels, in their order; they sum to 1
	Method        Method
	Prompt        *Prompt
}

// Probability returns the probability of the label that was chosen, and 0 where
// an error kept one from being chosen.
func (c *Classification[L]) Probability() float64 {
	best := 0.0
	for _, p := range c.Probabilities {
		best = max(best, p)
	}
	return best
}

// Classify chooses the label of in. Of labels with the same probability it
// takes the first. When the model fails, the Classification holds the Prompt and
// the Method that was being tried.
func (c *Classifier[In, L]) Classify(ctx context.Context, m sampling.Model, in In) (*Classification[L], error) {
	labels, err := c.labels()
	if err != nil {
		return nil, err
	}
	column, input, order, err := c.Task.choose(ctx, in)
	if err != nil {
		return nil, err
	}
	prompt, err := column.prompt(ctx, m, c.Task.Params, input, order)
	if err != nil {
		return nil, err
	}
	result := &Classification[L]{Prompt: prompt}
	for _, way := range []struct {
		method Method
		weigh  func(context.Context, sampling.Model, *Prompt, []string) ([]float64, error)
	}{
		{ByScore, c.score},
		{ByFirstToken, c.firstToken},
		{ByVotes, c.vote},
	} {
		result.Method = way.method
		var p []float64
		p, err = way.weigh(ctx, m, prompt, labels)
		if err == nil && way.method != ByVotes {
			err = c.calibrate(ctx, m, prompt, labels, p, way.method, func(p *Prompt) ([]float64, error) {
				return way.weigh(ctx, m, p, labels)
			})
		}
		if errors.Is(err, sampling.ErrUnsupported) {
			continue
		}
		if err != nil {
			return result, err
		}
		result.Probabilities = p
		result.Label = c.Labels[slices.Index(p, slices.Max(p))]
		return result, nil
	}
	return result, err
}

// labels returns the labels as they stand behind the prompt.
func (c *Classifier[In, L]) labels() ([]string, error) {
	if c.Task == nil {
		return nil, errors.New("fewshot: Classifier.Task is nil; set it to a Task, with or without examples")
	}
	if c.Samples < 0 {
		return nil, fmt.Errorf("fewshot: Classifier.Samples is %d; use 0 for 10, or a positive number", c.Samples)
	}
	if c.Normalize < Sum || c.Normalize > Unconditional {
		return nil, fmt.Errorf("fewshot: Classifier.Normalize is %d; use Sum, PerToken, PerByte or Unconditional", int(c.Normalize))
	}
	if len(c.Labels) < 2 {
		return nil, fmt.Errorf("fewshot: a Classifier of %d labels; name at least two", len(c.Labels))
	}
	layout, err := c.Task.layout()
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(c.Labels))
	for i, label := range c.Labels {
		text, err := c.Task.Out.encode(label)
		if err == nil {
			text = layout.quoteOutput(text)
			err = layout.checkOutput(text, layout.format.Between+text+layout.format.After)
		}
		if err == nil && slices.Contains(texts[:i], text) {
			err = fmt.Errorf("is the same as that of label %d", slices.Index(texts, text)+1)
		}
		if err != nil {
			return nil, fmt.Errorf("fewshot: label %d, %q: its text %w", i+1, string(label), err)
		}
		texts[i] = text
	}
	return texts, nil
}
