package httpwire

import (
	"bufio"
	"bytes"
	"cmp"
	"io"
)

// Lines reads a body line by line, and gives out each line as soon as its end has
// come. Lines end in LF, CRLF or CR.
type Lines struct {
	scan    *bufio.Scanner
	body    io.Reader
	err     error // of the last read
	scanned int   // how many bytes of the next line are known to have no line end
	afterCR bool  // an LF that comes next belongs to the line before
	back    bool  // the last line comes again
}

// NewLines returns the lines of a body. A line of more than most bytes is the error
// [bufio.ErrTooLong].
func NewLines(body io.Reader, most int) *Lines {
	l := &Lines{body: body}
	l.scan = bufio.NewScanner(reader(l.read))
	l.scan.Buffer(nil, most)
	l.scan.Split(l.split)
	return l
}

// Next returns the next line without its end, valid until the next call. The error
// is [io.EOF] after the last line, or the body's.
func (l *Lines) Next() ([]byte, error) {
	if l.back || l.scan.Scan() {
		l.back = false
		return l.scan.Bytes(), nil
	}
	return nil, cmp.Or(l.scan.Err(), io.EOF)
}

// Back makes Next return the last line again.
func (l *Lines) Back() { l.back = true }

// Ended reports whether the body was read to its end. Lines may be left.
func (l *Lines) Ended() bool { return l.err == io.EOF }

type reader func([]byte) (int, error)

func (r reader) Read(p []byte) (int, error) { return r(p) }

func (l *Lines) read(p []byte) (n int, err error) {
	n, l.err = l.body.Read(p)
	return n, l.err
}

// split implements [bufio.SplitFunc]. It looks at each byte once, however long a line
// is. The rest of a body that broke off is not a line.
func (l *Lines) split(data []byte, _ bool) (advance int, line []byte, err error) {
	if l.afterCR && len(data) > 0 {
		l.afterCR = false
		if data[0] == '\n' {
			data, advance = data[1:], 1
		}
	}
	if i := bytes.IndexAny(data[l.scanned:], "\r\n"); i >= 0 {
		i += l.scanned
		l.scanned, l.afterCR = 0, data[i] == '\r'
		return advance + i + 1, data[:i], nil
	}
	if l.Ended() && len(data) > 0 {
		l.scanned = 0
		return advance + len(data), data, nil
	}
	l.scanned = len(data)
	return advance, nil, nil
}
