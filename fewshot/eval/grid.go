package eval

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// SweepOptions say which variants of a task [Sweep] and [Search] compare. Each
// list is one dimension. An empty list leaves the task as it is. Repeats are an
// error.
type SweepOptions struct {
	Instructions []string
	Formats      map[string]fewshot.Format
	Selectors    map[string]func(k int) fewshot.Selector // such as fewshot.First, for each of Shots
	Constrain    []fewshot.Constrain
	Shots        []int // such as 0, 1, 2, 4, 8; at most the number of examples

	// Orders is how many times the examples are shuffled, so that others come
	// first. With a Temperature each order also draws with a seed of its own. 0
	// keeps the order of the task.
	Orders int

	// Seed decides the orders, and which cases a Search holds out.
	Seed uint64

	// Evaluate holds the options of each evaluation. Its Progress counts the cases
	// of the whole Sweep. In a Search it counts the calls of the budget.
	Evaluate EvaluateOptions
}

// The dimensions of a grid, in the order of the rows of a Table.
const (
	byInstruction = iota
	byFormat
	bySelector
	byConstrain
	byShots
	byOrder
	dimensions
)

var dimensionNames = [dimensions]string{"instruction", "format", "selector", "constrained", "shots", "order"}

// A point has the index of one value for each dimension.
type point [dimensions]int

// A grid holds the values of all dimensions.
type grid[In, Out any] struct {
	task   fewshot.Task[In, Out]
	build  Build[In, Out]
	metric Metric[In, Out]
	values [dimensions][]value[In, Out]
}

type value[In, Out any] struct {
	name string
	set  func(*variant[In, Out])
}

// A variant is a task before its Selector is made.
type variant[In, Out any] struct {
	task   fewshot.Task[In, Out]
	shots  int
	choose func(k int) fewshot.Selector
}

// newGrid checks the options, and compiles the task with each value.
func newGrid[In, Out any](task fewshot.Task[In, Out], build Build[In, Out], metric Metric[In, Out], o SweepOptions) (*grid[In, Out], error) {
	type target = *variant[In, Out]
	switch {
	case task.Select != nil && len(o.Shots) > 0 && len(o.Selectors) == 0:
		return nil, mistakef("SweepOptions.Shots cannot vary Task.Select; name the Selector in SweepOptions.Selectors")
	case o.Orders < 0:
		return nil, mistakef("SweepOptions.Orders is %d; use 0 for the order of the task, or a positive number", o.Orders)
	}
	g := &grid[In, Out]{task: task, build: build, metric: metric}
	var err error
	add := func(dimension int, name string, set func(target)) {
		if slices.ContainsFunc(g.values[dimension], func(v value[In, Out]) bool { return v.name == name }) {
			err = mistakef("SweepOptions has the %s %q twice; name each value once", dimensionNames[dimension], name)
		}
		g.values[dimension] = append(g.values[dimension], value[In, Out]{name, set})
	}
	for _, text := range o.Instructions {
		add(byInstruction, text, func(v target) { v.task.Instruction = text })
	}
	for _, name := range slices.Sorted(maps.Keys(o.Formats)) {
		add(byFormat, name, func(v target) { v.task.Format = o.Formats[name] })
	}
	for _, name := range slices.Sorted(maps.Keys(o.Selectors)) {
		choose := o.Selectors[name]
		if choose == nil {
			err = mistakef("SweepOptions has a nil selector %q; give it a function, such as fewshot.First", name)
		}
		add(bySelector, name, func(v target) { v.choose = choose })
	}
	for _, c := range o.Constrain {
		name, ok := map[fewshot.Constrain]string{
			fewshot.ConstrainOff: "no", fewshot.ConstrainWhereSupported: "where supported", fewshot.ConstrainRequired: "yes",
		}[c]
		if !ok {
			err = mistakef("SweepOptions.Constrain has %d; use a constant of package fewshot, such as ConstrainOff", int(c))
		}
		add(byConstrain, name, func(v target) { v.task.Constrain = c })
	}
	for _, k := range o.Shots {
		if k < 0 || k > len(task.Examples) {
			err = mistakef("SweepOptions.Shots has %d; use 0 to %d, the number of examples that are not cases", k, len(task.Examples))
		}
		add(byShots, strconv.Itoa(k), func(v target) { v.shots = k })
	}
	for i := range o.Orders {
		add(byOrder, strconv.Itoa(i+1), func(v target) { v.shuffle(o.Seed + uint64(i) + 1) })
	}
	if len(o.Shots) == 0 {
		add(byShots, strconv.Itoa(len(task.Examples)), func(target) {})
	}
	for dimension := range g.values {
		if len(g.values[dimension]) == 0 {
			add(dimension, "", func(target) {})
		}
	}
	for dimension := range byOrder {
		p := point{}
		for p[dimension] = range g.values[dimension] {
			if err == nil {
				_, err = g.compile(p)
			}
		}
	}
	return g, err
}

