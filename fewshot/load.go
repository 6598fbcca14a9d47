package fewshot

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"slices"

	"github.com/foreword-go/foreword/internal/strictjson"
)

// LoadOptions say where the two sides of an example are in a file, and how
// strictly it is read. The zero LoadOptions read the fields "in" and "out". They
// refuse a file that has other fields, or lacks one of these in some row.
type LoadOptions struct {
	// Name is the file's name, for [Example.At] and errors: "words.csv" gives
	// "words.csv:7" in line 7, and "" gives "line 7".
	Name string

	In, Out string // names of the fields; "" is "in" and "out"

	// Others lets a file have other fields, which are not read.
	Others bool

	// Missing lets a row lack a field, or a value some of its own. They are then
	// zero values.
	Missing bool

	// Trim removes white space around both sides, where they are text.
	Trim bool

	// Labels are the only outputs that are right; nil allows all. An output that
	// differs from a label in letter case alone is read as the label.
	Labels []string

	// Distinct leaves out rows with the input of an earlier row.
	Distinct bool

	// Skip leaves out wrong rows, and rows with an empty side unless Missing is
	// set. Otherwise the first wrong row ends the file.
	Skip bool

	// Report is called for each row that Trim, Labels, Distinct or Skip changed or
	// left out, with the reason.
	Report func(*FileError)
}

// at returns where an example is, for its At.
func (c LoadOptions) at(line int) string {
	if c.Name == "" {
		return fmt.Sprintf("line %d", line)
	}
	return fmt.Sprintf("%s:%d", c.Name, line)
}

func (c LoadOptions) names() (in, out string, err error) {
	in, out = c.In, c.Out
	if in == "" {
		in = "in"
	}
	if out == "" {
		out = "out"
	}
	if in == out {
		return "", "", fmt.Errorf("fewshot: both sides of an example are in the field %q; name two in LoadOptions", in)
	}
	return in, out, nil
}

// A FileError says where a file of examples is wrong.
type FileError struct {
	Name   string // of the file, from LoadOptions
	Line   int    // counting from 1
	Column int    // in bytes of UTF-8, counting from 1; 0 is the whole line
	Err    error

	ends bool // the rest of the file cannot be read
}

// Error begins with the place.
func (e *FileError) Error() string {
	at := LoadOptions{Name: e.Name}.at(e.Line)
	if e.Column > 0 {
		at += fmt.Sprintf(", column %d", e.Column)
	}
	return fmt.Sprintf("fewshot: %s: %v", at, e.Err)
}

// Unwrap returns what is wrong there.
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
// byte order mark, CRLF and empty lines. The first error, a [*FileError] unless r
// itself fails, ends the sequence, which is single-use.
func ReadJSONL[In, Out any](r io.Reader, c LoadOptions) iter.Seq2[Example[In, Out], error] {
	return load(c, func(yield func(row[In, Out], error) bool) {
		inName, outName, _ := c.names()
		for l, err := range lines(r) {
			if err == nil && len(bytes.TrimSpace(l.text)) == 0 {
				continue
			}
			r := row[In, Out]{line: l.number}
			if err == nil {
				err = readObject(l, c, []string{inName, outName}, []any{&r.In, &r.Out})
			}
			if err == nil && c.Trim {
				r.trimmed = trim(&r.In)
				r.trimmed = trim(&r.Out) || r.trimmed
			}
			if !yield(r, err) {
				return
			}
		}
	})
}

// readObject reads one line's object into the two targets.
func readObject(l line, c LoadOptions, names []string, targets []any) error {
	dec := json.NewDecoder(bytes.NewReader(l.text))
	wrong := func(at int64, err error) error {
		var syntax *json.SyntaxError
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			at, err = int64(len(l.text)), errors.New("the object is not whole")
		case errors.As(err, &syntax):
			// A Decoder does not count from the front; this does.
			if errors.As(json.Unmarshal(l.text, new(json.RawMessage)), &syntax) {
				at, err = syntax.Offset-1, syntax
			}
		}
		return &FileError{Line: l.number, Column: int(at) + 1, Err: err}
	}
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return &FileError{Line: l.number, Column: 1, Err: errors.New("a line must be a JSON object")}
	}
	seen := make([]bool, len(names))
	for dec.More() {
		at := dec.InputOffset()
		key, err := dec.Token()
		if err != nil {
			return wrong(dec.InputOffset(), err)
		}
		at += int64(bytes.IndexByte(l.text[at:], '"')) // past the comma and spaces
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return wrong(dec.InputOffset(), err)
		}
		i := slices.Index(names, key.(string))
		switch {
		case i < 0 && c.Others:
			continue
		case i < 0:
			return wrong(at, fmt.Errorf("unknown field %q; the fields are %q, or set LoadOptions.Others", key, names))
		case seen[i]:
			return wrong(at, fmt.Errorf("field %q is there twice", key))
		}
		seen[i] = true
		if err := unmarshalStrict(value, targets[i], c.Missing); err != nil {
			return wrong(dec.InputOffset()-int64(len(value)), fmt.Errorf("field %q: %w", key, err))
		}
	}
	if _, err := dec.Token(); err != nil {
		return wrong(dec.InputOffset(), err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return wrong(dec.InputOffset(), errors.New("text follows the object"))
	}
	for i, ok := range seen {
		if !ok && !c.Missing {
			return wrong(-1, fmt.Errorf("no field %q; add it, or set LoadOptions.Missing", names[i]))
		}
	}
	return nil
}

// unmarshalStrict reads the value of one side, in which nothing may be unknown,
// missing unless that is allowed, or changed by being read.
func unmarshalStrict(value []byte, target any, missing bool) error {
	v := reflect.ValueOf(target).Elem()
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface: // null is how nil is written
	default:
		if string(value) == "null" {
			return errors.New("is null")
		}
	}
	if err := strictjson.Decode(value, target); err != nil {
		return err
	}
	if missing || v.Kind() == reflect.String {
		return nil
	}
	return checkWhole(string(value), v.Interface())
}

// WriteJSONL writes examples as JSON Lines that [ReadJSONL] reads back with the
// same LoadOptions.
func WriteJSONL[In, Out any](w io.Writer, examples []Example[In, Out], c LoadOptions) error {
	inName, outName, err := c.names()
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	for i, e := range examples {
		in, err := marshal(e.In)
		if err != nil {
			return &ValueError{Example: i, Of: len(examples), Field: "input", Err: err}
		}
		out, err := marshal(e.Out)
		if err != nil {
			return &ValueError{Example: i, Of: len(examples), Field: "output", Err: err}
		}
		name1, _ := marshal(inName)
		name2, _ := marshal(outName)
		fmt.Fprintf(b, "{%s:%s,%s:%s}\n", name1, in, name2, out)
	}
	return b.Flush()
}
