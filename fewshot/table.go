package fewshot

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"slices"
	"strings"
)

// ReadCSV reads examples from comma-separated values (RFC 4180). A line break
// between quotation marks is read as "\n", also where it is CRLF or CR. The first record
// names the columns. Values follow the default rules of [Codec]. If the header only
// has both columns when it is split at semicolons or tabs, the whole file is. The
// rest is as in [ReadJSONL].
func ReadCSV[In, Out any](r io.Reader, o LoadOptions) iter.Seq2[Example[In, Out], error] {
	return readTable[In, Out](o, func(each eachRow) error {
		r, err := utf8Of(r)
		if err != nil {
			return err
		}
		b := bufio.NewReaderSize(r, 1<<16)
		rows := csv.NewReader(b)
		rows.Comma = comma(b, o)
		rows.FieldsPerRecord = -1 // counted below, with a better error
		for {
			line := 0
			fields, err := rows.Read()
			wrong, isWrong := errors.AsType[*csv.ParseError](err)
			switch {
			case err == io.EOF:
				return nil
			case err == nil:
				line, _ = rows.FieldPos(0)
			case !isWrong:
				return err
			case wrong.Line > wrong.StartLine: // an open quote takes in the rows after it
				return &FileError{Line: wrong.StartLine, Err: fmt.Errorf("a quotation mark that opens here reaches to line %d: %w", wrong.Line, wrong.Err)}
			default:
				line, err = wrong.StartLine, wrong.Err
			}
			if err := each(line, fields, err); err != nil {
				return err
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
	return readTable[In, Out](o, func(each eachRow) error {
		return lines(r, func(line int, text []byte, wrong error) error {
			if len(text) == 0 {
				return nil
			}
			return each(line, strings.Split(string(text), "\t"), wrong)
		})
	})
}

// eachRow is called for each row of a table.
type eachRow func(line int, fields []string, wrong error) error

func readTable[In, Out any](o LoadOptions, rows func(eachRow) error) iter.Seq2[Example[In, Out], error] {
	return load[In, Out](o, func(each func(record) error) error {
		var columns [2]int // of the two sides
		width := 0         // of the header; 0 before it
		err := rows(func(line int, fields []string, wrong error) error {
			if width == 0 {
				if wrong == nil {
					columns, wrong = header(fields, o)
				}
				if wrong != nil {
					return &FileError{Line: line, Err: wrong}
				}
				width = len(fields)
				return nil
			}
			r := record{line: line, wrong: wrong}
			switch {
			case wrong != nil:
			case len(fields) != width:
				r.wrong = cmp.Or(checkEncoding(strings.Join(fields, "")), fmt.Errorf("%d fields instead of %d", len(fields), width))
			default:
				r.sides = [2]side{textSide(fields[columns[0]]), textSide(fields[columns[1]])}
			}
			return each(r)
		})
		if err == nil && width == 0 {
			err = &FileError{Line: 1, Err: errors.New("no header; the first line names the columns")}
		}
		return err
	})
}

// header returns the columns of the two sides.
func header(fields []string, o LoadOptions) (columns [2]int, err error) {
	all := strings.Join(fields, "")
	if err := checkEncoding(all); err != nil {
		return columns, err
	}
	for side, name := range o.names() {
		at := slices.Index(fields, name)
		switch {
		case at < 0 && strings.Contains(all, "\x00"):
			return columns, errors.New("has NUL bytes, as a binary file or UTF-32; convert the file, for example with iconv -f UTF-32 -t UTF-8")
		case at < 0:
			return columns, fmt.Errorf("no column %q; the columns are %q, and LoadOptions.In and Out name two of them", name, fields)
		case slices.Contains(fields[at+1:], name):
			return columns, fmt.Errorf("two columns are named %q", name)
		}
		columns[side] = at
	}
	return columns, nil
}

// A textSide is a side as the default rules of a Codec write it.
type textSide string

func (s textSide) read(v reflect.Value, trim bool) (trimmed bool, err error) {
	text := string(s)
	if err := checkEncoding(text); err != nil {
		return false, err
	}
	if trim {
		text = strings.TrimSpace(text)
	}
	if err = decodeDefault(text, v); err != nil {
		err = fmt.Errorf("%q %w", shorten(text, 40), err)
	}
	return len(text) < len(s), err
}
