package httpwire

import (
	"bufio"
	"bytes"
	"io"
)

// Lines reads a body line by line, and gives out each line as soon as its end has
// come. Lines end in LF, CRLF or CR.
type Lines struct {
	body    *bufio.Reader
	line    []byte
	most    int
	ended   bool // the body was read to its end
	afterCR bool // an LF that comes next belongs to the line before
	back    bool // the last line comes again
}

// NewLines returns the lines of a body. A line of more than most bytes is the error
// [bufio.ErrTooLong].
func NewLines(body io.Reader, most int) *Lines {
	return &Lines{body: bufio.NewReader(body), most: most}
}

// Next returns the next line without its end, valid until the next call. The error
// is [io.EOF] after the last line, or the body's. The rest of a body that broke off is
// not a line.
func (l *Lines) Next() ([]byte, error) {
	if l.back {
		l.back = false
		return l.line, nil
	}
	for l.line = l.line[:0]; ; {
		_, err := l.body.Peek(1)
		l.ended = err == io.EOF
		part, _ := l.body.Peek(l.body.Buffered())
		end := bytes.IndexAny(part, "\r\n")
		switch {
		case end == 0 && part[0] == '\n' && l.afterCR:
			l.afterCR = false
			l.body.Discard(1)
		case end >= 0:
			l.afterCR = part[end] == '\r'
			l.body.Discard(end + 1)
			return l.add(part[:end])
		case len(part) > 0:
			l.afterCR = false
			if line, err := l.add(part); err != nil {
				return line, err
			}
			l.body.Discard(len(part))
		case l.ended && len(l.line) > 0:
			return l.line, nil
		default:
			return nil, err
		}
	}
}

// add appends a part to the line, within the limit.
func (l *Lines) add(part []byte) ([]byte, error) {
	if len(l.line)+len(part) > l.most {
		return nil, bufio.ErrTooLong
	}
	l.line = append(l.line, part...)
	return l.line, nil
}

// Back makes Next return the last line again.
func (l *Lines) Back() { l.back = true }

// Ended reports whether the body has ended.
func (l *Lines) Ended() bool { return l.ended }
