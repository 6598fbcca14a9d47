package fewshot

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/foreword-go/foreword/sampling"
)

// Constrain says whether answers are constrained to what a Task's Out codec
// writes: constrained decoding. [sampling.Model] verifies every answer that was
// asked for with a constraint, whatever the server did with it.
type Constrain int

const (
	ConstrainOff            Constrain = iota // the model writes what it likes
	ConstrainWhereSupported                  // constrained, if the backend can do it
	ConstrainRequired                        // a backend that cannot is sampling.ErrUnsupported
)

// setConstraint sets what a completion may be: the space before the answer, and
// what Task.Out writes. Free text, and a type that cannot be constrained, is an
// error only where a constraint is required.
func (p *Prompter[In, Out]) setConstraint(l *layout) error {
	if p.constrain == ConstrainOff {
		return nil
	}
	c, inStrings, err := p.out.constraint(l)
	if err == nil && c.IsZero() {
		err = fmt.Errorf("%w: free text", sampling.ErrUnsupported)
	}
	if p.constrain == ConstrainWhereSupported && errors.Is(err, sampling.ErrUnsupported) {
		return nil
	}
	if err == nil {
		c = c.Wrap(l.pad, "")
		err = (&sampling.Request{Stop: l.stops, Constraint: c}).Validate()
	}
	if err != nil {
		return &mistakeError{fmt.Sprintf("fewshot: the constraint of Task.Out, %v: %v; set Codec.Constraint, or ConstrainOff", reflect.TypeFor[Out](), err), err}
	}
	p.constraint = c
	if len(inStrings) > 0 {
		p.warnings = append(p.warnings, fmt.Sprintf("a string in an answer may contain the stop sequences %q, which would cut the answer; choose stops with a line break or a quotation mark", inStrings))
	}
	return nil
}

// constraint returns what Encode may write, and the stop sequences that strings in
// it may contain. The zero Constraint is any text.
func (c *Codec[T]) constraint(l *layout) (_ sampling.Constraint, inStrings []string, err error) {
	if c.Constraint != nil {
		constraint, err := c.Constraint()
		return constraint, nil, err
	}
	if c.allowed != nil {
		return c.allowed(l)
	}
	if c.Encode != nil || c.Decode != nil {
		return sampling.Constraint{}, nil, nil
	}
	return constraintOf(reflect.TypeFor[T](), l)
}

// keeps refuses an output that the constraint does not allow: the model could never
// write it.
func (p *Prompter[In, Out]) keeps(output string) error {
	if p.constraint.IsZero() {
		return nil
	}
	if err := p.constraint.Match(p.column.layout.pad + output); err != nil {
		return fmt.Errorf("%q does not keep to the constraint of Task.Out, under which the model cannot write it: %w", shorten(output, 80), err)
	}
	return nil
}

// constrained returns the constraint c if the backend enforces it, and none where
// that is all right too. A Model without a backend, which only shows prompts, has
// none.
func (k Constrain) constrained(m sampling.Model, c sampling.Constraint) (sampling.Constraint, error) {
	if k == ConstrainOff || c.IsZero() || m.Backend == nil {
		return sampling.Constraint{}, nil
	}
	err := sampling.Forward{Backend: m.Backend}.Constrains(c)
	if k == ConstrainWhereSupported && errors.Is(err, sampling.ErrUnsupported) {
		return sampling.Constraint{}, nil
	}
	if err != nil {
		return sampling.Constraint{}, fmt.Errorf("fewshot: constraining the answer: %w", err)
	}
	return c, nil
}
