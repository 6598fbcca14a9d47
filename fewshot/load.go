package fewshot

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"strings"

	"github.com/foreword-go/foreword/internal/strictjson"
)

// LoadOptions say where the two sides of an example are in a file, and how
// strictly it is read. The zero LoadOptions read the fields "in" and "out" and stop
// at the first wrong row. Other fields are not read.
type LoadOptions struct {
	// Name is the file's name, for [Example.At] and errors: "words.csv" gives
	// "words.csv:7" in line 7, and "" gives "line 7".
	Name string

	// In and Out are the names of the fields; "" is "in" and "out". For [ReadTMX]
	// they are languages, such as "en" and "ko".
	In, Out string

	// Tags keeps the inline codes of segments, such as "<b>", for [ReadTMX].
	Tags bool

	// Trim removes white space around both sides, where they are text.
	Trim bool

	// Labels are the allowed outputs; nil allows all. An output that differs from a
	// label in letter case alone is read as the label.
	Labels []string

	// Distinct leaves out rows with the input of an earlier row.
	Distinct bool

	// Skip leaves out wrong rows and rows with an empty side. Otherwise the first
	// wrong row ends the file.
	Skip bool

	// Report is called for each row that Trim, Labels, Distinct or Skip changed or
	// left out, with the reason.
	Report func(*FileError)
}

// at returns where an example is, for its At.
func (o LoadOptions) at(line int) string {
	if o.Name == "" {
		return fmt.Sprintf("line %d", line)
	}
	return fmt.Sprintf("%s:%d", o.Name, line)
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

func (o LoadOptions) report(line int, format string, args ...any) {
	if o.Report != nil {
		o.Report(&FileError{Name: o.Name, Line: line, Err: fmt.Errorf(format, args...)})
	}
}

func (o LoadOptions) names() [2]string { return [2]string{cmp.Or(o.In, "in"), cmp.Or(o.Out, "out")} }

// A FileError says which line of a file of examples is wrong.
type FileError struct {
	Name string // of the file, from LoadOptions
	Line int    // counting from 1
	Err  error
}

// Error begins with the place.
func (e *FileError) Error() string {
	return fmt.Sprintf("fewshot: %s: %v", LoadOptions{Name: e.Name}.at(e.Line), e.Err)
}

// Unwrap returns the reason.
func (e *FileError) Unwrap() error { return e.Err }

// Collect reads a whole file into memory:
//
//	examples, err := fewshot.Collect(fewshot.ReadJSONL[string, string](file, fewshot.LoadOptions{}))
//
// On an error it returns the examples before it.
func Collect[In, Out any](file iter.Seq2[Example[In, Out], error]) ([]Example[In, Out], error) {
	var all []Example[In, Out]
	for e, err := range file {
		if err != nil {
			return all, err
		}
		all = append(all, e)
	}
	return all, nil
}

// ReadJSONL reads examples from JSON Lines, one object a line, as it goes, with
// no limit on the length of a line. It reads UTF-8 and UTF-16, with and without a
// byte order mark, CRLF, CR and empty lines. The first error, a [*FileError] unless r
// itself fails, ends the sequence, which is single-use.
func ReadJSONL[In, Out any](r io.Reader, o LoadOptions) iter.Seq2[Example[In, Out], error] {
	return load[In, Out](o, func(each func(record) error) error {
		return lines(r, func(line int, text []byte, wrong error) error {
			if wrong == nil && len(bytes.TrimSpace(text)) == 0 {
				return nil
			}
			rec := record{line: line, wrong: wrong}
			if wrong == nil {
				rec.sides, rec.wrong = members(text, o.names())
			}
			return each(rec)
		})
	})
}

// members returns the two members of one line's object.
func members(text []byte, names [2]string) (sides [2]side, err error) {
	if err := strictjson.Check(text, nil); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return sides, errors.New("the object is incomplete; in JSON Lines each object is on one line")
	} else if err != nil {
		return sides, err
	}
	var all map[string]jsonSide
	if err := json.Unmarshal(text, &all); err != nil || all == nil {
		return sides, errors.New("a line must be a JSON object")
	}
	for i, name := range names {
		value, ok := all[name]
		if !ok {
			return sides, fmt.Errorf("no field %q; add it, or set LoadOptions.In and Out to the names of the fields", name)
		}
		sides[i] = value
	}
	return sides, nil
}

// A jsonSide is a side in JSON. Nothing in it may be unknown, missing, or changed by
// being read.
type jsonSide struct{ json.RawMessage }

func (s jsonSide) read(v reflect.Value, trim bool) (trimmed bool, err error) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface: // null is how nil is written
	default:
		if string(s.RawMessage) == "null" {
			return false, errors.New("is null")
		}
	}
	if err := strictjson.Decode(s.RawMessage, v.Addr().Interface()); err != nil {
		return false, err
	}
	if v.Kind() != reflect.String {
		return false, checkWhole(string(s.RawMessage), v.Interface())
	}
	if trim {
		whole := v.Len()
		v.SetString(strings.TrimSpace(v.String()))
		trimmed = v.Len() < whole
	}
	return trimmed, nil
}

// WriteJSONL writes examples as JSON Lines that [ReadJSONL] reads back with the
// same LoadOptions.
func WriteJSONL[In, Out any](w io.Writer, examples []Example[In, Out], o LoadOptions) error {
	names := o.names()
	if err := o.check(); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	for i, e := range examples {
		in, err := marshal(e.In)
		if err != nil {
			return &ValueError{Example: i, At: e.At, Field: "input", Err: err}
		}
		out, err := marshal(e.Out)
		if err != nil {
			return &ValueError{Example: i, At: e.At, Field: "output", Err: err}
		}
		name1, _ := marshal(names[0])
		name2, _ := marshal(names[1])
		fmt.Fprintf(b, "{%s:%s,%s:%s}\n", name1, in, name2, out)
	}
	return b.Flush()
}
