package fewshot

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/foreword-go/foreword/sampling"
)

// An Example is one worked pair: a shot, or demonstration.
type Example[In, Out any] struct {
	In  In
	Out Out

	// At says where the example came from, such as "glossary.csv:12". Errors
	// repeat it. Loaders fill it in; it may be empty.
	At string
}

// A Task describes a function from In to Out by any number of examples. The zero
// Task is zero-shot, in the [Labeled] format.
//
// A Task is a plain value. Copy it, vary the copy, and call [Task.Compile] to use
// it. Later changes are seen by the next Compile only.
type Task[In, Out any] struct {
	Preamble    string             // verbatim, before everything
	Instruction string             // followed by an empty line
	Examples    []Example[In, Out] // the pool of shots
	Select      Selector           // chooses from the pool; nil shows all of it
	Format      Format             // the zero Format is Labeled
	In          Codec[In]
	Out         Codec[Out]

	// Constrain restricts answers to what Out writes.
	Constrain Constrain

	// Retries is how often an invalid answer is drawn again, each time with the
	// next seed. It needs a Temperature above 0: greedy answers do not change.
	Retries int

	Params sampling.Params
}

// Add appends an example. It copies the slice, so two copies of a Task never
// share what was added. To add thousands, set Examples.
func (t *Task[In, Out]) Add(in In, out Out) {
	t.Examples = append(slices.Clip(t.Examples), Example[In, Out]{In: in, Out: out})
}

// Compile checks the whole Task and makes it ready for use. The error joins a
// [*ValueError] for each bad example, and errors.Is takes it for
// [sampling.ErrInvalid]. Nothing is sent.
func (t Task[In, Out]) Compile() (*Prompter[In, Out], error) {
	layout, err := newLayout(&t.Format)
	if err != nil {
		return nil, err
	}
	if err := t.In.check(); err != nil {
		return nil, mistake("Task.In: %v", err)
	}
	if err := t.Out.check(); err != nil {
		return nil, mistake("Task.Out: %v", err)
	}
	if t.Retries < 0 || t.Retries > 0 && t.Params.Temperature == 0 {
		return nil, mistake("Task.Retries is %d at Temperature %v; use 0, or a positive number and a Temperature above 0", t.Retries, t.Params.Temperature)
	}
	if err := (&sampling.Request{Params: t.Params}).Validate(); err != nil {
		return nil, fmt.Errorf("fewshot: %w", err)
	}
	p := &Prompter[In, Out]{in: t.In, out: t.Out, params: t.Params, retries: t.Retries, constrain: t.Constrain}
	if t.Constrain < ConstrainOff || t.Constrain > ConstrainRequired {
		return nil, mistake("Task.Constrain is %d; use ConstrainOff, ConstrainWhereSupported or ConstrainRequired", int(t.Constrain))
	}
	if err := cmp.Or(p.checkTypical(layout), p.setConstraint(layout)); err != nil {
		return nil, err
	}
	c := newColumn(layout, t.Preamble, t.Instruction, len(t.Examples))
	p.column = c
	errs := []error{c.checkHead()}
	for i, e := range t.Examples {
		if err := p.addExample(e); err != nil {
			err.Example, err.At = i, e.At
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if t.Select != nil && len(c.pairs) > 0 {
		if p.picker, err = t.Select.prepare(c.pairs); err != nil {
			return nil, fmt.Errorf("fewshot: preparing the Selector: %w", err)
		}
	}
	p.warnings = append(p.warnings, c.warnings()...)
	return p, nil
}

// addExample encodes, checks and lays out one example.
func (p *Prompter[In, Out]) addExample(e Example[In, Out]) *ValueError {
	in, err := p.in.encode(e.In)
	if err == nil {
		in, err = p.column.layout.input(in, false)
	}
	if err != nil {
		return &ValueError{Field: "input", Err: err}
	}
	out, err := p.writable(e.Out)
	if err != nil {
		return &ValueError{Field: "output", Err: err}
	}
	p.column.add(pair{In: in, Out: out, At: e.At})
	return nil
}

// MustCompile is Compile for variables of a package: it panics on an error, as
// [regexp.MustCompile] does.
func (t Task[In, Out]) MustCompile() *Prompter[In, Out] {
	p, err := t.Compile()
	if err != nil {
		panic(err)
	}
	return p
}
