package fewshot

import (
	"bufio"
	"bytes"
	"io"
	"iter"
	"unicode/utf8"
)

// A line is one line of a file, without its line end.
type line struct {
	number int // counting from 1
	text   []byte
}

// lines yields the lines of r, however long. A line that is not UTF-8 comes with a
// FileError.
func lines(r io.Reader) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		r, err := utf8Of(r)
		if err != nil {
			yield(line{}, err)
			return
		}
		b := bufio.NewReader(r)
		for number := 1; ; number++ {
			text, err := b.ReadBytes('\n')
			if err != nil && err != io.EOF {
				yield(line{}, err)
				return
			}
			if len(text) > 0 {
				text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
				var wrong error
				if !utf8.Valid(text) {
					wrong = &FileError{Line: number, Err: errEncoding}
				}
				if !yield(line{number, text}, wrong) {
					return
				}
			}
			if err == io.EOF {
				return
			}
		}
	}
}
