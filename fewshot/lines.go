package fewshot

import (
	"bufio"
	"bytes"
	"io"
	"iter"
	"unicode/utf8"
)

// lines yields the lines of r, however long. A line that is not UTF-8 comes with a
// FileError.
func lines(r io.Reader) iter.Seq2[row[[]byte], error] {
	return func(yield func(row[[]byte], error) bool) {
		r, err := utf8Of(r)
		if err != nil {
			yield(row[[]byte]{}, err)
			return
		}
		b := bufio.NewReader(r)
		for number := 1; ; number++ {
			text, err := b.ReadBytes('\n')
			if err != nil && err != io.EOF {
				yield(row[[]byte]{}, err)
				return
			}
			if len(text) > 0 {
				text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
				var wrong error
				if !utf8.Valid(text) {
					wrong = &FileError{Line: number, Err: errEncoding}
				}
				if !yield(row[[]byte]{number, text}, wrong) {
					return
				}
			}
			if err == io.EOF {
				return
			}
		}
	}
}