// variants is the number of points.
func (g *grid[In, Out]) variants() int {
	n := 1
	for _, values := range g.values {
		n *= len(values)
	}
	return n
}

// at returns the task at a point.
func (g *grid[In, Out]) at(p point) fewshot.Task[In, Out] {
	v := variant[In, Out]{task: g.task, shots: len(g.task.Examples)}
	for dimension, i := range p {
		g.values[dimension][i].set(&v)
	}
	switch {
	case v.choose != nil && v.shots > 0:
		v.task.Select = v.choose(v.shots)
	case v.shots < len(v.task.Examples):
		v.task.Select = fewshot.First(v.shots)
	}
	return v.task
}

// point returns the i-th point. The last dimension changes fastest.
func (g *grid[In, Out]) point(i int) (p point) {
	for dimension := dimensions - 1; dimension >= 0; dimension-- {
		n := len(g.values[dimension])
		p[dimension] = i % n
		i /= n
	}
	return p
}

// compile compiles the variant at p. Its errors name the values that vary.
func (g *grid[In, Out]) compile(p point) (*fewshot.Prompter[In, Out], error) {
	prompter, err := g.at(p).Compile()
	return prompter, g.located(p, err)
}

// measure evaluates the variant at p.
func (g *grid[In, Out]) measure(ctx context.Context, p point, m sampling.Model, cases []fewshot.Example[In, Out], o EvaluateOptions) (*Report, error) {
	prompter, err := g.compile(p)
	if err != nil {
		return nil, err
	}
	predictor := Predictor[In, Out](prompter)
	if g.build != nil {
		if predictor, err = g.build(prompter); err != nil {
			return nil, g.located(p, err)
		}
	}
	report, err := evaluate(ctx, predictor, m, cases, g.metric, o)
	return report, g.located(p, err)
}

// located adds the values that vary to an error.
func (g *grid[In, Out]) located(p point, err error) error {
	if err == nil {
		return nil
	}
	for dimension, i := range slices.Backward(p[:]) {
		if len(g.values[dimension]) > 1 {
			err = fmt.Errorf("%s %s: %w", dimensionNames[dimension], shown(g.values[dimension][i].name), err)
		}
	}
	return err
}

func (v *variant[In, Out]) shuffle(seed uint64) {
	examples := slices.Clone(v.task.Examples)
	random := rand.New(rand.NewPCG(seed, 0))
	random.Shuffle(len(examples), func(i, j int) { examples[i], examples[j] = examples[j], examples[i] })
	v.task.Examples = examples
	if v.task.Params.Temperature > 0 {
		v.task.Params.Seed = random.Uint64N(1<<30) + 1
	}
}

// shown is a value's name as one short line.
func shown(name string) string {
	return cmp.Or(shortened(strings.Join(strings.Fields(name), " "), 40), "none")
}

// shortened is text of at most n runes.
func shortened(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}
