package fewshot

import (
	"bufio"
	"bytes"
	"io"
	"iter"
	"slices"
	"unicode/utf8"
)

// A line is one line of a file, without what ends it.
type line struct {
	number int // counting from 1
	text   []byte
}

// lines yields the lines of r, however long, and a FileError with one that is
// not UTF-8. The text is valid until the next line.
func lines(r io.Reader) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		r, err := utf8Of(r)
		if err != nil {
			yield(line{}, err)
			return
		}
		b := bufio.NewReader(r)
		var whole []byte
		for number := 1; ; {
			part, err := b.ReadSlice('\n')
			if len(whole)+len(part) > cap(whole) {
				whole = slices.Grow(whole, len(whole)+len(part)) // twice the size: append grows by a quarter
			}
			whole = append(whole, part...)
			if err == bufio.ErrBufferFull {
				continue
			}
			if err != nil && err != io.EOF {
				yield(line{}, err)
				return
			}
			text := bytes.TrimSuffix(bytes.TrimSuffix(whole, []byte("\n")), []byte("\r"))
			if len(whole) > 0 {
				var wrong error
				if at := notUTF8(text); at >= 0 {
					wrong = &FileError{Line: number, Column: at + 1, Err: errEncoding}
				}
				if !yield(line{number, text}, wrong) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			whole = whole[:0]
			number++
		}
	}
}

func notUTF8(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}
