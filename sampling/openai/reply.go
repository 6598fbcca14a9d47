package openai

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/foreword-go/foreword/internal/httpwire"
	"github.com/foreword-go/foreword/sampling"
)

// A reply is the server's answer, event by event.
type reply struct {
	b      *Backend
	caller context.Context // tells a cancellation from other ends
	body   io.ReadCloser
	events *events
	choice bool        // an event had a choice
	other  []byte      // the beginning of the first event that had none
	words  []byte      // the beginning of a payload after the last event that is not an event
	timer  *time.Timer // ends the connection if the server lingers
}

// read reads the reply into the choices, whose pieces the events mix. Each piece goes
// to yield, the reason with the last one. Read returns nil if yield returns false. The
// total is the usage that belongs to no single choice.
func (r *reply) read(choices []continuation, yield func(i int, c sampling.Chunk) bool) (total sampling.Usage, err error) {
	open := len(choices)
	for {
		event, err := r.next()
		if err == io.EOF || open == 0 && r.caller.Err() == nil && errors.Is(err, sampling.ErrTruncated) {
			break // if the connection broke after the last word, nothing of the text is lost
		}
		if err != nil {
			return total, err
		}
		if err := checkNumbers(event.Choices, len(choices)); err != nil {
			return total, r.b.misread(err)
		}
		usage := event.Usage.Usage
		switch {
		case len(choices) > 1 && len(event.Choices) != 1:
			total, usage = cmp.Or(usage, total), sampling.Usage{}
		case len(event.Choices) == 0 && usage != (sampling.Usage{}):
			choices[0].end.Usage = usage
			if !yield(0, sampling.Chunk{Usage: usage, Model: choices[0].end.Model}) {
				return total, nil
			}
		}
		for i := range event.Choices {
			at := event.Choices[i].Index
			if at >= len(choices) {
				continue // of one choice, nobody asked for more
			}
			c := &choices[at]
			before := c.finished()
			chunk, err := c.add(event, i, usage)
			if (chunk.Text != "" || len(chunk.Tokens) > 0 || chunk.Usage != (sampling.Usage{})) && !yield(at, chunk) {
				return total, nil
			}
			if err != nil {
				return total, r.b.misread(err)
			}
			if c.finished() && !before {
				open--
			}
		}
		if open == 0 && r.timer == nil && !r.events.lines.Ended() {
			r.timer = time.AfterFunc(lingerFor, func() { r.body.Close() })
		}
	}
	for i := range choices {
		if !choices[i].finished() {
			return total, r.unfinished()
		}
		last, err := choices[i].close()
		if err != nil {
			return total, r.b.misread(err)
		}
		if !yield(i, last) {
			return total, nil
		}
	}
	if !r.events.lines.Ended() {
		httpwire.Drain(r.body) // the connection can serve the next request
	}
	return total, nil
}

// checkNumbers finds choices with a number that is used twice or out of range. Beside
// a single choice that was asked for, others are ignored.
func checkNumbers(sent []choice, asked int) error {
	for i := range sent {
		at := sent[i].Index
		if at < 0 || at >= asked && asked > 1 {
			return fmt.Errorf("the answer has a choice %d, and %d were asked for", at, asked)
		}
		if slices.ContainsFunc(sent[:i], func(c choice) bool { return c.Index == at }) {
			return fmt.Errorf("the answer has two choices of the number %d", at)
		}
	}
	return nil
}

// next returns the next event, [io.EOF] after the last, or another error.
func (r *reply) next() (*event, error) {
	for {
		raw, err := r.events.next()
		switch {
		case r.caller.Err() != nil:
			return nil, r.b.wire.Fault(r.caller, r.caller.Err()) // also if more events are here
		case err == io.EOF || string(raw) == done:
			return nil, io.EOF
		case err != nil:
			return nil, r.b.misread(err)
		}
		if raw[0] != '{' { // a keep-alive, of which servers send many shapes, or last words
			r.words = httpwire.Begin(raw)
			continue
		}
		r.words = nil
		var e event
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, r.unreadable(raw, err)
		}
		switch {
		case e.isError():
			return nil, r.b.wire.Announced(200, raw)
		case len(e.Choices) == 0:
			if r.other == nil {
				r.other = httpwire.Begin(raw)
			}
		case !r.choice:
			r.choice = true
			fingerprint, _ := e.Fingerprint.(string)
			if err := r.b.config.Dialect.checkServer("", fingerprint); err != nil {
				return nil, r.b.misread(err)
			}
		}
		return &e, nil
	}
}

// unreadable describes an event that is not JSON. If it is the last one, the stream
// was cut off.
func (r *reply) unreadable(raw []byte, err error) error {
	words := r.b.wire.Quote(raw)
	if r.events.lines.Ended() && !json.Valid(raw) {
		if _, end := r.events.next(); end == io.EOF {
			return r.b.wire.Truncated("the last event is not whole: %s", words)
		}
	}
	return r.b.misread(fmt.Errorf("cannot read an event: %v: %s", err, words))
}

// unfinished describes the end of a stream in which a choice did not end.
func (r *reply) unfinished() error {
	switch {
	case !r.choice && r.other != nil:
		return r.b.misread(fmt.Errorf("the answer has no choices in it; check that %s: %s", wholeAddress, r.b.wire.Quote(r.other)))
	case r.words != nil:
		return r.b.wire.Truncated("the server closed the stream without a finish_reason; its last words are: %s", r.b.wire.Quote(r.words))
	}
	return r.b.wire.Truncated("the server closed the stream without a finish_reason")
}

// lingerFor is the maximum time that a server may take after the last word, for the
// usage, the closing event and the end of the body.
const lingerFor = 2 * time.Second

func (r *reply) close() {
	if r.timer != nil {
		r.timer.Stop()
	}
	r.body.Close()
}
