package fewshot

import (
	"encoding"
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

// constraint returns what a completion may be: the space before an answer, and
// what Encode may write.
func (c *Codec[T]) constraint(l *layout) (constraint sampling.Constraint, err error) {
	if c.Constraint != nil {
		constraint, err = c.Constraint()
	} else {
		constraint, err = defaultConstraint(reflect.TypeFor[T](), c.Encode != nil || c.Decode != nil)
	}
	if err == nil && constraint.IsZero() {
		err = errors.New("allows every text")
	}
	if err == nil {
		constraint = constraint.Wrap(l.pad, "")
		err = (&sampling.Request{Stop: l.stops, Constraint: constraint}).Validate()
	}
	if err != nil {
		return constraint, &mistakeError{fmt.Sprintf("fewshot: the constraint of Task.Out: %v; set Codec.Constraint, or ConstrainOff", err)}
	}
	return constraint, nil
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

// defaultConstraint is that of the default rules. Numbers out of their type's range
// match, and are refused when they are decoded.
func defaultConstraint(t reflect.Type, ownRules bool) (sampling.Constraint, error) {
	_, isText := reflect.New(t).Interface().(encoding.TextMarshaler)
	if !ownRules && !isText {
		switch t.Kind() {
		case reflect.Bool:
			return sampling.OneOf("true", "false"), nil
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			return sampling.Matching(`0|-?[1-9][0-9]*`)
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
			return sampling.Matching(`0|[1-9][0-9]*`)
		case reflect.Float32, reflect.Float64:
			return sampling.Matching(`-?(0|[1-9][0-9]*)(\.[0-9]+)?`)
		}
	}
	return sampling.Constraint{}, fmt.Errorf("%v has none by default", t)
}

// constrained returns the constraint c if the backend enforces it, and none where
// that is all right too. A Model without a backend, which only shows prompts, has
// none.
func (k Constrain) constrained(m sampling.Model, c sampling.Constraint) (sampling.Constraint, error) {
	if k == ConstrainOff || m.Backend == nil {
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
