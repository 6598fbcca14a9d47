package fewshot

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
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
	// some label, and is divided out. It is not used when answers vote.
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

// Probability returns the probability of the label that was chosen.
func (c *Classification[L]) Probability() float64 { return slices.Max(c.Probabilities) }

// Classify chooses the label of in. Of labels with the same probability it
// takes the first.
func (c *Classifier[In, L]) Classify(ctx context.Context, m sampling.Model, in In) (*Classification[L], error) {
	labels, err := c.labels()
	if err != nil {
		return nil, err
	}
	column, input, order, err := c.Task.choose(ctx, in)
	if err != nil {
		return nil, err
	}
	prompt, err := column.prompt(m, c.Task.Params, input, order)
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
		if p, err = way.weigh(ctx, m, prompt, labels); errors.Is(err, sampling.ErrUnsupported) {
			continue
		}
		if err == nil && way.method != ByVotes {
			err = c.calibrate(ctx, m, prompt, p, way.method, func(p *Prompt) ([]float64, error) {
				return way.weigh(ctx, m, p, labels)
			})
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

// score weighs the labels by their probability as the continuation. Where one
// label begins another, each is scored together with what ends it, since "New"
// would otherwise get the share of "New York" too.
func (c *Classifier[In, L]) score(ctx context.Context, m sampling.Model, prompt *Prompt, labels []string) ([]float64, error) {
	l := prompt.column.layout
	end := ""
	if anyPrefix(labels) {
		end = l.format.After
	}
	continuations := make([]string, len(labels))
	for i, label := range labels {
		continuations[i] = l.pad + label + end
	}
	scores, err := m.Score(ctx, prompt.Text, continuations)
	if err != nil {
		return nil, err
	}
	weights := make([]float64, len(labels))
	for i, s := range scores {
		weights[i] = s.Logprob
		switch c.Normalize {
		case PerToken:
			weights[i] /= float64(max(len(s.Tokens), 1))
		case PerByte:
			weights[i] /= float64(len(labels[i]))
		}
	}
	if c.Normalize == Unconditional {
		alone, err := m.Score(ctx, strings.TrimLeft(l.open, "\n"), continuations)
		if err != nil {
			return nil, err
		}
		for i, s := range alone {
			weights[i] -= s.Logprob
		}
	}
	return softmax(weights)
}

func anyPrefix(labels []string) bool {
	for i, a := range labels {
		for j, b := range labels {
			if i != j && strings.HasPrefix(b, a) {
				return true
			}
		}
	}
	return false
}

// softmax turns log weights into probabilities, in place.
func softmax(weights []float64) ([]float64, error) {
	best := slices.Max(weights)
	if math.IsNaN(best) || math.IsInf(best, 0) {
		return nil, fmt.Errorf("fewshot: the labels' scores are %v; the backend gives none of them a probability", weights)
	}
	for i, w := range weights {
		weights[i] = math.Exp(w - best)
	}
	return normalized(weights), nil
}

func normalized(p []float64) []float64 {
	sum := 0.0
	for _, w := range p {
		sum += w
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// firstToken weighs the labels by the tokens that could come first. A label none
// of whose beginnings is among the alternatives gets the probability 0.
func (c *Classifier[In, L]) firstToken(ctx context.Context, m sampling.Model, prompt *Prompt, labels []string) ([]float64, error) {
	var completion *sampling.Completion
	var err error
	// OpenAI takes 5 at most, most others take 20.
	for _, alternatives := range []int{20, 5} {
		request := prompt.Request(c.Task.Params)
		request.Stop = nil // a stop sequence would take the token's report with it
		request.Params.MaxTokens, request.Params.Temperature, request.Params.Logprobs = 1, 0, alternatives
		completion, err = m.Complete(ctx, request)
		if !errors.Is(err, sampling.ErrUnsupported) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	if len(completion.Tokens) == 0 {
		return nil, fmt.Errorf("%w: no log probability came back for the first token", sampling.ErrUnsupported)
	}
	weights := make([]float64, len(labels))
	found := false
	for _, a := range completion.Tokens[0].Top {
		begins := -1
		token := strings.TrimLeft(a.Text, " \t")
		for i, label := range labels {
			if token == "" || !strings.HasPrefix(label, token) && !strings.HasPrefix(token, label) {
				continue
			}
			if begins >= 0 {
				return nil, fmt.Errorf("%w: labels %q and %q begin with the same token", sampling.ErrUnsupported, labels[begins], label)
			}
			begins = i
		}
		if begins >= 0 {
			weights[begins] += math.Exp(a.Logprob)
			found = true
		}
	}
	if !found {
		return nil, fmt.Errorf("%w: no label begins with any of the likeliest tokens", sampling.ErrUnsupported)
	}
	return normalized(weights), nil
}

// vote draws answers and counts the labels.
func (c *Classifier[In, L]) vote(ctx context.Context, m sampling.Model, prompt *Prompt, labels []string) ([]float64, error) {
	n := c.Samples
	if n == 0 {
		n = 10
	}
	request := prompt.Request(c.Task.Params)
	if request.Params.Temperature == 0 {
		request.Params.Temperature = 1 // the model's own distribution; greedy samples are all alike
	}
	drawn, err := m.Draw(ctx, request, n)
	if err != nil {
		return nil, err
	}
	weights := make([]float64, len(labels))
	found := false
	layout := prompt.column.layout
	for _, completion := range drawn {
		text, _ := layout.answer(completion.Text)
		for i, label := range labels {
			if strings.EqualFold(strings.TrimSpace(text), label) {
				weights[i]++
				found = true
				break
			}
		}
	}
	if !found {
		return nil, &AnswerError{Text: drawn[0].Text, Err: fmt.Errorf("and %d more are none of the labels %q", n-1, labels)}
	}
	return normalized(weights), nil
}
