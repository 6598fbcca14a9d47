package fewshot

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// ReadCSV reads examples from comma-separated values as RFC 4180 has them. A line
// break between quotation marks is read as "\n", also where it is CRLF. The first
// record names the columns. Values follow the default rules of [Codec]. Where the
// header has both columns only when it is parted at semicolons or tabs, so is the
// file. The rest is as in [ReadJSONL].
func ReadCSV[In, Out any](r io.Reader, c LoadOptions) iter.Seq2[Example[In, Out], error] {
	return readTable[In, Out](c, func(yield func(record, error) bool) {
		r, err := utf8Of(r)
		if err != nil {
			yield(record{}, err)
			return
		}
		b := bufio.NewReaderSize(r, 1<<16)
		records := csv.NewReader(b)
		records.Comma = comma(b, c)
		records.FieldsPerRecord = -1 // counted below, with a better error
		for {
			fields, err := records.Read()
			if err == io.EOF {
				return
			}
			rec := record{fields: fields, position: records.FieldPos}
			var parse *csv.ParseError
			if errors.As(err, &parse) {
				// An open quote takes in the rows after it.
				err = &FileError{Line: parse.Line, Column: parse.Column, Err: parse.Err, ends: parse.Line > parse.StartLine}
			}
			if err == nil {
				rec.line, _ = records.FieldPos(0)
			}
			if !yield(rec, err) {
				return
			}
		}
	})
}

// comma returns what parts the fields of the header that b begins with.
func comma(b *bufio.Reader, c LoadOptions) rune {
	front, err := b.Peek(1)
	for err == nil && bytes.IndexByte(front, '\n') < 0 {
		_, err = b.Peek(b.Buffered() + 1) // reads more
		front, _ = b.Peek(b.Buffered())
	}
	line, _, _ := bytes.Cut(front, []byte("\n"))
	in, out, _ := c.names()
	for _, comma := range ",;\t" {
		header := csv.NewReader(bytes.NewReader(line))
		header.Comma = comma
		names, _ := header.Read()
		if slices.Contains(names, in) && slices.Contains(names, out) {
			return comma
		}
	}
	return ','
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
			if !yield(record{l.number, fields, position}, err) {
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
	return load(c, func(yield func(row[In, Out], error) bool) {
		var (
			inCodec  Codec[In]
			outCodec Codec[Out]
			columns  []int // where the two sides are; nil before the header
			width    int
		)
		for rec, err := range records {
			r := row[In, Out]{line: rec.line}
			switch {
			case columns == nil:
				if err == nil {
					columns, err = header(rec, c)
				}
				if width = len(rec.fields); err == nil {
					continue
				}
				var wrong *FileError
				if errors.As(err, &wrong) {
					wrong.ends = true
				}
			case err != nil:
			case len(rec.fields) != width && !(c.Missing && len(rec.fields) < width):
				err = rec.wrong(-1, fmt.Errorf("%d fields, and the header has %d", len(rec.fields), width))
			default:
				if r.In, r.trimmed, err = field(rec, columns[0], c, &inCodec); err == nil {
					var trimmed bool
					r.Out, trimmed, err = field(rec, columns[1], c, &outCodec)
					r.trimmed = r.trimmed || trimmed
				}
				if columns[1] >= 0 && columns[1] < len(rec.fields) {
					_, r.column = rec.position(columns[1])
				}
			}
			if !yield(r, err) {
				return
			}
		}
		if columns == nil {
			yield(row[In, Out]{}, &FileError{Line: 1, Err: errors.New("no header; the first line names the columns"), ends: true})
		}
	})
}

// header returns where the two sides stand, -1 for one that may be missing.
func header(rec record, c LoadOptions) ([]int, error) {
	inName, outName, err := c.names()
	if err != nil {
		return nil, err
	}
	columns := []int{-1, -1}
	for i, name := range rec.fields {
		if !utf8.ValidString(name) {
			return nil, rec.wrong(i, errEncoding)
		}
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

// field returns one field, and whether white space around it was removed.
func field[T any](rec record, i int, c LoadOptions, codec *Codec[T]) (v T, trimmed bool, err error) {
	if i < 0 || i >= len(rec.fields) {
		return v, false, nil // LoadOptions.Missing
	}
	text := rec.fields[i]
	if !utf8.ValidString(text) {
		return v, false, rec.wrong(i, errEncoding)
	}
	if c.Trim {
		text = strings.TrimSpace(text)
	}
	if v, err = codec.decode(text); err != nil {
		return v, false, rec.wrong(i, fmt.Errorf("%q %w", shorten(text, 40), err))
	}
	return v, len(text) < len(rec.fields[i]), nil
}

// wrong places an error at a field, or at the line for field -1.
func (r record) wrong(field int, err error) error {
	if field < 0 {
		return &FileError{Line: r.line, Err: err}
	}
	line, column := r.position(field)
	return &FileError{Line: line, Column: column, Err: err}
}
