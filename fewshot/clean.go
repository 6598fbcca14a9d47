package fewshot

import (
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
	trimmed bool
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

// load turns rows into examples and cleans them as the options say. A row's error
// that is a FileError belongs to the row, and any other to the file.
func load[In, Out any](o LoadOptions, rows iter.Seq2[row[In, Out], error]) iter.Seq2[Example[In, Out], error] {
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
		clean := cleaner[In, Out]{labels: OneOf(o.Labels...), seen: map[string]row[In, Out]{}}
		for r, err := range rows {
			var note string
			if err == nil {
				note, err = clean.row(&r, o)
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
				if err := clean.repeats(r); err != nil {
					report(r.line, "left out: %w", err)
					continue
				}
			}
			if !yield(Example[In, Out]{In: r.In, Out: r.Out, At: o.at(r.line)}, nil) {
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

// row checks and corrects one row, and notes what it changed.
func (k *cleaner[In, Out]) row(r *row[In, Out], o LoadOptions) (note string, err error) {
	if r.trimmed {
		note = "white space removed"
	}
	if o.Skip && (isEmpty(r.In) || isEmpty(r.Out)) {
		return "", &FileError{Line: r.line, Err: errors.New("is empty")}
	}
	if o.Labels == nil {
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
		return "", &FileError{Line: r.line, Err: err}
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
