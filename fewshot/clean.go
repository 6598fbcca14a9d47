package fewshot

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"
)

// A row is one row of a file, as it was read.
type row[In, Out any] struct {
	In      In
	Out     Out
	line    int
	column  int // of Out; 0 where that is not known
	trimmed bool
}

var errEmpty = errors.New("is empty")

// load turns rows into examples, and does what the options say about dirty ones.
func load[In, Out any](c LoadOptions, rows iter.Seq2[row[In, Out], error]) iter.Seq2[Example[In, Out], error] {
	return func(yield func(Example[In, Out], error) bool) {
		_, _, err := c.names()
		if c.Labels != nil {
			err = cmp.Or(err, checkLabels(c.Labels))
		}
		if err != nil {
			yield(Example[In, Out]{}, err)
			return
		}
		report := func(line, column int, format string, args ...any) {
			if c.Report != nil {
				c.Report(&FileError{Name: c.Name, Line: line, Column: column, Err: fmt.Errorf(format, args...)})
			}
		}
		clean := cleaner[In, Out]{labels: OneOf(c.Labels...), seen: map[string]row[In, Out]{}}
		for r, err := range rows {
			var note string
			if err == nil {
				note, err = clean.row(&r, c)
			}
			var wrong *FileError
			if errors.As(err, &wrong) {
				wrong.Name = c.Name
			}
			switch {
			case wrong != nil && c.Skip && !wrong.ends:
				report(wrong.Line, wrong.Column, "left out: %w", wrong.Err)
				continue
			case err != nil:
				yield(Example[In, Out]{}, err)
				return
			case note != "":
				report(r.line, 0, "%s", note)
			}
			if c.Distinct {
				if err := clean.repeats(r); err != nil {
					report(r.line, 0, "left out: %w", err)
					continue
				}
			}
			if !yield(Example[In, Out]{In: r.In, Out: r.Out, At: c.at(r.line)}, nil) {
				return
			}
		}
	}
}

// A cleaner knows the rows so far.
type cleaner[In, Out any] struct {
	in     Codec[In]
	out    Codec[Out]
	labels Codec[string]
	seen   map[string]row[In, Out] // the first of each input
}

// row checks and mends one row, and notes what it changed.
func (k *cleaner[In, Out]) row(r *row[In, Out], c LoadOptions) (note string, err error) {
	if r.trimmed {
		note = "white space removed"
	}
	if c.Skip && !c.Missing && (isEmpty(r.In) || isEmpty(r.Out)) {
		return "", &FileError{Line: r.line, Err: errEmpty}
	}
	if c.Labels == nil {
		return note, nil
	}
	text, err := k.out.encode(r.Out)
	label := text
	if err == nil {
		if label, err = k.labels.Decode(text); err != nil {
			err = fmt.Errorf("%q is %w", shorten(text, 40), err)
		}
	}
	if err == nil && label != text {
		note = strings.TrimPrefix(note+fmt.Sprintf(", %q read as %q", text, label), ", ")
		r.Out, err = k.out.decode(label)
	}
	if err != nil {
		return "", &FileError{Line: r.line, Column: r.column, Err: err}
	}
	return note, nil
}

// repeats returns an error for a row with the input of an earlier one.
func (k *cleaner[In, Out]) repeats(r row[In, Out]) error {
	in, err := k.in.encode(r.In)
	if err != nil {
		return nil // Compile will refuse it
	}
	earlier, ok := k.seen[in]
	switch {
	case !ok:
		k.seen[in] = r
		return nil
	case reflect.DeepEqual(earlier.Out, r.Out):
		return fmt.Errorf("repeats line %d", earlier.line)
	}
	return fmt.Errorf("line %d has the same input and another output", earlier.line)
}

func isEmpty(v any) bool {
	s := reflect.ValueOf(v)
	return s.Kind() == reflect.String && s.Len() == 0
}

// trim removes white space around a value that is text, and says if there was any.
func trim(v any) bool {
	s := reflect.ValueOf(v).Elem()
	if s.Kind() != reflect.String {
		return false
	}
	before := s.Len()
	s.SetString(strings.TrimSpace(s.String()))
	return s.Len() < before
}
