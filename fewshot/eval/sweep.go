package eval

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A Grid says which variants of a task a [Sweep] compares: every combination of
// its lists. An empty list leaves that side as the task has it; the same twice in
// a list, or two of one name, is an error.
type Grid struct {
	Shots     []int // such as 0, 1, 2, 4, 8; shots that the pool has not are an error
	Formats   []Format
	Selectors []Selector

	// Orders are seeds. Each shuffles the pool, so that another set of examples
	// stands in front, in another order; where the task draws at random, the
	// draws differ too. 0 leaves the task as it is. A row of the table is the mean
	// over them.
	Orders []uint64

	// Dir is a folder that keeps what the model said, a file a variant, so that the
	// same sweep goes on after an interruption. "" keeps nothing.
	Dir string

	Options // for each variant; Dir and Done stand for Journal and Progress, which are not used

	// Done is called after each case, with the numbers of cases done and in all.
	Done func(done, all int)
}

// A Format is a named [fewshot.Format].
type Format struct {
	Name   string
	Format fewshot.Format
}

// A Selector is a named way to choose shots: given k, the selector of k.
type Selector struct {
	Name   string
	Choose func(k int) fewshot.Selector
}

// A Row is one variant of a swept task: the mean over all orders.
type Row struct {
	Format, Selector string  // "" where the grid names none
	Shots            int     // most shown; a Selector may choose fewer, and a window hold fewer
	Mean             float64 // mean accuracy, 0 to 1
	Spread           float64 // standard deviation between the orders
	Low, High        float64 // the least and the greatest of them
	Reports          []*Report
}

// Sweep evaluates every variant. On an error it returns the rows that are whole.
func Sweep[In, Out any](ctx context.Context, task *fewshot.Task[In, Out], m sampling.Model, cases []Case[In, Out], metric Metric[Out], g Grid) (*Table, error) {
	if err := g.check(len(task.Examples)); err != nil {
		return nil, err
	}
	if g.Dir != "" {
		if err := os.MkdirAll(g.Dir, 0o777); err != nil {
			return nil, err
		}
	}
	shots, formats, selectors, orders := g.Shots, g.Formats, g.Selectors, g.Orders
	if len(shots) == 0 {
		shots = []int{shown(task)}
	}
	if len(formats) == 0 {
		formats = []Format{{"", task.Format}}
	}
	if len(selectors) == 0 {
		selectors = []Selector{{}}
	}
	if len(orders) == 0 {
		orders = []uint64{0}
	}
	table := &Table{Orders: len(orders), Cases: len(cases)}
	all := len(formats) * len(selectors) * len(shots) * len(orders) * len(cases)
	done := 0
	for _, format := range formats {
		for _, selector := range selectors {
			for _, k := range shots {
				row := Row{Format: format.Name, Selector: selector.Name, Shots: k}
				for _, order := range orders {
					variant := vary(task, format, selector, k, order)
					options := g.Options
					if options.Journal = ""; g.Dir != "" {
						options.Journal = filepath.Join(g.Dir, fileName(format.Name, selector.Name, k, order))
					}
					before := done
					options.Progress = func(p fewshot.Progress) {
						done = before + p.Done
						if g.Done != nil {
							g.Done(done, all)
						}
					}
					report, err := Evaluate(ctx, variant, m, cases, metric, options)
					if err != nil {
						return table, fmt.Errorf("%s: %w", row.name(), err)
					}
					row.Reports = append(row.Reports, report)
				}
				row.sum()
				table.Rows = append(table.Rows, row)
			}
		}
	}
	return table, nil
}

// check refuses shots that the pool has not, and variants that are there twice:
// they would share a file and be taken for a second, equal measurement.
func (g *Grid) check(pool int) error {
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
	for _, k := range g.Shots {
		if k < 0 || k > pool {
			return fmt.Errorf("eval: a sweep over %d shots, and the pool has %d examples", k, pool)
		}
		errs = append(errs, once("%d shots", k))
	}
	for _, f := range g.Formats {
		errs = append(errs, once("the format %q", f.Name))
	}
	for _, s := range g.Selectors {
		if s.Choose == nil {
			return fmt.Errorf("eval: the selector %q has no Choose; give it one, such as fewshot.First", s.Name)
		}
		errs = append(errs, once("the selector %q", s.Name))
	}
	for _, order := range g.Orders {
		errs = append(errs, once("the order %d", order))
	}
	return errors.Join(errs...)
}

// Choose compares formats on the same cases: a [Sweep] over nothing else, best
// row first. Of o, Journal and Progress are not used; for them there is Sweep.
func Choose[In, Out any](ctx context.Context, task *fewshot.Task[In, Out], m sampling.Model, cases []Case[In, Out], metric Metric[Out], formats []Format, o Options) (*Table, error) {
	if len(formats) == 0 {
		return nil, errors.New("eval: no formats to choose from")
	}
	table, err := Sweep(ctx, task, m, cases, metric, Grid{Formats: formats, Options: o})
	if table != nil {
		table.best()
	}
	return table, err
}

// shown is how many shots a task shows.
func shown[In, Out any](task *fewshot.Task[In, Out]) int {
	if task.Shots > 0 {
		return min(task.Shots, len(task.Examples))
	}
	return len(task.Examples)
}

// vary returns the task's variant.
func vary[In, Out any](task *fewshot.Task[In, Out], format Format, selector Selector, k int, order uint64) *fewshot.Task[In, Out] {
	v := task.Clone()
	v.Format = format.Format
	if order != 0 {
		shuffle := rand.New(rand.NewPCG(order, 0))
		shuffle.Shuffle(len(v.Examples), func(i, j int) {
			v.Examples[i], v.Examples[j] = v.Examples[j], v.Examples[i]
		})
		if v.Params.Temperature > 0 {
			v.Params.Seed = shuffle.Uint64N(1<<30) + 1
		}
	}
	v.Shots = k
	switch {
	case k == 0:
		v.Examples, v.Shots, v.Select = nil, 0, nil
	case selector.Choose != nil:
		v.Select = selector.Choose(k)
	}
	return v
}

// fileName is a readable name, and a hash for what a file name cannot hold.
func fileName(format, selector string, k int, order uint64) string {
	h := fnv.New32a()
	fmt.Fprintf(h, "%q %q", format, selector)
	plain := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}
	name := strings.Map(plain, format) + "-" + strings.Map(plain, selector)
	if len(name) > 60 {
		name = name[:60]
	}
	return fmt.Sprintf("%s-%08x-%d-%d.jsonl", name, h.Sum32(), k, order)
}

func (r *Row) name() string {
	name := fmt.Sprintf("%d shots", r.Shots)
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
