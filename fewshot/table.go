package fewshot

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// ReadCSV reads examples from comma-separated values as RFC 4180 has them; a line
// break between quotation marks is read as "\n", also where it is CRLF. The first
// record names the columns; values follow the default rules of [Codec]. What else
// is said of [ReadJSONL] holds here too.
func ReadCSV[In, Out any](r io.Reader, c LoadOptions) iter.Seq2[Example[In, Out], error] {
	return readTable[In, Out](c, func(yield func(record, error) bool) {
		records := csv.NewReader(skipBOM(r))
		records.FieldsPerRecord = -1 // counted below, with a better error
		for {
			fields, err := records.Read()
			if err == io.EOF {
				return
			}
			var parse *csv.ParseError
			if errors.As(err, &parse) {
				err = &FileError{Line: parse.Line, Column: parse.Column, Err: parse.Err}
			}
			if err != nil {
				yield(record{}, err)
				return
			}
			rec := record{fields: fields, position: records.FieldPos}
			rec.line, _ = records.FieldPos(0)
			if !yield(rec, nil) {
				return
			}
		}
	})
}

// ReadTSV reads examples from tab-separated values: one line a record, a tab
// between fields, and no quoting, so that a quotation mark is a character like
// any other. What is said of [ReadCSV] holds otherwise.
func ReadTSV[In, Out any](r io.Reader, c LoadOptions) iter.Seq2[Example[In, Out], error] {
	return readTable[In, Out](c, func(yield func(record, error) bool) {
		for l, err := range lines(r) {
			if err == nil && len(l.text) == 0 {
				continue
			}
			fields := strings.Split(string(l.text), "\t")
			position := func(i int) (int, int) {
				column := 1
				for _, field := range fields[:i] {
					column += len(field) + 1
				}
				return l.number, column
			}
			if !yield(record{l.number, fields, position}, err) || err != nil {
				return
			}
		}
	})
}

// A record is one line of a table.
type record struct {
	line     int
	fields   []string
	position func(field int) (line, column int)
}

func readTable[In, Out any](c LoadOptions, records iter.Seq2[record, error]) iter.Seq2[Example[In, Out], error] {
	return func(yield func(Example[In, Out], error) bool) {
		var (
			inCodec  Codec[In]
			outCodec Codec[Out]
			columns  []int // where the two sides stand; nil before the header
			width    int
		)
		for rec, err := range records {
			var e Example[In, Out]
			switch {
			case err != nil:
			case columns == nil:
				columns, err = header(rec, c)
				width = len(rec.fields)
				if err == nil {
					continue
				}
			case len(rec.fields) != width && !(c.Missing && len(rec.fields) < width):
				err = rec.wrong(-1, fmt.Errorf("%d fields, and the header has %d", len(rec.fields), width))
			default:
				e.At = c.at(rec.line)
				if e.In, err = field(rec, columns[0], &inCodec); err == nil {
					e.Out, err = field(rec, columns[1], &outCodec)
				}
			}
			if err != nil {
				yield(Example[In, Out]{}, err)
				return
			}
			if !yield(e, nil) {
				return
			}
		}
		if columns == nil {
			yield(Example[In, Out]{}, &FileError{Line: 1, Err: errors.New("no header; the first line names the columns")})
		}
	}
}

// header returns where the two sides stand, -1 for one that may be missing.
func header(rec record, c LoadOptions) ([]int, error) {
	inName, outName, err := c.names()
	if err != nil {
		return nil, err
	}
	columns := []int{-1, -1}
	for i, name := range rec.fields {
		side := slices.Index([]string{inName, outName}, name)
		switch {
		case side < 0 && c.Others:
		case side < 0:
			return nil, rec.wrong(i, fmt.Errorf("unknown column %q; the columns are %q and %q, or set LoadOptions.Others", name, inName, outName))
		case columns[side] >= 0:
			return nil, rec.wrong(i, fmt.Errorf("column %q is there twice", name))
		default:
			columns[side] = i
		}
	}
	for side, name := range []string{inName, outName} {
		if columns[side] < 0 && !c.Missing {
			return nil, rec.wrong(-1, fmt.Errorf("no column %q; add it, or set LoadOptions.Missing", name))
		}
	}
	return columns, nil
}

func field[T any](rec record, i int, codec *Codec[T]) (T, error) {
	var none T
	if i < 0 || i >= len(rec.fields) {
		return none, nil // LoadOptions.Missing
	}
	if !utf8.ValidString(rec.fields[i]) {
		return none, rec.wrong(i, errNotUTF8)
	}
	v, err := codec.decode(rec.fields[i])
	if err != nil {
		return none, rec.wrong(i, fmt.Errorf("%q %w", shorten(rec.fields[i], 40), err))
	}
	return v, nil
}

// wrong places an error at a field, or at the line for field -1.
func (r record) wrong(field int, err error) error {
	if field < 0 {
		return &FileError{Line: r.line, Err: err}
	}
	line, column := r.position(field)
	return &FileError{Line: line, Column: column, Err: err}
}
