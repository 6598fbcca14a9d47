package openai

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// A reply is what the server sends back, event by event.
type reply struct {
	b        *Backend
	caller   context.Context    // by which a cancellation is told from other ends
	cancel   context.CancelFunc // closes the connection
	streamed bool
	events   eventBody
	choice   bool        // whether any event had one
	named    bool        // whether the server's fingerprint was looked at
	other    []byte      // the beginning of the first event that had no choice
	words    []byte      // the beginning of what came after the last event and was none
	timer    *time.Timer // the end of the patience with a server that lingers
}

// next returns the next event, [io.EOF] after the last, or the fault.
func (r *reply) next() (*event, error) {
	for {
		if err := r.caller.Err(); err != nil {
			return nil, r.b.fault(r.caller, err) // events that are here already are not asked for any more
		}
		raw, err := r.events.next()
		if string(raw) == done {
			err = io.EOF
		}
		if err == io.EOF {
			return nil, err
		}
		if err := cmp.Or(err, r.caller.Err()); err != nil {
			return nil, r.broken(err)
		}
		if raw[0] != '{' { // a keep-alive, of which servers send many shapes, or last words
			r.words = bytes.Clone(raw[:min(len(raw), keptWords)])
			continue
		}
		r.words = nil
		var e event
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, r.unreadable(raw, err)
		}
		if e.isError() {
			return nil, r.b.announced(raw)
		}
		if len(e.Choices) == 0 {
			if r.other == nil {
				r.other = bytes.Clone(raw[:min(len(raw), keptWords)])
			}
			return &e, nil
		}
		r.choice = true
		if !r.named {
			r.named = true
			if err := r.b.dialect.checkServer("", string(e.Fingerprint)); err != nil {
				return nil, r.b.misread(err)
			}
		}
		return &e, nil
	}
}

// broken describes a body that could not be read to its end.
func (r *reply) broken(err error) error {
	if _, ok := errors.AsType[wrongAnswer](err); ok {
		return r.b.misread(err)
	}
	return r.b.fault(r.caller, err)
}

// unreadable describes an event that is not JSON. One that ends too early, with
// the stream, was cut off on its way.
func (r *reply) unreadable(raw []byte, err error) error {
	words := r.b.say(raw)
	if r.events.scan.ended() && !json.Valid(raw) {
		return truncated(wrong("the last event is not whole: %s", words))
	}
	if _, ok := errors.AsType[wrongAnswer](err); ok {
		return r.b.misread(err)
	}
	return r.b.misread(wrong("cannot read the event %s: %v", words, err))
}

// unfinished turns the end of a stream that gave no reason into its fault.
func (r *reply) unfinished(err error) error {
	switch {
	case err != errNoReason:
		return r.b.misread(err)
	case !r.choice && r.other != nil:
		return r.b.misread(wrong("the answer has no choices in it; see that %s: %s", wholeAddress, r.b.say(r.other)))
	}
	if r.words != nil {
		return truncated(wrong("the server closed the stream without a finish_reason; its last words are: %s", r.b.say(r.words)))
	}
	return truncated(wrong("the server closed the stream without a finish_reason"))
}

// lingerFor is how long a server may take over what comes after the last word:
// the usage, the closing event and the end of the body.
const lingerFor = 2 * time.Second

// linger gives the server lingerFor to end the stream.
func (r *reply) linger() {
	if r.timer == nil && !r.events.scan.ended() {
		r.timer = time.AfterFunc(lingerFor, r.cancel)
	}
}

// broke reports whether err is a connection that ended before the stream did,
// and not something that the server or the caller said.
func (r *reply) broke(err error) bool {
	return r.caller.Err() == nil && errors.Is(err, sampling.ErrTruncated)
}

func (r *reply) close() {
	if r.timer != nil {
		r.timer.Stop()
	}
	r.events.close()
	r.cancel()
}
