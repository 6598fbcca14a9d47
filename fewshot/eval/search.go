package eval

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// SearchOptions are the options of [Search].
type SearchOptions struct {
	// K is how many examples are looked for, at least 1.
	K int

	// Calls is the budget: how many times the model may be asked in all. A
	// candidate costs as many calls as there are cases.
	Calls int

	Seed uint64 // decides which candidates are tried; the same seed, the same search

	// Evaluate holds the options of each evaluation. Its Progress counts the calls
	// of the whole search, and All is the budget.
	Evaluate EvaluateOptions
}

// A SearchResult is the outcome of a [Search].
type SearchResult[In, Out any] struct {
	Examples []fewshot.Example[In, Out] // the best, in order
	Report   *Report                    // how they did
	Baseline *Report                    // how the first K of the pool did
	Tried    int                        // candidates
	Calls    int                        // to the model, also those that a cache answered
}

// Search looks among the task's examples for the K, and their order, that do
// best on the cases: first at random, from the baseline of the first K, then
// greedily, by changing the best one example or one place at a time. It ends
// when the budget is used up, nothing is left to change, or all cases are right.
// To resume a search, or go on with a larger budget, call it again with a Model
// whose backend is a wrap.Cache.
//
// Examples that are among the cases are left out of the pool, so that no case is
// in its own prompt. What is best on the cases is likely to be a little too good:
// keep other cases apart to measure it on. On an error it returns the best so far
// with it.
func Search[In, Out any](ctx context.Context, task fewshot.Task[In, Out], build Build[In, Out], m sampling.Model, cases []Case[In, Out], metric Metric[In, Out], o SearchOptions) (*SearchResult[In, Out], error) {
	pool := without(task.Examples, cases)
	switch {
	case o.K < 1 || o.K > len(pool):
		return nil, fmt.Errorf("eval: a search for %d examples in a pool of %d (those that are not cases); look for 1 to %d", o.K, len(pool), len(pool))
	case len(cases) == 0:
		return nil, errors.New("eval: no cases to search on")
	case o.Calls < len(cases):
		return nil, fmt.Errorf("eval: a budget of %d calls, and one candidate needs %d; raise SearchOptions.Calls", o.Calls, len(cases))
	}
	h := &hunt[In, Out]{
		ctx: ctx, task: task, build: build, model: m, cases: cases, metric: metric, o: o, pool: pool,
		random: rand.New(rand.NewPCG(o.Seed, 0)), tried: map[string]bool{},
	}
	err := h.run()
	if err == errSpent {
		err = nil
	}
	return &h.found, err
}

// errSpent says that the budget is used up.
var errSpent = errors.New("spent")

// A hunt is a Search under way. A candidate is a list of indexes into the pool.
type hunt[In, Out any] struct {
	ctx    context.Context
	task   fewshot.Task[In, Out]
	build  Build[In, Out]
	model  sampling.Model
	cases  []Case[In, Out]
	metric Metric[In, Out]
	o      SearchOptions
	pool   []fewshot.Example[In, Out]
	random *rand.Rand
	tried  map[string]bool
	best   []int
	found  SearchResult[In, Out]
}

func (h *hunt[In, Out]) run() error {
	baseline := make([]int, h.o.K)
	for i := range baseline {
		baseline[i] = i
	}
	if _, err := h.try(baseline); err != nil {
		return err
	}
	h.found.Baseline = h.found.Report
	// Half of the budget goes to looking around, half to going uphill. Draws
	// that were tried already cost nothing, and a small pool has few others.
	for draws := 0; !h.perfect() && h.found.Calls < h.o.Calls/2 && draws < 10*h.o.Calls; draws++ {
		if _, err := h.try(h.random.Perm(len(h.pool))[:h.o.K]); err != nil {
			return err
		}
	}
	for !h.perfect() {
		better, err := h.climb()
		if err != nil || !better {
			return err
		}
	}
	return nil
}

func (h *hunt[In, Out]) perfect() bool { return h.found.Report.Accuracy == 1 }

// climb tries the neighbours of the best in a random order, until one is better.
func (h *hunt[In, Out]) climb() (better bool, err error) {
	type change struct{ place, with int } // with: another example, or a place behind the pool's end
	var changes []change
	for place := range h.o.K {
		for with := range len(h.pool) + h.o.K {
			changes = append(changes, change{place, with})
		}
	}
	h.random.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
	for _, c := range changes {
		next := slices.Clone(h.best)
		switch {
		case c.with >= len(h.pool):
			other := c.with - len(h.pool)
			next[c.place], next[other] = next[other], next[c.place]
		case slices.Contains(next, c.with):
			continue
		default:
			next[c.place] = c.with
		}
		if better, err := h.try(next); better || err != nil {
			return better, err
		}
	}
	return false, nil
}

// try evaluates a candidate that has not been tried.
func (h *hunt[In, Out]) try(candidate []int) (better bool, err error) {
	key := fmt.Sprint(candidate)
	if h.tried[key] {
		return false, nil
	}
	if h.found.Calls+len(h.cases) > h.o.Calls {
		return false, errSpent
	}
	h.tried[key] = true
	task := h.task
	task.Select = nil
	task.Examples = make([]fewshot.Example[In, Out], len(candidate))
	for i, from := range candidate {
		task.Examples[i] = h.pool[from]
	}
	p, err := h.build.of(task)
	if err != nil {
		return false, err
	}
	before, o := h.found.Calls, h.o.Evaluate
	if progress := o.Progress; progress != nil {
		o.Progress = func(p fewshot.Progress) {
			progress(fewshot.Progress{Done: before + p.Done, Failed: p.Failed, All: h.o.Calls})
		}
	}
	report, err := Evaluate(h.ctx, p, h.model, h.cases, h.metric, o)
	if report != nil {
		h.found.Calls += len(report.Results)
	}
	if err != nil {
		return false, err
	}
	h.found.Tried++
	better = h.found.Report == nil || report.Accuracy > h.found.Report.Accuracy
	if better {
		h.best, h.found.Examples, h.found.Report = slices.Clone(candidate), task.Examples, report
	}
	return better, nil
}
