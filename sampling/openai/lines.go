package openai

import (
	"bytes"
	"io"
	"sync"
)

// lineBuffers are the buffers of bodies that were read. Of what one call leaves
// behind for the garbage collector they would be the greatest part.
var lineBuffers = sync.Pool{New: func() any {
	buf := make([]byte, 0, 8<<10)
	return &buf
}}

// largestKept is the size beyond which a buffer is not worth keeping, in bytes.
const largestKept = 64 << 10

// A lineScanner cuts a body into lines that end in LF, CRLF or CR, and gives
// each out as soon as its end is there.
type lineScanner struct {
	r       io.Reader
	buf     []byte
	pooled  *[]byte
	start   int  // where the next line begins
	scanned int  // how far beyond start no line end was found
	afterCR bool // whether a LF right here belongs to the line before
	begun   bool
	err     error
}

// expect makes room for a body of the given length, if it is known, large and
// not huge.
func (l *lineScanner) expect(length int64) {
	if largestKept < length && length < 1<<20 {
		l.buf = make([]byte, 0, length+512) // fill wants that much to spare
	}
}

// release gives the buffer to another scanner. Nothing that was given out is
// valid any more.
func (l *lineScanner) release() {
	if l.pooled != nil && cap(l.buf) <= largestKept {
		*l.pooled = l.buf[:0]
		lineBuffers.Put(l.pooled)
	}
	l.buf, l.pooled, l.start, l.scanned = nil, nil, 0, 0
}

// next returns a line without its end, valid until the next call.
func (l *lineScanner) next() ([]byte, error) {
	for {
		if l.afterCR && l.start < len(l.buf) {
			if l.buf[l.start] == '\n' {
				l.start++
			}
			l.afterCR = false
		}
		rest := l.buf[l.start:]
		if i := lineEnd(rest, l.scanned); i >= 0 {
			l.afterCR = rest[i] == '\r'
			l.start, l.scanned = l.start+i+1, 0
			return l.clean(rest[:i]), nil
		}
		l.scanned = len(rest)
		if l.err != nil {
			if l.err == io.EOF && len(rest) > 0 {
				l.start, l.scanned = len(l.buf), 0
				return l.clean(rest), nil
			}
			return nil, l.err
		}
		if len(rest) > longestEvent {
			return nil, errLongEvent
		}
		l.fill()
	}
}

// emptyNext reports whether the next line is here and empty, and takes it.
func (l *lineScanner) emptyNext() bool {
	rest := l.buf[l.start:]
	if l.afterCR {
		rest = bytes.TrimPrefix(rest, []byte("\n")) // of the line before
	}
	n := 1
	if bytes.HasPrefix(rest, []byte("\r\n")) {
		n = 2
	} else if !bytes.HasPrefix(rest, []byte("\n")) {
		return false
	}
	l.start, l.afterCR = len(l.buf)-len(rest)+n, false
	return true
}

func lineEnd(b []byte, from int) int {
	i := bytes.IndexByte(b[from:], '\n')
	if i >= 0 {
		b = b[:from+i]
	}
	if j := bytes.IndexByte(b[from:], '\r'); j >= 0 {
		return from + j
	}
	if i >= 0 {
		return from + i
	}
	return -1
}

// clean drops a byte order mark from the first line.
func (l *lineScanner) clean(line []byte) []byte {
	if !l.begun {
		l.begun = true
		return bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	return line
}

// fill reads more, after making room.
func (l *lineScanner) fill() {
	if l.buf == nil {
		l.pooled = lineBuffers.Get().(*[]byte)
		l.buf = *l.pooled
	}
	if l.start > 0 {
		l.buf = l.buf[:copy(l.buf, l.buf[l.start:])]
		l.start = 0
	}
	if cap(l.buf)-len(l.buf) < 512 {
		l.buf = append(make([]byte, 0, 2*cap(l.buf)), l.buf...)
	}
	n, err := l.r.Read(l.buf[len(l.buf):cap(l.buf)])
	l.buf = l.buf[:len(l.buf)+n]
	l.err = err
}
