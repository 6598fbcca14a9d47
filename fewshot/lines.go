package fewshot

import (
	"bufio"
	"bytes"
	"io"
	"iter"
	"unicode/utf8"
)

// A line is one line of a file, without what ends it.
type line struct {
	number int // counting from 1
	text   []byte
}

var byteOrderMark = []byte("\ufeff")

// lines yields the lines of r, however long, and a FileError for one that is
// not UTF-8. The text is valid until the next line.
func lines(r io.Reader) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		b := bufio.NewReader(r)
		var whole []byte
		for number := 1; ; {
			part, err := b.ReadSlice('\n')
			whole = append(whole, part...)
			if err == bufio.ErrBufferFull {
				continue
			}
			if err != nil && err != io.EOF {
				yield(line{}, err)
				return
			}
			text := bytes.TrimSuffix(bytes.TrimSuffix(whole, []byte("\n")), []byte("\r"))
			if number == 1 {
				text = bytes.TrimPrefix(text, byteOrderMark)
			}
			if len(whole) > 0 {
				var wrong error
				if at := notUTF8(text); at >= 0 {
					wrong = &FileError{Line: number, Column: at + 1, Err: errNotUTF8}
				}
				if !yield(line{number, text}, wrong) || wrong != nil {
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

// skipBOM returns r without a byte order mark at its front.
func skipBOM(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if front, _ := b.Peek(len(byteOrderMark)); bytes.Equal(front, byteOrderMark) {
		b.Discard(len(byteOrderMark)) // they are in the buffer
	}
	return b
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
