package openai

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/foreword-go/foreword/internal/httpwire"
)

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
	depth depth  // of the JSON in data
	name  string // the event's name
	bare  bool   // data began as a bare JSON value
	any   bool   // an event was returned
	stray []byte // the first line that is not part of any event
}

func newEvents(body io.Reader) *events {
	return &events{lines: httpwire.NewLines(body, httpwire.Longest)}
}

// next returns the next payload that is not empty, on one line and valid until the
// next call. The error is [io.EOF] after the last payload. If there was none, it shows
// what came instead.
func (s *events) next() ([]byte, error) {
	for {
		switch err := s.gather(); {
		case err == io.EOF && !s.any && s.stray != nil:
			return nil, fmt.Errorf("the answer is not a stream of events: %s", s.stray)
		case err != nil:
			return nil, err
		}
		s.any = true
		if payload := bytes.TrimSpace(s.payload()); len(payload) > 0 {
			return payload, nil
		}
	}
}

// gather reads the lines of one event.
func (s *events) gather() error {
	s.data, s.depth, s.name, s.bare = s.data[:0], depth{}, "", false
	for {
		line, err := s.lines.Next()
		switch {
		case err == io.EOF && len(s.data) > 0:
			return nil
		case errors.Is(err, bufio.ErrTooLong) || len(s.data) > httpwire.Longest:
			return fmt.Errorf("an event is longer than %d bytes", httpwire.Longest)
		case err != nil:
			return err
		case s.take(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))): // a byte order mark
			return nil
		}
	}
}

// take reads one line, and reports whether it completes the event. A line that begins
// the next event is put back.
func (s *events) take(line []byte) bool {
	trimmed := bytes.TrimLeft(line, " \t")
	switch {
	case len(trimmed) == 0:
		if len(s.data) == 0 {
			s.name = ""
		}
		return len(s.data) > 0 && !s.bare // an indented value may have empty lines
	case s.bare || trimmed[0] == '{' || trimmed[0] == '[':
		if len(s.data) > 0 && !s.bare {
			s.lines.Back()
			return true
		}
		s.bare = true
		s.add(trimmed)
		return s.depth.closed(s.data)
	case trimmed[0] == ':':
		return false
	}
	field, value, _ := bytes.Cut(trimmed, []byte(":"))
	value = bytes.TrimLeft(value, " ")
	switch string(field) {
	case "data":
		// Some servers put no empty line between events. A complete value cannot
		// continue on the next line.
		if len(s.data) > 0 && (string(value) == done || s.depth.closed(s.data)) {
			s.lines.Back()
			return true
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
			s.stray = httpwire.Begin(line)
		}
	}
	return false
}

func (s *events) add(value []byte) {
	if len(s.data) > 0 {
		s.data = append(s.data, ' ')
	}
	s.data = append(s.data, value...)
}

// payload is the event's data. An event named "error" is returned in the form of
// errors without a name.
func (s *events) payload() []byte {
	switch s.name {
	case "ping", "keepalive", "keep-alive", "heartbeat":
		return nil
	case "error":
		payload := s.data
		if !json.Valid(payload) {
			payload, _ = marshal(string(payload))
		}
		s.data = append(append([]byte(`{"error":`), payload...), '}')
	}
	return s.data
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
