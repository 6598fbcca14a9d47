package fewshot

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/foreword-go/foreword/sampling"
)

// A Classifier chooses one of a closed set of labels and gives each a
// probability. It does not change, and any number of goroutines may use it.
//
// How it weighs the labels depends on what the backend can do, and the
// [Classification] says which way it was:
//
//   - A [sampling.Scorer] tells the probability of each label as the
//     continuation, which is exact.
//   - Else the top logprobs of the first token decide, if no two labels begin
//     with the same token and the labels have most of the probability.
//   - Else answers are drawn, and they vote.
type Classifier[In, L any] struct {
	prompter *Prompter[In, L]
	labels   []L
	texts    []string // the labels as they are in a prompt
	options  ClassifierOptions[In]

	// What calibration found: the model's bias for each label, by one method.
	bias   []float64
	method Method
}

// ClassifierOptions are the options of [NewClassifier].
type ClassifierOptions[In any] struct {
	// Normalize makes labels of different length comparable.
	Normalize Normalization

	// ContentFree are inputs that say nothing, for [Classifier.Calibrate]. nil is
	// "N/A", "[MASK]" and the empty text, as in Zhao et al. (2021), where In is
	// string.
	ContentFree []In

	// Samples is how many answers are drawn when they vote; 0 is 10.
	Samples int
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
	ByFirstToken               // the top logprobs of the first token decided
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
type Classification[L any] struct {
	Label         L
	Probability   float64   // of the label
	Probabilities []float64 // one for each label, in their order; they sum to 1
	Method        Method
	Calibrated    bool // whether the model's bias was divided out
	Prompt        *Prompt
}

// NewClassifier makes a Classifier that chooses from labels, each written as the
// Prompter's Out codec writes it.
func NewClassifier[In, L any](p *Prompter[In, L], labels []L, o ClassifierOptions[In]) (*Classifier[In, L], error) {
	if p == nil {
		return nil, mistake("a Classifier without a Prompter; compile a Task for it")
	}
	if o.Samples < 0 {
		return nil, mistake("ClassifierOptions.Samples is %d; use 0 for 10, or a positive number", o.Samples)
	}
	if o.Normalize < Sum || o.Normalize > Unconditional {
		return nil, mistake("ClassifierOptions.Normalize is %d; use Sum, PerToken, PerByte or Unconditional", int(o.Normalize))
	}
	if len(labels) < 2 {
		return nil, mistake("a Classifier of %d labels; name at least two", len(labels))
	}
	layout := p.column.layout
	texts := make([]string, len(labels))
	for i, label := range labels {
		text, err := p.out.encode(label)
		if err == nil {
			text = layout.quoteOutput(text)
			err = layout.checkOutput(text, layout.format.Between+text+layout.format.After)
		}
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

// Classify chooses the label of in. Of labels with the same probability it takes
// the first. When the model fails, the Classification holds the Prompt and the
// Method that was being tried.
func (c *Classifier[In, L]) Classify(ctx context.Context, m sampling.Model, in In) (*Classification[L], error) {
	prompt, err := c.prompter.Prompt(ctx, m, in)
	if err != nil {
		return nil, err
	}
	p, method, err := c.weigh(ctx, m, prompt)
	result := &Classification[L]{Prompt: prompt, Method: method}
	if err != nil {
		return result, err
	}
	if c.bias != nil && method == c.method {
		unbias(p, c.bias)
		result.Calibrated = true
	}
	best := slices.Index(p, slices.Max(p))
	result.Label, result.Probability, result.Probabilities = c.labels[best], p[best], p
	return result, nil
}

// weigh returns the labels' probabilities by the best method that the backend
// allows.
func (c *Classifier[In, L]) weigh(ctx context.Context, m sampling.Model, prompt *Prompt) (p []float64, method Method, err error) {
	for _, way := range []struct {
		method Method
		weigh  func(context.Context, sampling.Model, *Prompt) ([]float64, error)
	}{
		{ByScore, c.score},
		{ByFirstToken, c.firstToken},
		{ByVotes, c.vote},
	} {
		method = way.method
		if p, err = way.weigh(ctx, m, prompt); !errors.Is(err, sampling.ErrUnsupported) {
			break
		}
	}
	return p, method, err
}

// Calibrate returns a Classifier that divides out the bias that m has for some
// labels: contextual calibration (Zhao et al. 2021). The bias is what m makes of
// the content-free inputs, on average, and is measured once, here. With a Selector
// that chooses by the query, it is measured with the shots that the content-free
// inputs get.
//
// It is for the model m alone. Where answers only vote, the error wraps
// [sampling.ErrUnsupported].
func (c *Classifier[In, L]) Calibrate(ctx context.Context, m sampling.Model) (*Classifier[In, L], error) {
	inputs, err := c.contentFree()
	if err != nil {
		return nil, err
	}
	calibrated := *c
	calibrated.bias = make([]float64, len(c.labels))
	for i, input := range inputs {
		picks, err := c.prompter.pick(ctx, input)
		if err != nil {
			return nil, err
		}
		prompt, err := c.prompter.column.prompt(ctx, m, c.prompter.params, input, picks)
		if err != nil {
			return nil, fmt.Errorf("content-free input %d: %w", i+1, err)
		}
		p, method, err := c.weigh(ctx, m, prompt)
		switch {
		case err != nil:
			return nil, fmt.Errorf("content-free input %d: %w", i+1, err)
		case method == ByVotes, i > 0 && method != calibrated.method:
			return nil, fmt.Errorf("fewshot: %w: calibrating needs the labels' probabilities, and content-free input %d was weighed %v", sampling.ErrUnsupported, i+1, method)
		}
		calibrated.method = method
		for j, w := range p {
			calibrated.bias[j] += w
		}
	}
	normalized(calibrated.bias)
	return &calibrated, nil
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
		text, err := c.prompter.in.encode(in)
		if err == nil && text != "" {
			text = c.prompter.column.layout.quoteInput(text)
			err = c.prompter.column.checkQuery(text)
		}
		if err != nil {
			return nil, fmt.Errorf("content-free input %d: %w", i+1, err)
		}
		texts[i] = text
	}
	return texts, nil
}

// unbias divides probabilities by the bias. A label that content-free inputs
// never get keeps a floor, since one over nothing would let it win for ever.
func unbias(p, bias []float64) {
	const floor = 1e-6
	for i := range p {
		p[i] /= max(bias[i], floor)
	}
	normalized(p)
}
