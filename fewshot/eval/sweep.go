package eval

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// SweepOptions say which variants of a task a [Sweep] compares: every combination
// of its lists. An empty list leaves the task as it is. Repeats in a list are an
// error. Rows are in the order of the lists, and of the names.
type SweepOptions struct {
	Shots     []int // such as 0, 1, 2, 4, 8; more than the pool has is an error
	Formats   map[string]fewshot.Format
	Selectors map[string]func(k int) fewshot.Selector // such as fewshot.First, for each of Shots

	Constrain []fewshot.Constrain // such as fewshot.ConstrainOff, fewshot.ConstrainRequired

	// Orders are seeds that shuffle the pool, so that other examples come first, in
	// another order. Tasks with a Temperature draw with another seed too. 0 leaves
	// the task as it is. A row of the table is the mean over the orders.
	Orders []uint64

	// Evaluate holds the options of each evaluation. Its Progress counts the cases
	// of the whole sweep.
	Evaluate EvaluateOptions
}

// A Row is one variant of a swept task: the mean over all orders.
type Row struct {
	Format, Selector string // "" where the options name none
	Constrain        fewshot.Constrain
	Shots            int     // at most; a Selector may choose fewer, and a window may hold fewer
	Mean             float64 // mean accuracy, 0 to 1
	Spread           float64 // standard deviation between the orders
	Low, High        float64 // the lowest and highest accuracy
	Reports          []*Report
}

// A Build makes a [Predictor] from a compiled variant of a task, such as a
// Classifier, calibrated or not. nil uses the Prompter itself.
type Build[In, Out any] func(*fewshot.Prompter[In, Out]) (Predictor[In, Out], error)

func (b Build[In, Out]) of(task fewshot.Task[In, Out]) (Predictor[In, Out], error) {
	p, err := task.Compile()
	if err != nil || b == nil {
		return p, err
	}
	return b(p)
}

// Sweep evaluates every variant of a task. To resume an interrupted sweep, call it
// again with a Model whose backend is a wrap.Cache. On an error it returns the
// finished rows.
func Sweep[In, Out any](ctx context.Context, task fewshot.Task[In, Out], build Build[In, Out], m sampling.Model, cases []Case[In, Out], metric Metric[In, Out], o SweepOptions) (Table, error) {
	if err := o.check(len(task.Examples), task.Select != nil); err != nil {
		return nil, err
	}
	shots, formats, selectors, orders := o.Shots, o.Formats, o.Selectors, o.Orders
	if len(shots) == 0 {
		shots = []int{asIs}
	}
	if len(formats) == 0 {
		formats = map[string]fewshot.Format{"": task.Format}
	}
	if len(selectors) == 0 {
		selectors = map[string]func(int) fewshot.Selector{"": nil}
	}
	if len(orders) == 0 {
		orders = []uint64{0}
	}
	constrain := o.Constrain
	if len(constrain) == 0 {
		constrain = []fewshot.Constrain{task.Constrain}
	}
	var table Table
	total := fewshot.Progress{All: len(formats) * len(selectors) * len(constrain) * len(shots) * len(orders) * len(cases)}
	for _, format := range slices.Sorted(maps.Keys(formats)) {
		for _, selector := range slices.Sorted(maps.Keys(selectors)) {
			for _, task.Constrain = range constrain {
				for _, k := range shots {
					row := Row{Format: format, Selector: selector, Constrain: task.Constrain, Shots: k}
					if k == asIs {
						row.Shots = len(task.Examples)
					}
					for _, order := range orders {
						report, err := variant(ctx, vary(task, formats[format], selectors[selector], k, order), build, m, cases, metric, o, &total)
						if err != nil {
							return table, fmt.Errorf("%s: %w", row.name(), err)
						}
						row.Reports = append(row.Reports, report)
					}
					row.sum()
					table = append(table, row)
				}
			}
		}
	}
	return table, nil
}

// asIs leaves the shots to the task.
const asIs = -1

