package eval

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A Case is an input with the answer that is expected.
type Case[In, Out any] = fewshot.Example[In, Out]

// Options say how an evaluation runs. The zero Options are useful.
type Options struct {
	Parallel int    // calls under way at once; 0 is 4
	Journal  string // a file that keeps what the model said, to go on after an interruption; "" is none
	Work     string // what the answers depend on besides task and cases, such as the model's name; see [fewshot.Mapping]
	Price    Price

	// Progress is called after each case, from the goroutine that called
	// Evaluate.
	Progress func(fewshot.Progress)
}

// A Price is what a million tokens cost, in any currency.
type Price struct{ Prompt, Completion float64 }

func (p Price) of(u sampling.Usage) float64 {
	return (float64(u.PromptTokens)*p.Prompt + float64(u.CompletionTokens)*p.Completion) / 1e6
}

// A Report is what an evaluation found.
type Report struct {
	Cases     int
	Accuracy  float64 // the mean score, 0 to 1
	Low, High float64 // its 95 % interval, by Wilson's score; wider than need be where cases are partly right
	Unread    int     // answers that could not be read, which count as wrong

	// Usage is the sum of what the backend told. A backend that is left at a stop
	// sequence may not have told all.
	Usage sampling.Usage
	Cost  float64 // by Options.Price
	Time  time.Duration

	Failures []Failure
}

// A Failure is a case with a score below 1.
type Failure struct {
	Case     int // its index
	In, Want string
	Got      string // "" where the answer could not be read
	Score    float64
	Err      error // why it could not be read
}

// String gives the accuracy with its interval, in percent.
func (r *Report) String() string {
	return fmt.Sprintf("%.1f %% of %d cases (95 %% interval %.1f to %.1f)", 100*r.Accuracy, r.Cases, 100*r.Low, 100*r.High)
}

// Evaluate runs the task over the cases and scores its answers. An answer that
// cannot be read is wrong; a model that fails is no answer, and ends the
// evaluation with its error and the report so far. With Options.Journal the same
// call goes on from there.
//
// A case that cannot stand in a prompt, stands in its own prompt as an example, or
// repeats another is an error before anything is asked, as is one whose answer the
// task's Out cannot write, such as a label that is none of OneOf's.
func Evaluate[In, Out any](ctx context.Context, task *fewshot.Task[In, Out], m sampling.Model, cases []Case[In, Out], metric Metric[Out], o Options) (*Report, error) {
	switch {
	case metric == nil:
		return nil, errors.New("eval: the metric is nil; give one such as eval.Exact")
	case len(cases) == 0:
		return nil, errors.New("eval: no cases to evaluate on")
	}
	if err := check(ctx, task, m, cases); err != nil {
		return nil, err
	}
	began := time.Now()
	report := &Report{}
	score := 0.0
	var failed error
	for result, err := range task.Map(ctx, m, inputs(cases), fewshot.Mapping{
		Parallel: o.Parallel, Journal: o.Journal, Work: o.Work, Progress: o.Progress,
	}) {
		if err == nil {
			var one float64
			one, err = addTo(report, result, cases[result.Index], metric)
			score += one
		}
		if err != nil {
			failed = err
			break
		}
	}
	if report.Cases > 0 {
		report.Accuracy = score / float64(report.Cases)
	}
	report.Low, report.High = Wilson(report.Accuracy, report.Cases)
	report.Cost = o.Price.of(report.Usage)
	report.Time = time.Since(began)
	return report, failed
}

func inputs[In, Out any](cases []Case[In, Out]) iter.Seq[In] {
	return func(yield func(In) bool) {
		for _, c := range cases {
			if !yield(c.In) {
				return
			}
		}
	}
}

// addTo scores one result.
func addTo[In, Out any](r *Report, result fewshot.Result[In, Out], c Case[In, Out], metric Metric[Out]) (score float64, err error) {
	failure := Failure{Case: result.Index, In: fmt.Sprint(c.In), Want: fmt.Sprint(c.Out)}
	var unread *fewshot.AnswerError
	switch {
	case errors.As(result.Err, &unread):
		failure.Err = result.Err
		r.Unread++
	case result.Err != nil:
		return 0, fmt.Errorf("eval: case %d: %w", result.Index+1, result.Err)
	default:
		if score, err = metric(c.Out, result.Out); err != nil {
			return 0, fmt.Errorf("eval: the metric on case %d: %w", result.Index+1, err)
		}
		if !(score >= 0 && score <= 1) {
			return 0, fmt.Errorf("eval: the metric gives case %d a score of %v; a score is from 0 to 1", result.Index+1, score)
		}
		failure.Got, failure.Score = fmt.Sprint(result.Out), score
	}
	r.Cases++
	r.Usage.PromptTokens += result.Usage.PromptTokens
	r.Usage.CompletionTokens += result.Usage.CompletionTokens
	r.Usage.CachedTokens += result.Usage.CachedTokens
	if score < 1 {
		r.Failures = append(r.Failures, failure)
	}
	return score, nil
}

// check refuses, before anything is asked, cases that cannot be, that would be
// shown together with their own answer, or that repeat and would be counted twice.
//
// A Selector need not be asked for it, and an Embedder not paid: a query is never
// among the examples that a Selector chose.
func check[In, Out any](ctx context.Context, task *fewshot.Task[In, Out], m sampling.Model, cases []Case[In, Out]) error {
	if task.Select != nil {
		task = task.Clone()
		task.Select, task.Examples = nil, nil
	}
	seen := make(map[string]int, len(cases))
	for i, c := range cases {
		prompt, err := task.Prompt(ctx, m, c.In)
		if err != nil {
			return fmt.Errorf("eval: case %d: %w", i+1, err)
		}
		if _, err := task.Out.Text(c.Out); err != nil {
			return fmt.Errorf("eval: case %d: output %w", i+1, err)
		}
		parts := prompt.Parts()
		query := ""
		for _, part := range parts {
			if part.Kind == fewshot.Query {
				query = part.Text
			}
		}
		for _, part := range parts {
			if part.Kind == fewshot.Input && part.Text == query {
				return fmt.Errorf("eval: case %d, %q, is among the examples that its own prompt shows; keep cases and examples apart", i+1, query)
			}
		}
		if first, ok := seen[query]; ok {
			return fmt.Errorf("eval: cases %d and %d are the same, %q; each counts once", first+1, i+1, query)
		}
		seen[query] = i
	}
	return nil
}
