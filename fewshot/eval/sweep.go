package eval

import (
	"context"
	"math"
	"slices"
	"strconv"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A Build makes a [Predictor] from a compiled variant of a task, such as a
// Classifier, calibrated or not. nil uses the Prompter itself.
type Build[In, Out any] func(*fewshot.Prompter[In, Out]) (Predictor[In, Out], error)

// A Table is the result of a [Sweep]. Its rows are in the order of the options:
// by instruction, format, selector, constrain and shots. Formats and selectors are
// sorted by name.
type Table []Row

// A Row is one variant of a swept task.
type Row struct {
	Shots   int       // at most; a Selector may choose fewer, and a window may hold fewer
	Mean    float64   // the mean accuracy over the orders, 0 to 1
	Reports []*Report // one for each order

	names [dimensions]string // of the values
}

// Sweep evaluates every variant of a task, as in figure 1.2 of the GPT-3 paper
// (Brown et al. 2020). To resume an interrupted Sweep, call it again with a Model
// whose backend is a wrap.Cache. On an error it returns the finished rows.
func Sweep[In, Out any](ctx context.Context, task fewshot.Task[In, Out], build Build[In, Out], m sampling.Model, cases []fewshot.Example[In, Out], metric Metric[In, Out], o SweepOptions) (Table, error) {
	g, err := newGrid(task, build, metric, o)
	if err != nil {
		return nil, named(err)
	}
	total := fewshot.Progress{All: g.variants() * len(cases)}
	var table Table
	row := Row{}
	for i := range g.variants() {
		p, before, options := g.point(i), total, o.Evaluate
		options.Progress = func(p fewshot.Progress) {
			total.Done, total.Failed = before.Done+p.Done, before.Failed+p.Failed
			if o.Evaluate.Progress != nil {
				o.Evaluate.Progress(total)
			}
		}
		report, err := g.measure(ctx, p, m, cases, options)
		if err != nil {
			return table, named(err)
		}
		row.Reports = append(row.Reports, report)
		row.Mean += report.Accuracy
		if p[byOrder] < len(g.values[byOrder])-1 {
			continue
		}
		row.Mean /= float64(len(row.Reports))
		for dimension, i := range p {
			row.names[dimension] = g.values[dimension][i].name
		}
		row.Shots, _ = strconv.Atoi(row.names[byShots])
		table, row = append(table, row), Row{}
	}
	return table, nil
}

// String returns the table as aligned text, in percent. It has a column for each
// dimension that differs between rows.
func (t Table) String() string {
	percent := func(x float64) string { return strconv.FormatFloat(100*x, 'f', 1, 64) }
	rows := make([][]string, len(t)+1)
	for d := range byOrder {
		if d != byShots && !slices.ContainsFunc(t, func(r Row) bool { return r.names[d] != t[0].names[d] }) {
			continue
		}
		rows[0] = append(rows[0], dimensionNames[d])
		for i, r := range t {
			rows[i+1] = append(rows[i+1], shown(r.names[d]))
		}
	}
	left := len(rows[0]) - 1 // names are to the left of the shots
	rows[0] = append(rows[0], "mean %", "spread", "least", "most")
	for i, r := range t {
		low, high, squares := 1.0, 0.0, 0.0
		for _, report := range r.Reports {
			low, high = min(low, report.Accuracy), max(high, report.Accuracy)
			squares += (report.Accuracy - r.Mean) * (report.Accuracy - r.Mean)
		}
		spread := math.Sqrt(squares / float64(max(len(r.Reports)-1, 1)))
		rows[i+1] = append(rows[i+1], percent(r.Mean), percent(spread), percent(low), percent(high))
	}
	return aligned(rows, left)
}
