package eval

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// Searching says how [Search] looks for examples.
type Searching struct {
	// K is how many examples are looked for, at least 1.
	K int

	// Calls is the budget: how many times the model may be asked in all. A
	// candidate costs as many calls as there are cases.
	Calls int

	Seed uint64 // decides which candidates are tried; the same seed, the same search

	// Dir is a folder that keeps what the model said, a file a candidate, so that
	// a search goes on after an interruption, or with a larger budget, and asks
	// nothing twice. "" keeps nothing.
	Dir string

	Options // for each candidate; Dir and Tried stand for Journal and Progress, which are not used

	// Tried is called after each candidate.
	Tried func(candidate int, r *Report, best bool)
}

// A Found is the outcome of a [Search].
type Found[In, Out any] struct {
	Examples []fewshot.Example[In, Out] // the best, in order
	Report   *Report                    // how they did
	Baseline *Report                    // how the first K of the pool did, which is what no search gives
	Tried    int                        // candidates
	Calls    int                        // to the model, with those that a file in Searching.Dir answered
}

// Write writes the examples as JSON Lines, which a Task loads by
// [fewshot.ReadJSONL].
func (f *Found[In, Out]) Write(w io.Writer, c fewshot.Columns) error {
	return fewshot.WriteJSONL(w, f.Examples, c)
}

// Search looks among the task's examples for the K, and their order, that do
// best on the cases: first at random, from the baseline of the first K, then
// greedily, by changing the best one example or one place at a time. It ends
// when the budget is used up, nothing is left to change, or all cases are right.
//
// Examples that are among the cases are left out of the pool, so that no case
// stands in its own prompt. What is best on the cases is likely to be a little
// too good: keep other cases apart to measure it on. On an error it returns the
// best so far with it.
func Search[In, Out any](ctx context.Context, task *fewshot.Task[In, Out], m sampling.Model, cases []Case[In, Out], metric Metric[Out], s Searching) (*Found[In, Out], error) {
	pool := apart(task, cases)
	switch {
	case s.K < 1 || s.K > len(pool):
		return nil, fmt.Errorf("eval: a search for %d examples in a pool of %d (those that are no cases); look for 1 to %d", s.K, len(pool), len(pool))
	case len(cases) == 0:
		return nil, errors.New("eval: no cases to search on")
	case s.Calls < len(cases):
		return nil, fmt.Errorf("eval: a budget of %d calls, and one candidate needs %d; raise Searching.Calls", s.Calls, len(cases))
	}
	if s.Dir != "" {
		if err := os.MkdirAll(s.Dir, 0o777); err != nil {
			return nil, err
		}
	}
	h := &hunt[In, Out]{
		ctx: ctx, task: task, model: m, cases: cases, metric: metric, s: s, pool: pool,
		random: rand.New(rand.NewPCG(s.Seed, 0)), tried: map[string]bool{},
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
	task   *fewshot.Task[In, Out]
	model  sampling.Model
	cases  []Case[In, Out]
	metric Metric[Out]
	s      Searching
	pool   []fewshot.Example[In, Out]
	random *rand.Rand
	tried  map[string]bool
	best   []int
	found  Found[In, Out]
}

func (h *hunt[In, Out]) run() error {
	baseline := make([]int, h.s.K)
	for i := range baseline {
		baseline[i] = i
	}
	if _, err := h.try(baseline); err != nil {
		return err
	}
	h.found.Baseline = h.found.Report
	// Half of the budget goes to looking around, half to going uphill. Draws
	// that were tried already cost nothing, and a small pool has few others.
	for draws := 0; !h.perfect() && h.found.Calls < h.s.Calls/2 && draws < 10*h.s.Calls; draws++ {
		if _, err := h.try(h.random.Perm(len(h.pool))[:h.s.K]); err != nil {
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
	for place := range h.s.K {
		for with := range len(h.pool) + h.s.K {
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
	if h.found.Calls+len(h.cases) > h.s.Calls {
		return false, errSpent
	}
	h.tried[key] = true
	task := h.task.Clone()
	task.Select, task.Shots = nil, 0
	task.Examples = make([]fewshot.Example[In, Out], len(candidate))
	for i, from := range candidate {
		task.Examples[i] = h.pool[from]
	}
	options := h.s.Options
	options.Journal, options.Progress = "", nil
	if h.s.Dir != "" {
		options.Journal = filepath.Join(h.s.Dir, fmt.Sprintf("%.8x.jsonl", sha256.Sum256([]byte(key))))
	}
	report, err := Evaluate(h.ctx, task, h.model, h.cases, h.metric, options)
	if report != nil {
		h.found.Calls += report.Cases
	}
	if err != nil {
		return false, err
	}
	h.found.Tried++
	better = h.found.Report == nil || report.Accuracy > h.found.Report.Accuracy
	if better {
		h.best, h.found.Examples, h.found.Report = slices.Clone(candidate), task.Examples, report
	}
	if h.s.Tried != nil {
		h.s.Tried(h.found.Tried, report, better)
	}
	return better, nil
}

// apart returns the task's examples but for those that are cases. Inputs are
// compared as they stand in a prompt.
func apart[In, Out any](task *fewshot.Task[In, Out], cases []Case[In, Out]) []fewshot.Example[In, Out] {
	isCase := make(map[string]bool, len(cases))
	for _, c := range cases {
		if text, err := task.In.Text(c.In); err == nil {
			isCase[text] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(task.Examples), func(e fewshot.Example[In, Out]) bool {
		text, err := task.In.Text(e.In)
		return err == nil && isCase[text]
	})
}
