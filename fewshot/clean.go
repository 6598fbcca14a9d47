package fewshot

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"
)

// A record is one record of a file, with one example.
type record struct {
	line  int // counting from 1
	sides [2]side
	wrong error // the reason if the sides are missing
}

// A side is the input or the output of an example as it is written in a file.
type side interface {
	// read sets v, and says if it removed white space around the text.
	read(v reflect.Value, trim bool) (trimmed bool, err error)
}

var errLeft = errors.New("the caller has left the loop")

// load turns the records of a file into examples and cleans them as the options say.
// records calls each for every record and stops at its first error. The error that
// records returns ends the file.
func load[In, Out any](o LoadOptions, records func(each func(record) error) error) iter.Seq2[Example[In, Out], error] {
	return func(yield func(Example[In, Out], error) bool) {
		clean := cleaner[In, Out]{LoadOptions: o, labels: OneOf(o.Labels...), seen: map[string]earlier[Out]{}}
		err := o.check()
		if err == nil {
			err = records(func(r record) error {
				e, note, err := clean.example(r)
				if err != nil && !o.Skip {
					return &FileError{Line: r.line, Err: err}
				}
				if err == nil && note != "" {
					o.report(r.line, "%s", note)
				}
				if err == nil && o.Distinct {
					err = clean.repeats(e, r.line)
				}
				if err != nil {
					o.report(r.line, "left out: %w", err)
				} else if !yield(e, nil) {
					return errLeft
				}
				return nil
			})
		}
		if file, ok := errors.AsType[*FileError](err); ok {
			file.Name = o.Name
			err = file
		}
		if err != nil && err != errLeft {
			yield(Example[In, Out]{}, err)
		}
	}
}

// A cleaner knows the examples so far.
type cleaner[In, Out any] struct {
	LoadOptions
	labels Codec[string]
	seen   map[string]earlier[Out] // the first example of each input
}

type earlier[Out any] struct {
	out  Out
	line int
}

// example reads, checks and corrects one example, and notes what it changed.
func (c *cleaner[In, Out]) example(r record) (e Example[In, Out], note string, err error) {
	if r.wrong != nil {
		return e, "", r.wrong
	}
	e.At = c.at(r.line)
	for i, v := range []reflect.Value{reflect.ValueOf(&e.In).Elem(), reflect.ValueOf(&e.Out).Elem()} {
		trimmed, err := r.sides[i].read(v, c.Trim)
		if err != nil {
			return e, "", fmt.Errorf("field %q: %w", c.names()[i], err)
		}
		if trimmed {
			note = "white space removed"
		}
	}
	if c.Skip && (isEmpty(e.In) || isEmpty(e.Out)) {
		return e, "", errors.New("is empty")
	}
	if c.Labels == nil {
		return e, note, nil
	}
	var codec Codec[Out]
	text, err := codec.encode(e.Out)
	if err != nil {
		return e, "", err
	}
	label, err := c.labels.Decode(text)
	if err != nil {
		return e, "", fmt.Errorf("%q is %w", shorten(text, 40), err)
	}
	if label != text {
		note = strings.TrimPrefix(note+fmt.Sprintf(", %q read as %q", text, label), ", ")
		e.Out, err = codec.decode(label)
	}
	return e, note, err
}

// repeats returns an error for an example with the input of an earlier one.
func (c *cleaner[In, Out]) repeats(e Example[In, Out], line int) error {
	var codec Codec[In]
	in, err := codec.encode(e.In)
	if err != nil {
		return nil // Compile will refuse it
	}
	first, ok := c.seen[in]
	switch {
	case !ok:
		c.seen[in] = earlier[Out]{e.Out, line}
		return nil
	case reflect.DeepEqual(first.out, e.Out):
		return fmt.Errorf("repeats line %d", first.line)
	}
	return fmt.Errorf("line %d has the same input and another output", first.line)
}

func isEmpty(v any) bool {
	s := reflect.ValueOf(v)
	return s.Kind() == reflect.String && s.Len() == 0
}
