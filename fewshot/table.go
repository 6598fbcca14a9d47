package fewshot

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// ReadCSV reads examples from comma-separated values (RFC 4180). A line break
// between quotation marks is read as "\n", also where it is CRLF or CR. The first record
// names the columns. Values follow the default rules of [Codec]. If the header only
// has both columns when it is split at semicolons or tabs, the whole file is. The
// rest is as in [ReadJSONL].
func ReadCSV[In, Out any](r io.Reader, o LoadOptions) iter.Seq2[Example[In, Out], error] {
	return readTable[In, Out](o, func(yield func(row[[]string], error) bool) {
		r, err := utf8Of(r)
		if err != nil {
			yield(row[[]string]{}, err)
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
			rec := row[[]string]{content: fields}
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
	line := firstLine(b)
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
	return readTable[In, Out](o, func(yield func(row[[]string], error) bool) {
		for l, err := range lines(r) {
			if err == nil && len(l.content) == 0 {
				continue
			}
			if !yield(row[[]string]{l.line, strings.Split(string(l.content), "\t")}, err) {
				return
			}
		}
	})
}

func readTable[In, Out any](o LoadOptions, rows iter.Seq2[row[[]string], error]) iter.Seq2[Example[In, Out], error] {
	return load[In, Out](o, func(yield func(row[[2]string], error) bool) {
		var columns []int // of the two sides; nil before the header
		width := 0
		for r, err := range rows {
			rec := row[[2]string]{line: r.line}
			var wrong error
			isHeader := columns == nil
			switch {
			case err != nil:
			case isHeader:
				width = len(r.content)
				if columns, wrong = header(r.content, o); wrong == nil {
					continue
				}
			case len(r.content) != width:
				wrong = fmt.Errorf("%d fields instead of %d", len(r.content), width)
			default:
				rec.content = [2]string{r.content[columns[0]], r.content[columns[1]]}
			}
			if wrong != nil {
				err = &FileError{Line: r.line, Err: wrong}
			}
			if file := new(FileError); isHeader && errors.As(err, &file) {
				file.ends = true
			}
			if !yield(rec, err) {
				return
			}
		}
		if columns == nil {
			yield(row[[2]string]{}, &FileError{Line: 1, Err: errors.New("no header; the first line names the columns"), ends: true})
		}
	}, readText)
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

// readText reads one field by the default rules of a Codec.
func readText(text string, trim bool, to any) (trimmed bool, err error) {
	if !utf8.ValidString(text) {
		return false, errEncoding
	}
	whole := len(text)
	if trim {
		text = strings.TrimSpace(text)
	}
	if err = decodeDefault(text, reflect.ValueOf(to).Elem()); err != nil {
		err = fmt.Errorf("%q %w", shorten(text, 40), err)
	}
	return len(text) < whole, err
}
