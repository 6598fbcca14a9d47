package openai

import (
	"bytes"
	"encoding/json"
	"io"
)

// longestEvent bounds what one event or line may take in memory, in bytes.
const longestEvent = 64 << 20

var errLongEvent = wrong("an event is longer than %d bytes", longestEvent)

// done is the payload that closes a stream.
const done = "[DONE]"

// An eventScanner reads server-sent events, as the HTML standard defines them,
// from servers that follow it more or less: lines may end in LF, CRLF or CR,
// comments may come without end, an event may take several data lines or miss
// the empty line behind it, and the last may miss its line end.
//
// Besides data it knows two things that servers send in place of an event: a
// bare JSON value, as an answer that was not streamed or an error, and llama.cpp's
// former "error:" line.
type eventScanner struct {
	lines lineScanner
	data  []byte // the payload so far, its lines joined by spaces
	kept  bool   // whether data holds a line
	depth depth  // of the JSON in data
	name  string // the event's name
	bare  bool   // whether data began as a bare JSON value
	stray []byte // the first line that was nothing at all
	ready bool   // whether data was given out and must be dropped
	again []byte // a line that belongs to the event after the one given out
	redo  bool
}

func newEventScanner(r io.Reader) *eventScanner {
	return &eventScanner{lines: lineScanner{r: r}}
}

// ended reports whether nothing is left of the body.
func (s *eventScanner) ended() bool {
	return s.lines.err == io.EOF && s.lines.start == len(s.lines.buf) && !s.redo
}

// next returns the next payload, on one line and valid until the next call. It
// returns [io.EOF] behind the last.
func (s *eventScanner) next() ([]byte, error) {
	if s.ready {
		s.data, s.kept, s.depth, s.name, s.bare, s.ready = s.data[:0], false, depth{}, "", false, false
	}
	for {
		line, err := s.line()
		if err == io.EOF && len(s.data) > 0 {
			return s.give(), nil
		}
		if err != nil {
			return nil, err
		}
		if payload := s.take(line); payload != nil {
			return payload, nil
		}
		if len(s.data) > longestEvent {
			return nil, errLongEvent
		}
	}
}

func (s *eventScanner) line() ([]byte, error) {
	if s.redo {
		s.redo = false
		return s.again, nil
	}
	return s.lines.next()
}

// take reads one line and returns the payload if the line completes it.
func (s *eventScanner) take(line []byte) []byte {
	trimmed := bytes.TrimLeft(line, " \t")
	switch {
	case len(trimmed) == 0:
		if s.bare {
			return nil // an indented value may have empty lines
		}
		if len(s.data) > 0 {
			return s.give()
		}
		s.name, s.kept = "", false
		return nil
	case s.bare:
		s.add(line)
		return s.giveWhole()
	case trimmed[0] == ':':
		return nil
	case trimmed[0] == '{' || trimmed[0] == '[':
		if s.kept {
			return s.giveBefore(line)
		}
		if string(trimmed) == done {
			s.add(trimmed)
			return s.give()
		}
		if s.name == "" && s.ended() {
			return trimmed // the end of the body is the end of the value
		}
		s.bare = true
		s.add(trimmed)
		return s.giveWhole()
	}
	field, value, _ := bytes.Cut(trimmed, []byte(":"))
	value = bytes.TrimLeft(value, " ")
	switch string(field) {
	case "data":
		// Some servers put no empty line between events. What is already a whole
		// value cannot go on.
		if s.kept && (string(value) == done || s.depth.closed(s.data)) {
			return s.giveBefore(line)
		}
		if !s.kept && s.name == "" && len(value) > 0 && s.lines.emptyNext() {
			return value // the usual event, which needs no copy
		}
		s.add(value)
	case "event":
		s.name = string(value)
	case "error":
		s.name = "error"
		s.add(value)
	case "id", "retry":
	default:
		if s.stray == nil {
			s.stray = append([]byte{}, line[:min(len(line), keptWords)]...)
		}
	}
	return nil
}

func (s *eventScanner) add(value []byte) {
	if s.kept && len(s.data) > 0 {
		s.data = append(s.data, ' ')
	}
	s.data, s.kept = append(s.data, value...), true
}

// give ends the event. An event that is called an error is made to look like
// the errors that have no name.
func (s *eventScanner) give() []byte {
	s.ready = true
	switch s.name {
	case "ping", "keepalive", "keep-alive", "heartbeat":
		s.data = s.data[:0] // nothing in it is an answer, whatever it says
	case "error":
		payload := s.data
		if !json.Valid(payload) {
			payload = encode(string(payload))
		}
		s.data = append(append([]byte(`{"error":`), payload...), '}')
	}
	return s.data
}

// giveWhole ends the event if it is a whole value.
func (s *eventScanner) giveWhole() []byte {
	if !s.depth.closed(s.data) {
		return nil
	}
	return s.give()
}

// giveBefore ends the event and keeps the line for the next one.
func (s *eventScanner) giveBefore(line []byte) []byte {
	if len(s.data) == 0 {
		s.kept = false
		return s.take(line)
	}
	s.again, s.redo = append(s.again[:0], line...), true
	return s.give()
}

// A depth follows how deep in objects and arrays a JSON value is, so that its
// end is known without reading all of it again at each line.
type depth struct {
	read  int // how much of the value was read
	open  int
	quote bool // within a string
	slash bool // behind a backslash
}

// closed reports whether data, of which no more than before may be new, is an
// object or an array to its end.
func (d *depth) closed(data []byte) bool {
	for _, c := range data[d.read:] {
		switch {
		case d.slash:
			d.slash = false
		case d.quote:
			d.slash, d.quote = c == '\\', c != '"'
		case c == '"':
			d.quote = true
		case c == '{' || c == '[':
			d.open++
		case c == '}' || c == ']':
			d.open--
		}
	}
	d.read = len(data)
	return d.open == 0 && !d.quote && len(data) > 0 && (data[0] == '{' || data[0] == '[')
}
