package fewshot

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"

	"github.com/foreword-go/foreword/internal/jsonpattern"
	"github.com/foreword-go/foreword/sampling"
)

// Constrain says whether answers are constrained to what a Task's Out codec
// writes: constrained decoding. [sampling.Model] verifies every constrained
// answer, whatever the server did.
type Constrain int

const (
	ConstrainOff            Constrain = iota // no constraint
	ConstrainWhereSupported                  // constrained, if the backend supports it
	ConstrainRequired                        // a backend without support is sampling.ErrUnsupported
)

// setConstraint sets the constraint of a completion: the space before the answer,
// then the texts that Task.Out writes. Free text, and a type without a pattern, is
// an error only where a constraint is required.
func (p *Prompter[In, Out]) setConstraint(l *layout) error {
	if p.constrain == ConstrainOff {
		return nil
	}
	c, hasStrings, err := p.out.constraint(l.singleStops())
	if err == nil && c.IsZero() {
		err = fmt.Errorf("%w: free text", sampling.ErrUnsupported)
	}
	if err == nil && l.format.Quote {
		c, err = p.quotedConstraint(l, c)
	}
	if p.constrain == ConstrainWhereSupported && errors.Is(err, sampling.ErrUnsupported) {
		return nil
	}
	if err == nil {
		c = c.Wrap(l.pad, "")
		err = (&sampling.Request{Stop: l.stops, Constraint: c}).Validate()
	}
	if err != nil {
		return mistake("the constraint of Task.Out, %v: %w; set Codec.Constraint, or ConstrainOff", reflect.TypeFor[Out](), err)
	}
	p.constraint = c
	if stops := l.stopsInStrings(); hasStrings && len(stops) > 0 {
		p.warnings = append(p.warnings, fmt.Sprintf("a string in an answer may contain the stop sequences %q, which would cut the answer; choose stops with a line break or a quotation mark", stops))
	}
	return nil
}

// quotedConstraint returns the constraint of outputs under Format.Quote. c is that
// of outputs that are not quoted.
func (p *Prompter[In, Out]) quotedConstraint(l *layout, c sampling.Constraint) (sampling.Constraint, error) {
	if choices := c.Choices(); choices != nil {
		for i := range choices {
			choices[i], _ = l.output(choices[i]) // the examples are checked later
		}
		return sampling.OneOf(choices...), nil
	}
	whole, _, err := p.out.constraint("")
	if err != nil {
		return c, err
	}
	plain := c.Pattern()
	if (&sampling.Request{Stop: l.stops, Constraint: c}).Validate() != nil {
		plain = "" // a stop would cut every output that is not quoted
	}
	pattern, err := l.quoting().Quoted(plain, whole.Pattern())
	if err != nil {
		return c, err
	}
	return sampling.Matching(pattern)
}

// constraint returns the constraint of what Encode writes. Its strings have none of
// the characters in never; hasStrings says whether it has any. The zero Constraint is
// free text.
func (c *Codec[T]) constraint(never string) (_ sampling.Constraint, hasStrings bool, err error) {
	if c.Constraint != nil {
		constraint, err := c.Constraint()
		return constraint, false, err
	}
	if c.allowed != nil {
		return c.allowed(never)
	}
	if c.Encode != nil || c.Decode != nil {
		return sampling.Constraint{}, false, nil
	}
	return constraintOf(reflect.TypeFor[T](), never)
}

// constraintOf returns the constraint of what the default rules write for a type.
func constraintOf(t reflect.Type, never string) (c sampling.Constraint, hasStrings bool, err error) {
	if texts, err := jsonpattern.Texts(t, encodeDefault); texts != nil || err != nil {
		return sampling.OneOf(texts...), false, err
	}
	pattern, hasStrings, err := patternOf(t, never)
	if err == nil && pattern != "" {
		c, err = sampling.Matching(pattern)
	}
	return c, hasStrings, err
}

// patternOf returns the pattern of what the default rules write for a type that is
// not an enumeration, or "" for free text.
func patternOf(t reflect.Type, never string) (pattern string, hasStrings bool, err error) {
	elem := t
	if t.Kind() == reflect.Pointer {
		elem = t.Elem()
	}
	own, known := jsonpattern.OwnText[elem]
	switch {
	case known && elem != t:
		return jsonpattern.AnyOf(jsonpattern.Null, own), false, nil
	case known || reflect.PointerTo(elem).Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return own, false, nil
	case t.Kind() == reflect.String:
		return "", false, nil
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		return jsonpattern.Number, false, nil
	}
	return jsonpattern.OfType(t, never)
}

// writable returns an output as it is written in a shot. It refuses one that the
// constraint does not allow: the model could never write it.
func (p *Prompter[In, Out]) writable(out Out) (string, error) {
	text, err := p.output(out)
	if err != nil || p.constraint.IsZero() {
		return text, err
	}
	if err := p.constraint.Match(p.column.layout.pad + text); err != nil {
		return "", fmt.Errorf("%q does not match the constraint of Task.Out, so the model cannot write it: %w", shorten(text, 80), err)
	}
	return text, nil
}

// constrained returns c if the backend enforces it, and no constraint where that is
// allowed. A Model without a backend only shows prompts and has none.
func (k Constrain) constrained(m sampling.Model, c sampling.Constraint) (sampling.Constraint, error) {
	if k == ConstrainOff || c.IsZero() || m.Backend == nil {
		return sampling.Constraint{}, nil
	}
	err := sampling.Forward{Backend: m.Backend}.Constrains(c)
	if errors.Is(err, sampling.ErrUnsupported) {
		if k == ConstrainWhereSupported {
			return sampling.Constraint{}, nil
		}
		err = fmt.Errorf("%w; ConstrainWhereSupported asks without the constraint", err)
	}
	if err != nil {
		return sampling.Constraint{}, fmt.Errorf("fewshot: constraining the answer: %w", err)
	}
	return c, nil
}
