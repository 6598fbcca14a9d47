package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
)

// A tally is a share of cases.
type tally struct {
	right   float64
	n       int
	repeats int // how often each case was asked, each time with other shots; 0 is once
}

func (t *tally) count(right bool) {
	t.n++
	if right {
		t.right++
	}
}

func (t *tally) add(other tally) {
	t.n += other.n
	t.right += other.right
}

func (t tally) share() float64 { return t.right / float64(max(1, t.n)) }

// interval is the 95 % interval. Asking the same cases again does not narrow it.
func (t tally) interval() (low, high float64) { return eval.Wilson(t.share(), t.n/max(1, t.repeats)) }

func (t tally) String() string {
	if t.n == 0 {
		return "–"
	}
	low, high := t.interval()
	return fmt.Sprintf("%.0f %% (%.0f–%.0f)", 100*t.share(), 100*low, 100*high)
}

// point is the share with its interval, in a plot.
func (t tally) point(x float64) point {
	low, high := t.interval()
	return point{x, 100 * t.share(), 100 * low, 100 * high}
}

// right pools reports on the same cases.
func right(reports ...*eval.Report) tally {
	t := tally{repeats: len(reports)}
	for _, r := range reports {
		t.n += len(r.Results)
		t.right += r.Accuracy * float64(len(r.Results))
	}
	return t
}

// invalid pools the invalid answers of reports on the same cases.
func invalid(reports ...*eval.Report) tally {
	t := tally{repeats: len(reports)}
	for _, r := range reports {
		t.n += len(r.Results)
		t.right += float64(r.Invalid)
	}
	return t
}

// spread is the lowest and the highest share of one report.
func spread(reports ...*eval.Report) string {
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range reports {
		low, high = min(low, r.Accuracy), max(high, r.Accuracy)
	}
	return fmt.Sprintf("%.0f–%.0f", 100*low, 100*high)
}

// evaluate is eval.Evaluate with progress, one call at a time. So the order of the
// requests, and with it the server's prefix cache, is the same in every run.
func evaluate[In, Out any](ctx context.Context, r *run, name string, p eval.Predictor[In, Out], m sampling.Model, cases []fewshot.Example[In, Out], metric eval.Metric[In, Out]) (*eval.Report, error) {
	return eval.Evaluate(ctx, p, m, cases, metric, eval.EvaluateOptions{Parallel: 1, Progress: r.progress(name)})
}

// progress prints the number of finished cases every ten seconds.
func (r *run) progress(name string) func(fewshot.Progress) {
	return func(p fewshot.Progress) {
		if time.Since(r.said) > 10*time.Second {
			r.said = time.Now()
			r.say("%s: %d of %d, %d invalid", name, p.Done, p.All, p.Failed)
		}
	}
}
