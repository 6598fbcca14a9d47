package fewshot

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"
)

// A row is one row of a file: a line's text, the fields of a table, or the two sides
// of an example as they are written.
type row[T any] struct {
	line    int // counting from 1
	content T
}

func (o LoadOptions) check() error {
	if names := o.names(); names[0] == names[1] {
		return mistake("both sides of an example are in the field %q; name two in LoadOptions", names[0])
	}
	if o.Labels != nil {
		return checkLabels(o.Labels)
	}
	return nil
}

// A reader reads one side of a row into a pointer, and says if it removed white
// space around it.
type reader[Text any] func(text Text, trim bool, to any) (trimmed bool, err error)

// load turns rows into examples and cleans them as the options say. A row's error
// that is a FileError belongs to the row, and any other to the file.
func load[In, Out, Text any](o LoadOptions, rows iter.Seq2[row[[2]Text], error], read reader[Text]) iter.Seq2[Example[In, Out], error] {
	return func(yield func(Example[In, Out], error) bool) {
		if err := o.check(); err != nil {
			yield(Example[In, Out]{}, err)
			return
		}
		report := func(line int, format string, args ...any) {
			if o.Report != nil {
				o.Report(&FileError{Name: o.Name, Line: line, Err: fmt.Errorf(format, args...)})
			}
		}
		clean := cleaner[In, Out, Text]{options: o, read: read, labels: OneOf(o.Labels...), seen: map[string]earlier[Out]{}}
		for r, err := range rows {
			var e Example[In, Out]
			var note string
			if err == nil {
				if e, note, err = clean.example(r); err != nil {
					err = &FileError{Line: r.line, Err: err}
				}
			}
			var wrong *FileError
			if errors.As(err, &wrong) {
				wrong.Name = o.Name
			}
			switch {
			case wrong != nil && o.Skip && !wrong.ends:
				report(wrong.Line, "left out: %w", wrong.Err)
				continue
			case err != nil:
				yield(Example[In, Out]{}, err)
				return
			case note != "":
				report(r.line, "%s", note)
			}
			if o.Distinct {
				if err := clean.repeats(e, r.line); err != nil {
					report(r.line, "left out: %w", err)
					continue
				}
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// A cleaner knows the rows so far.
type cleaner[In, Out, Text any] struct {
	options LoadOptions
	read    reader[Text]
	in      Codec[In]
	out     Codec[Out]
	labels  Codec[string]
	seen    map[string]earlier[Out] // the first row of each input
}

type earlier[Out any] struct {
	out  Out
	line int
}

// example reads, checks and corrects one example, and notes what it changed.
func (k *cleaner[In, Out, Text]) example(r row[[2]Text]) (e Example[In, Out], note string, err error) {
	e.At = k.options.at(r.line)
	for i, side := range []any{&e.In, &e.Out} {
		trimmed, err := k.read(r.content[i], k.options.Trim, side)
		if err != nil {
			return e, "", fmt.Errorf("field %q: %w", k.options.names()[i], err)
		}
		if trimmed {
			note = "white space removed"
		}
	}
	if k.options.Skip && (isEmpty(e.In) || isEmpty(e.Out)) {
		return e, "", errors.New("is empty")
	}
	if k.options.Labels == nil {
		return e, note, nil
	}
	text, err := k.out.encode(e.Out)
	if err != nil {
		return e, "", err
	}
	label, err := k.labels.Decode(text)
	if err != nil {
		return e, "", fmt.Errorf("%q is %w", shorten(text, 40), err)
	}
	if label != text {
		note = strings.TrimPrefix(note+fmt.Sprintf(", %q read as %q", text, label), ", ")
		e.Out, err = k.out.decode(label)
	}
	return e, note, err
}

// repeats returns an error for an example with the input of an earlier one.
func (k *cleaner[In, Out, Text]) repeats(e Example[In, Out], line int) error {
	in, err := k.in.encode(e.In)
	if err != nil {
		return nil // Compile will refuse it
	}
	first, ok := k.seen[in]
	switch {
	case !ok:
		k.seen[in] = earlier[Out]{e.Out, line}
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