// variant evaluates one variant, and adds its progress to that of the sweep.
func variant[In, Out any](ctx context.Context, task fewshot.Task[In, Out], build Build[In, Out], m sampling.Model, cases []Case[In, Out], metric Metric[In, Out], o SweepOptions, total *fewshot.Progress) (*Report, error) {
	p, err := build.of(task)
	if err != nil {
		return nil, err
	}
	before, progress := *total, o.Evaluate.Progress
	o.Evaluate.Progress = func(p fewshot.Progress) {
		total.Done, total.Failed = before.Done+p.Done, before.Failed+p.Failed
		if progress != nil {
			progress(*total)
		}
	}
	return Evaluate(ctx, p, m, cases, metric, o.Evaluate)
}

// check refuses shots that the pool does not have, and variants that are there
// twice: they would be taken for a second, equal measurement.
func (o *SweepOptions) check(pool int, selects bool) error {
	if selects && len(o.Shots) > 0 && len(o.Selectors) == 0 {
		return errors.New("eval: a sweep over shots of a task with a Selector; name it in SweepOptions.Selectors, which makes it for each number of shots")
	}
	seen := map[string]bool{}
	once := func(format string, a any) error {
		name := fmt.Sprintf(format, a)
		if seen[name] {
			return fmt.Errorf("eval: a sweep over %s twice", name)
		}
		seen[name] = true
		return nil
	}
	var errs []error
	for _, k := range o.Shots {
		if k < 0 || k > pool {
			return fmt.Errorf("eval: a sweep over %d shots, and the pool has %d examples", k, pool)
		}
		errs = append(errs, once("%d shots", k))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Selectors)) {
		if o.Selectors[name] == nil {
			return fmt.Errorf("eval: the selector %q is nil; give it a function, such as fewshot.First", name)
		}
	}
	for _, c := range o.Constrain {
		errs = append(errs, once("Constrain %d", int(c)))
	}
	for _, order := range o.Orders {
		errs = append(errs, once("the order %d", order))
	}
	return errors.Join(errs...)
}

// vary returns the task's variant.
func vary[In, Out any](task fewshot.Task[In, Out], format fewshot.Format, choose func(k int) fewshot.Selector, k int, order uint64) fewshot.Task[In, Out] {
	task.Format = format
	if order != 0 {
		task.Examples = slices.Clone(task.Examples)
		shuffle := rand.New(rand.NewPCG(order, 0))
		shuffle.Shuffle(len(task.Examples), func(i, j int) {
			task.Examples[i], task.Examples[j] = task.Examples[j], task.Examples[i]
		})
		if task.Params.Temperature > 0 {
			task.Params.Seed = shuffle.Uint64N(1<<30) + 1
		}
	}
	switch {
	case choose != nil && k != 0:
		if k == asIs {
			k = len(task.Examples)
		}
		task.Select = choose(k)
	case k != asIs:
		task.Select = fewshot.First(k)
	}
	return task
}

// constrainNames are the words for fewshot.Constrain in a table.
var constrainNames = map[fewshot.Constrain]string{
	fewshot.ConstrainOff: "no", fewshot.ConstrainWhereSupported: "where supported", fewshot.ConstrainRequired: "yes",
}

func (r *Row) name() string {
	name := fmt.Sprintf("%d shots", r.Shots)
	if r.Constrain != fewshot.ConstrainOff {
		name += ", constrained"
	}
	for _, part := range []string{r.Selector, r.Format} {
		if part != "" {
			name = part + ", " + name
		}
	}
	return name
}

// sum fills in the figures over the row's reports.
func (r *Row) sum() {
	r.Low, r.High = math.Inf(1), math.Inf(-1)
	for _, report := range r.Reports {
		r.Mean += report.Accuracy / float64(len(r.Reports))
		r.Low, r.High = min(r.Low, report.Accuracy), max(r.High, report.Accuracy)
	}
	if n := len(r.Reports); n > 1 {
		squares := 0.0
		for _, report := range r.Reports {
			squares += (report.Accuracy - r.Mean) * (report.Accuracy - r.Mean)
		}
		r.Spread = math.Sqrt(squares / float64(n-1))
	}
}
