package ollama

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// longestLine is the longest line, and the longest whole answer, that is read,
// in bytes. A continuation with the log probabilities of twenty alternatives to
// each token stays far below it; a body that never breaks its line would take
// all memory.
const longestLine = 64 << 20

var errLongLine = errors.New("a line of more than 64 MB")

// A source gives out the parts of an answer one by one.
type source interface {
	// next decodes the next part and returns it as it came, good until the call
	// after. The error is [io.EOF] when there is none, [io.ErrUnexpectedEOF] when
	// it was cut off, and with a part that is something else it is why.
	next(into *line) (part []byte, err error)
}

// A lineReader reads a body line by line. Lines may be of any length up to
// longestLine, and end in a line feed with or without a carriage return before
// it; the last may lack it. Empty lines are skipped.
type lineReader struct {
	in   *bufio.Reader
	long []byte // collects a line that is longer than in's buffer
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(r, 16<<10)}
}

func (l *lineReader) next(into *line) (part []byte, err error) {
	for {
		raw, end := l.read()
		if end != nil && end != io.EOF {
			return nil, end // what came of the line is of no use
		}
		if raw = bytes.TrimSpace(raw); len(raw) > 0 {
			err := json.Unmarshal(raw, into)
			if err != nil && end == io.EOF {
				return nil, io.ErrUnexpectedEOF
			}
			return raw, err
		}
		if end != nil {
			return nil, end
		}
	}
}

// read returns the next line. The error is io.EOF beside a last one without a
// line feed, too.
func (l *lineReader) read() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	l.long = l.long[:0]
	for err == bufio.ErrBufferFull {
		if l.long = append(l.long, line...); len(l.long) > longestLine {
			return nil, errLongLine
		}
		line, err = l.in.ReadSlice('\n')
	}
	l.long = append(l.long, line...)
	return l.long, err
}

// A wholeReader reads a body that holds one object, indented or not. It takes a
// stream of them as well, from a server that does not know "stream": false.
type wholeReader struct {
	in    io.Reader
	body  []byte
	parts *json.Decoder // of the body, when it is not one object
}

func newWholeReader(r io.Reader) *wholeReader { return &wholeReader{in: r} }

func (w *wholeReader) next(into *line) (part []byte, err error) {
	if w.body == nil {
		body, err := io.ReadAll(io.LimitReader(w.in, longestLine+1))
		switch {
		case err != nil:
			return nil, err
		case len(body) > longestLine:
			return nil, errLongLine
		case json.Unmarshal(body, into) == nil:
			w.body, w.parts = body, json.NewDecoder(bytes.NewReader(nil))
			return body, nil
		}
		*into = line{}
		w.body, w.parts = body, json.NewDecoder(bytes.NewReader(body))
	}
	var raw json.RawMessage
	if err := w.parts.Decode(&raw); err != nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil, err
		}
		return w.body, err
	}
	return raw, json.Unmarshal(raw, into)
}
