package eval

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// Search looks for the best variant of a task within a budget of model calls. It
// returns that variant, and what each dimension of the options gained.
//
// The baseline has the first value of each list, and of Formats and Selectors the
// first by name. From there Search climbs by coordinate ascent (Wright 2015): it
// tries all values of one dimension, keeps the best, and continues with the next
// dimension until no value is better. Then it climbs from random variants. It ends
// when the budget is used up, every variant was tried, or all cases are right.
//
// Search chooses on one half of the cases and measures the gains on the other half
// (see [Split]). Examples that are among the cases are left out, so no case is in
// its own prompt.
//
// A call is one completion, or one scoring of an input's labels. Retries of a Task
// count, and so do answers from a wrap.Cache. Calls that build makes do not count,
// and neither does a request that a wrapper of m's backend sends again. To resume
// a Search, or to continue with a larger budget, call it again with a Model whose
// backend is a wrap.Cache. On an error it returns the best variant so far.
func Search[In, Out any](ctx context.Context, task fewshot.Task[In, Out], build Build[In, Out], m sampling.Model, cases []fewshot.Example[In, Out], metric Metric[In, Out], calls int, o SweepOptions) (fewshot.Task[In, Out], Gains, error) {
	task.Examples = without(task.Examples, cases)
	g, err := newGrid(task, build, metric, o)
	if err != nil {
		return task, nil, named(err)
	}
	chooses, held := Split(cases, 0.5, o.Seed)
	s := &search[In, Out]{
		grid: g, model: m, options: o.Evaluate, calls: calls, perCase: 1,
		cases:   [2][]fewshot.Example[In, Out]{chooses, held},
		reports: [2]map[point]*Report{{}, {}},
		budget:  &budget{Forward: sampling.Forward{Backend: m.Backend}},
	}
	if m.Backend != nil {
		s.model.Backend = s.budget
	}
	prompter, err := g.compile(point{})
	switch {
	case err != nil:
	case len(chooses) == 0 || len(held) == 0:
		err = mistakef("a Search cannot split %d cases into two halves; give at least 2, better 40", len(cases))
	case g.variants() == 1:
		err = mistakef("the Search has nothing to vary; name values in SweepOptions, such as Shots")
	case calls < 2*len(cases):
		err = mistakef("a budget of %d calls is too small for a Search on %d cases; raise it to at least %d", calls, len(cases), 2*len(cases))
	default:
		err = check(prompter, cases)
	}
	if err != nil {
		return task, nil, named(err)
	}
	gains, err := s.run(ctx, rand.New(rand.NewPCG(o.Seed, 0)))
	return g.at(s.best), gains, named(err)
}

// The halves of the cases.
const (
	choosing = iota
	heldOut
)

// A search is a Search under way.
type search[In, Out any] struct {
	grid    *grid[In, Out]
	model   sampling.Model
	options EvaluateOptions
	budget  *budget
	calls   int
	cases   [2][]fewshot.Example[In, Out]
	reports [2]map[point]*Report // by half
	best    point
	perCase float64 // calls a case took in the most expensive variant so far
}

// run climbs from the baseline, and then from random variants, until the budget is
// used up or nothing is left to improve. Then it measures the best.
func (s *search[In, Out]) run(ctx context.Context, random *rand.Rand) (Gains, error) {
	tried := s.reports[choosing]
	for start := (point{}); ; {
		err := s.climb(ctx, start)
		if err != nil && (!errors.Is(err, errSpent) || tried[point{}] == nil) {
			return nil, err
		}
		if err != nil || tried[s.best].Accuracy == 1 || len(tried) == s.grid.variants() {
			return s.measure(ctx)
		}
		for tried[start] != nil {
			start = s.grid.point(random.IntN(s.grid.variants()))
		}
	}
}

// climb is coordinate ascent from p. Dimensions that tend to matter come first.
func (s *search[In, Out]) climb(ctx context.Context, p point) error {
	top, err := s.try(ctx, p)
	if err != nil {
		return err
	}
	for better := true; better; {
		better = false
		for _, dimension := range [dimensions]int{byShots, byFormat, byInstruction, bySelector, byConstrain, byOrder} {
			next := p
			for i := range s.grid.values[dimension] {
				if top.Accuracy == 1 {
					return nil
				}
				next[dimension] = i
				report, err := s.try(ctx, next)
				if err != nil {
					return err
				}
				if report.Accuracy > top.Accuracy {
					p, top, better = next, report, true
				}
			}
		}
	}
	return nil
}

// try measures a variant on the choosing half. It keeps back the calls that
// measuring the winner takes, and its error is errSpent where too few are left.
func (s *search[In, Out]) try(ctx context.Context, p point) (*Report, error) {
	calls := func(cases int) int { return int(math.Ceil(s.perCase * float64(cases))) }
	n, before := len(s.cases[choosing]), s.budget.used.Load()
	s.budget.limit = int64(s.calls - calls(len(s.cases[heldOut])*max(p.measurements(), s.best.measurements())))
	if s.reports[choosing][p] == nil && s.budget.limit-before < int64(calls(n)) {
		return nil, errSpent
	}
	report, err := s.evaluate(ctx, choosing, p)
	if err != nil {
		return nil, err
	}
	s.perCase = max(s.perCase, float64(s.budget.used.Load()-before)/float64(n))
	if report.Accuracy > s.reports[choosing][s.best].Accuracy {
		s.best = p
	}
	return report, nil
}

// measurements is how many variants are measured on the held-out cases if p wins:
// the baseline, p, and p without each of its changes.
func (p point) measurements() int {
	n := 1
	for _, i := range p {
		n += min(i, 1)
	}
	if n <= 2 { // without its one change p is the baseline
		return n
	}
	return n + 1
}

// evaluate measures a variant on one half, once.
func (s *search[In, Out]) evaluate(ctx context.Context, half int, p point) (*Report, error) {
	if report := s.reports[half][p]; report != nil {
		return report, nil
	}
	o := s.options
	if progress := o.Progress; progress != nil {
		o.Progress = func(one fewshot.Progress) {
			progress(fewshot.Progress{Done: int(s.budget.used.Load()), Failed: one.Failed, All: s.calls})
		}
	}
	if most := len(s.cases[half]) * (1 + s.grid.task.Retries); s.budget.limit-s.budget.used.Load() < int64(most) {
		o.Parallel = 1 // where the budget may end, the calls made must not depend on timing
	}
	report, err := s.grid.measure(ctx, p, s.model, s.cases[half], o)
	if err != nil {
		return nil, err
	}
	s.reports[half][p] = report
	return report, nil
}

// measure compares the winner with the baseline on the held-out cases, and with
// itself without each of its changes.
func (s *search[In, Out]) measure(ctx context.Context) (Gains, error) {
	s.budget.limit = int64(s.calls)
	var gains Gains
	winner, err := s.evaluate(ctx, heldOut, s.best)
	add := func(dimension, from, to string, without point) {
		var before *Report
		if err == nil {
			before, err = s.evaluate(ctx, heldOut, without)
		}
		if err == nil {
			gains = append(gains, Gain{dimension, from, to, before, winner})
		}
	}
	add("all", "", "", point{})
	for dimension, values := range s.grid.values {
		if len(values) > 1 {
			without := s.best
			without[dimension] = 0
			add(dimensionNames[dimension], values[0].name, values[s.best[dimension]].name, without)
		}
	}
	return gains, err
}
