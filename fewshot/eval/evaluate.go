package eval

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/internal/parallel"
	"github.com/foreword-go/foreword/sampling"
)

// A Predictor answers inputs. [fewshot.Prompter] and [fewshot.Classifier] are
// Predictors. Your own must be safe for concurrent use.
type Predictor[In, Out any] interface {
	Predict(ctx context.Context, m sampling.Model, in In) (*fewshot.Prediction[Out], error)
}

// EvaluateOptions are the options of [Evaluate].
type EvaluateOptions struct {
	Parallel int // calls under way at once; 0 is 4

	// Progress is called after each case, from the goroutine that called Evaluate.
	Progress func(fewshot.Progress)
}

// Evaluate asks p for each case and scores the answers. An invalid answer scores
// 0, and so does an abstention (see [Report.Selective]). Evaluate ends when the
// model fails, and returns the report so far with the error. To resume, call it
// again with a Model whose backend is a wrap.Cache.
//
// A case that p would refuse as an example, such as an unknown label, is an error
// before anything is sent. So is a repeated input.
func Evaluate[In, Out any](ctx context.Context, p Predictor[In, Out], m sampling.Model, cases []fewshot.Example[In, Out], metric Metric[In, Out], o EvaluateOptions) (*Report, error) {
	report, err := evaluate(ctx, p, m, cases, metric, o)
	return report, named(err)
}

func evaluate[In, Out any](ctx context.Context, p Predictor[In, Out], m sampling.Model, cases []fewshot.Example[In, Out], metric Metric[In, Out], o EvaluateOptions) (*Report, error) {
	limit := cmp.Or(o.Parallel, 4)
	switch {
	case p == nil:
		return nil, mistakef("the Predictor is nil; give one, such as a compiled Task")
	case metric == nil:
		return nil, mistakef("the metric is nil; give one such as eval.Exact")
	case len(cases) == 0:
		return nil, mistakef("no cases to evaluate on")
	case limit < 0:
		return nil, mistakef("EvaluateOptions.Parallel is %d; use 0 for 4, or a positive number", o.Parallel)
	}
	if err := check(p, cases); err != nil {
		return nil, err
	}
	report := &Report{}
	type answered struct {
		prediction *fewshot.Prediction[Out]
		err        error
	}
	var failed error
	total := 0.0
	for a := range parallel.Do(ctx, slices.Values(cases), limit, true, func(ctx context.Context, c fewshot.Example[In, Out]) answered {
		prediction, err := p.Predict(ctx, m, c.In)
		return answered{prediction, err}
	}) {
		if failed = ctx.Err(); failed != nil {
			break
		}
		i := len(report.Results)
		var result Result
		if result, failed = score(ctx, i, cases[i], a.prediction, a.err, metric); failed != nil {
			break
		}
		report.Results = append(report.Results, result)
		total += result.Score
		report.Accuracy = total / float64(len(report.Results))
		if result.Err != nil {
			report.Invalid++
		}
		report.Usage = report.Usage.Add(result.Usage)
		if o.Progress != nil {
			o.Progress(fewshot.Progress{Done: len(report.Results), Failed: report.Invalid, All: len(cases)})
		}
	}
	return report, cmp.Or(failed, ctx.Err())
}

// score scores one answer.
func score[In, Out any](ctx context.Context, index int, c fewshot.Example[In, Out], p *fewshot.Prediction[Out], err error, metric Metric[In, Out]) (Result, error) {
	result := Result{In: fmt.Sprint(c.In), Want: fmt.Sprint(c.Out)}
	if p != nil {
		result.Usage, result.Probability, result.Abstained = p.Usage, p.Probability, p.Abstained
	}
	var invalid *fewshot.AnswerError
	switch {
	case errors.As(err, &invalid) || errors.Is(err, sampling.ErrConstraint):
		result.Err, result.Probability, result.Abstained = err, 0, false
	case err != nil:
		return result, fmt.Errorf("case %d: %w", index+1, err)
	case p == nil:
		return result, mistakef("case %d: the Predictor returned neither a prediction nor an error", index+1)
	case p.Abstained:
	default:
		if result.Score, err = metric(ctx, c, p.Value); err != nil {
			return result, fmt.Errorf("the metric on case %d: %w", index+1, err)
		}
		if !(result.Score >= 0 && result.Score <= 1) {
			return result, mistakef("the metric gives case %d a score of %v; a score is from 0 to 1", index+1, result.Score)
		}
		result.Got = fmt.Sprint(p.Value)
	}
	return result, nil
}

// check refuses cases that p would not accept, and repeated ones.
func check[In, Out any](p Predictor[In, Out], cases []fewshot.Example[In, Out]) error {
	accepts, _ := p.(interface{ Accepts(In, Out) error })
	seen := make(map[string]int, len(cases))
	for i, c := range cases {
		if accepts != nil {
			if err := accepts.Accepts(c.In, c.Out); err != nil {
				return fmt.Errorf("%s: %w", cmp.Or(c.At, fmt.Sprintf("case %d", i+1)), err)
			}
		}
		input := fmt.Sprint(c.In)
		if first, ok := seen[input]; ok {
			return mistakef("cases %d and %d are the same, %q; leave one out", first+1, i+1, input)
		}
		seen[input] = i
	}
	return nil
}

// without returns the examples without the cases, since no case may be shown with
// its own answer.
func without[In, Out any](examples []fewshot.Example[In, Out], cases []fewshot.Example[In, Out]) []fewshot.Example[In, Out] {
	isCase := make(map[string]bool, len(cases))
	for _, c := range cases {
		isCase[fmt.Sprint(c.In)] = true
	}
	return slices.DeleteFunc(slices.Clone(examples), func(e fewshot.Example[In, Out]) bool { return isCase[fmt.Sprint(e.In)] })
}

// A mistake is an error in the input. It is a [sampling.ErrInvalid].
type mistake string

func mistakef(format string, args ...any) error {
	return mistake(fmt.Sprintf(format, args...))
}

func (m mistake) Error() string        { return string(m) }
func (m mistake) Is(target error) bool { return target == sampling.ErrInvalid }

// named adds the name of the package to an error that an exported function returns.
func named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("eval: %w", err)
}
