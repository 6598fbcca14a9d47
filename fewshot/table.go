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

// ReadCSV reads examples from comma-separated values (RFC 4180). A line break
// between quotation marks is read as "\n", also where it is CRLF. The first record
// names the columns. Values follow the default rules of [Codec]. If the header only
// has both columns when it is split at semicolons or tabs, the whole file is. The
// rest is as in [ReadJSONL].
func ReadCSV[In, Out any](r io.Reader, o LoadOptions) iter.Seq2[Example[In, Out], error] {
	return readTable[In, Out](o, func(yield func(record, error) bool) {
		r, err := utf8Of(r)
		if err != nil {
			yield(record{}, err)
			return
		}
		b := bufio.NewReaderSize(r, 1<<16)
		records := csv.NewReader(b)
		records.Comma = comma(b, o)
		records.FieldsPerRecord = -1 // counted below, with a better error
		for {
			fields, err := records.Read()
			if err == io.EOF {
				return
			}
			rec := record{fields: fields}
			var parse *csv.ParseError
			if errors.As(err, &parse) {
				file := &FileError{Line: parse.StartLine, Err: parse.Err}
				if parse.Line > parse.StartLine { // an open quote takes in the rows after it
					file.Err, file.ends = fmt.Errorf("a quotation mark that opens here reaches to line %d: %w", parse.Line, parse.Err), true
				}
				err = file
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

// comma returns the separator of the header that b begins with.
func comma(b *bufio.Reader, o LoadOptions) rune {
	front, err := b.Peek(1)
	for err == nil && bytes.IndexByte(front, '\n') < 0 {
		_, err = b.Peek(b.Buffered() + 1) // reads more
		front, _ = b.Peek(b.Buffered())
	}
	line, _, _ := bytes.Cut(front, []byte("\n"))
	for _, comma := range ",;\t" {
		header := csv.NewReader(bytes.NewReader(line))
		header.Comma = comma
		if names, _ := header.Read(); slices.Contains(names, o.names()[0]) && slices.Contains(names, o.names()[1]) {
			return comma
		}
	}
	return ','
}

// ReadTSV reads examples from tab-separated values: one line a record and a tab
// between fields. There is no quoting: a quotation mark is a character like any
// other. The rest is as in [ReadCSV].
func ReadTSV[In, Out any](r io.Reader, o LoadOptions) iter.Seq2[Example[In, Out], error] {
	return readTable[In, Out](o, func(yield func(record, error) bool) {
		for l, err := range lines(r) {
			if err == nil && len(l.text) == 0 {
				continue
			}
			if !yield(record{l.number, strings.Split(string(l.text), "\t")}, err) {
				return
			}
		}
	})
}

// A record is one line of a table.
type record struct {
	line   int
	fields []string
}

func readTable[In, Out any](o LoadOptions, records iter.Seq2[record, error]) iter.Seq2[Example[In, Out], error] {
	return load(o, func(yield func(row[In, Out], error) bool) {
		var (
			in      Codec[In]
			out     Codec[Out]
			columns []int // of the two sides; nil before the header
			width   int
		)
		for rec, err := range records {
			r := row[In, Out]{line: rec.line}
			wrong := func(err error) error {
				if err == nil {
					return nil
				}
				return &FileError{Line: rec.line, Err: err}
			}
			switch isHeader := columns == nil; {
			case isHeader:
				if err == nil {
					columns, err = header(rec.fields, o)
					err = wrong(err)
				}
				if width = len(rec.fields); err == nil {
					continue
				}
				var file *FileError
				if errors.As(err, &file) {
					file.ends = true
				}
			case err != nil:
			case len(rec.fields) != width:
				err = wrong(fmt.Errorf("%d fields instead of %d", len(rec.fields), width))
			default:
				var inTrimmed, outTrimmed bool
				if r.In, inTrimmed, err = field(rec.fields[columns[0]], o, &in); err == nil {
					r.Out, outTrimmed, err = field(rec.fields[columns[1]], o, &out)
				}
				r.trimmed, err = inTrimmed || outTrimmed, wrong(err)
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

// header returns the columns of the two sides.
func header(fields []string, o LoadOptions) ([]int, error) {
	columns := make([]int, 2)
	for side, name := range o.names() {
		at := slices.Index(fields, name)
		switch {
		case !utf8.ValidString(strings.Join(fields, "")):
			return nil, errEncoding
		case at < 0:
			return nil, fmt.Errorf("no column %q; the columns are %q, and LoadOptions.In and Out name two of them", name, fields)
		case slices.Contains(fields[at+1:], name):
			return nil, fmt.Errorf("two columns are named %q", name)
		}
		columns[side] = at
	}
	return columns, nil
}

// field decodes one field. trimmed says whether it had white space around it.
func field[T any](text string, o LoadOptions, codec *Codec[T]) (v T, trimmed bool, err error) {
	if !utf8.ValidString(text) {
		return v, false, errEncoding
	}
	if o.Trim {
		whole := len(text)
		text = strings.TrimSpace(text)
		trimmed = len(text) < whole
	}
	if v, err = codec.decode(text); err != nil {
		return v, false, fmt.Errorf("%q %w", shorten(text, 40), err)
	}
	return v, trimmed, nil
}
