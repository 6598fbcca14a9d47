package fewshot

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/foreword-go/foreword/sampling"
)

// A Classifier chooses one of a closed set of labels and gives each a
// probability. It is immutable and safe for concurrent use.
//
// It uses the best method that the backend allows, which Classification.Method
// names:
//
//   - A [sampling.Scorer] scores each label as the continuation, which is exact.
//   - Otherwise the top logprobs of the first token decide, if no two labels begin
//     with the same token and the labels have most of the probability.
//   - Otherwise answers are drawn and counted as votes. With Task.Constrain each of
//     them is one of the labels.
type Classifier[In, L any] struct {
	prompter *Prompter[In, L]
	labels   []L
	texts    []string // the labels as they are in a prompt
	options  ClassifierOptions[In]

	calibration *calibration // nil: none
}

// ClassifierOptions are the options of [NewClassifier].
type ClassifierOptions[In any] struct {
	// Normalize makes labels of different length comparable.
	Normalize Normalization

	// ContentFree are content-free inputs for [Classifier.Calibrate]. For inputs of
	// type string, nil is "N/A", "[MASK]" and the empty text, as in Zhao et al.
	// (2021).
	ContentFree []In

	// Abstain is the probability below which no label is given. 0 always gives one.
	Abstain float64

	// Samples is the number of votes, where answers vote; 0 is 10.
	Samples int
}

// A Normalization turns the log probabilities of a label's tokens into its score.
type Normalization int

const (
	// Sum adds them: the log probability of the label.
	Sum Normalization = iota
	// PerToken divides by the number of tokens.
	PerToken
	// PerByte divides by the number of bytes, which does not depend on the
	// tokenizer.
	PerByte
	// Unconditional subtracts the label's score without examples and input, so that
	// common words are not preferred (Brown et al. 2020, section 2.4).
	Unconditional
)

// A Method is how a Classifier weighed the labels.
type Method string

const (
	ByScore      Method = "by score"       // each label was scored as the continuation
	ByFirstToken Method = "by first token" // the top logprobs of the first token decided
	ByVotes      Method = "by votes"       // answers were drawn and counted
)

// A Classification is the label of one input.
type Classification[L any] struct {
	Label         L         // the zero L where the Classifier abstained
	Probability   float64   // of the likeliest label, 0 to 1
	Abstained     bool      // Probability is below ClassifierOptions.Abstain
	Probabilities []float64 // one for each label, in their order; they sum to 1
	Method        Method
	Calibrated    bool
	Prompt        *Prompt
	Usage         sampling.Usage // as the backend reports it
}

// NewClassifier returns a Classifier over labels. The Prompter's Out codec writes
// them.
func NewClassifier[In, L any](p *Prompter[In, L], labels []L, o ClassifierOptions[In]) (*Classifier[In, L], error) {
	if p == nil {
		return nil, mistake("a Classifier without a Prompter; compile a Task for it")
	}
	if o.Samples < 0 {
		return nil, mistake("ClassifierOptions.Samples is %d; use 0 for 10, or a positive number", o.Samples)
	}
	if !(o.Abstain >= 0 && o.Abstain <= 1) {
		return nil, mistake("ClassifierOptions.Abstain is %v; use a probability, 0 to 1", o.Abstain)
	}
	if o.Normalize < Sum || o.Normalize > Unconditional {
		return nil, mistake("ClassifierOptions.Normalize is %d; use Sum, PerToken, PerByte or Unconditional", int(o.Normalize))
	}
	if len(labels) < 2 {
		return nil, mistake("a Classifier of %d labels; name at least two", len(labels))
	}
	texts := make([]string, len(labels))
	for i, label := range labels {
		text, err := p.output(label)
		if err == nil && slices.Contains(texts[:i], text) {
			err = fmt.Errorf("is the same as that of label %d", slices.Index(texts, text)+1)
		}
		if err != nil {
			return nil, mistake("label %d, %q: its text %v", i+1, fmt.Sprint(label), err)
		}
		texts[i] = text
	}
	return &Classifier[In, L]{prompter: p, labels: slices.Clone(labels), texts: texts, options: o}, nil
}

// Classify chooses the label of in. Of labels with equal probability it takes the
// first. When the model fails, the Classification holds the Prompt and the Method
// that was tried.
func (c *Classifier[In, L]) Classify(ctx context.Context, m sampling.Model, in In) (*Classification[L], error) {
	query, err := c.prompter.query(in)
	if err != nil {
		return nil, err
	}
	result, err := c.weigh(ctx, m, query, c.vote)
	if err != nil {
		return result, err
	}
	if c.calibration != nil && result.Method == c.calibration.method {
		c.calibration.apply(result.Probabilities)
		result.Calibrated = true
	}
	best := slices.Index(result.Probabilities, slices.Max(result.Probabilities))
	result.Probability = result.Probabilities[best]
	if result.Abstained = result.Probability < c.options.Abstain; !result.Abstained {
		result.Label = c.labels[best]
	}
	return result, nil
}

// weigh returns the labels' probabilities by the best method that the backend
// allows; vote is the last one. Without a Prompt, the Classification is nil.
func (c *Classifier[In, L]) weigh(ctx context.Context, m sampling.Model, query string, vote func(context.Context, sampling.Model, *Classification[L]) error) (*Classification[L], error) {
	prompt := new(Prompt)
	err := c.prompter.fill(ctx, prompt, m, query)
	if err != nil {
		return nil, err
	}
	result := &Classification[L]{Prompt: prompt}
	for _, way := range []struct {
		method Method
		weigh  func(context.Context, sampling.Model, *Classification[L]) error
	}{
		{ByScore, c.score},
		{ByFirstToken, c.firstToken},
		{ByVotes, vote},
	} {
		result.Method = way.method
		if err = way.weigh(ctx, m, result); !errors.Is(err, sampling.ErrUnsupported) {
			break
		}
	}
	return result, err
}
