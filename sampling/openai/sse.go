package openai

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/foreword-go/foreword/internal/httpwire"
)

// longestEvent is the maximum size of one event or line in memory, in bytes.
const longestEvent = 64 << 20

var errLongEvent = wrong("an event is longer than %d bytes", longestEvent)

// done is the payload that closes a stream.
const done = "[DONE]"

// events reads server-sent events, as the HTML standard defines them, from servers
// that follow it more or less: an event may take several data lines or miss the empty
// line after it, and the last may miss its line end.
//
// Besides data it accepts two things that servers send in place of an event: a bare
// JSON value, as an answer that was not streamed or an error, and the "error:" line of
// older llama.cpp.
type events struct {
	lines *httpwire.Lines
	data  []byte // the payload so far, its lines joined by spaces
	kept  bool   // data holds a line
	depth depth  // of the JSON in data
	name  string // the event's name
	bare  bool   // data began as a bare JSON value
	ready bool   // data was returned, and a new event begins
	again []byte // a line that belongs to the event after the returned one; nil is none
	any   bool   // an event was returned
	stray []byte // the first line that is not part of any event
}

func newEvents(body io.Reader) *events {
	return &events{lines: httpwire.NewLines(body, longestEvent)}
}

// next returns the next payload that is not empty, on one line and valid until the
// next call. The error is [io.EOF] after the last payload.
func (s *events) next() ([]byte, error) {
	for {
		payload, err := s.payload()
		if err != nil {
			return nil, err
		}
		s.any = true
		if payload = bytes.TrimSpace(payload); len(payload) > 0 {
			return payload, nil
		}
	}
}

func (s *events) payload() ([]byte, error) {
	if s.ready {
		s.data, s.kept, s.depth, s.name, s.bare, s.ready = s.data[:0], false, depth{}, "", false, false
	}
	for {
		line, err := s.line()
		if err == io.EOF && len(s.data) > 0 {
			return s.give(), nil
		}
		if errors.Is(err, bufio.ErrTooLong) {
			err = errLongEvent
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

func (s *events) line() ([]byte, error) {
	if line := s.again; line != nil {
		s.again = nil
		return line, nil
	}
	line, err := s.lines.Next()
	return bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")), err // a byte order mark
}

// take reads one line and returns the payload if the line completes it.
func (s *events) take(line []byte) []byte {
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
		return s.addBare(line)
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
		s.bare = true
		return s.addBare(trimmed)
	}
	field, value, _ := bytes.Cut(trimmed, []byte(":"))
	value = bytes.TrimLeft(value, " ")
	switch string(field) {
	case "data":
		// Some servers put no empty line between events. A complete value cannot
		// continue on the next line.
		if s.kept && (string(value) == done || s.depth.closed(s.data)) {
			return s.giveBefore(line)
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
			s.stray = bytes.Clone(line[:min(len(line), keptWords)])
		}
	}
	return nil
}

func (s *events) add(value []byte) {
	if s.kept && len(s.data) > 0 {
		s.data = append(s.data, ' ')
	}
	s.data, s.kept = append(s.data, value...), true
}

// addBare adds a line of a bare value, and ends the event with the value.
func (s *events) addBare(line []byte) []byte {
	s.add(line)
	if !s.depth.closed(s.data) {
		return nil
	}
	return s.give()
}

// give ends the event. An event named "error" is returned in the form of errors
// without a name.
func (s *events) give() []byte {
	s.ready = true
	switch s.name {
	case "ping", "keepalive", "keep-alive", "heartbeat":
		s.data = s.data[:0]
	case "error":
		payload := s.data
		if !json.Valid(payload) {
			payload, _ = marshal(string(payload))
		}
		s.data = append(append([]byte(`{"error":`), payload...), '}')
	}
	return s.data
}

// giveBefore ends the event and keeps the line for the next one.
func (s *events) giveBefore(line []byte) []byte {
	if len(s.data) == 0 {
		s.kept = false
		return s.take(line)
	}
	s.again = bytes.Clone(line)
	return s.give()
}

// A depth counts the open objects and arrays of a JSON value, so that its end is found
// without reading all of it again at each line.
type depth struct {
	read  int // how much of the value was read
	open  int
	quote bool // within a string
	slash bool // after a backslash
}

// closed reports whether data, which only grows between calls, is a complete object or
// array.
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
