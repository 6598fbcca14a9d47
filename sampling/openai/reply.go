package openai

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// A reply is what the server sends back, event by event.
type reply struct {
	*exchange
	stream interface{ RecvRaw() ([]byte, error) } // nil when the answer is asked for whole
	choice bool                                   // whether any event had one
	other  []byte                                 // the beginning of the first event that had none

	cancel  context.CancelFunc // closes the connection
	forget  func() bool        // lets go of the caller's context
	timer   *time.Timer        // the end of the patience with a server that lingers
	still   *time.Timer        // the same, with one that is silent when nobody wants the rest
	begun   atomic.Bool        // whether an event came
	over    bool               // whether the last one did, or a fault
	arrived time.Time          // when the last event came
	gap     time.Duration      // how long it was waited for
	waited  time.Duration      // the same for all but the first, before which the prompt is read
	count   int                // how many came
}

// begin returns the context of the request. Mostly it is the caller's. Where the
// moment matters at which a stream is left, it outlives the caller's until then.
func (r *reply) begin() context.Context {
	if !r.streamed || r.b.dialect.Farewell == 0 {
		ctx, cancel := context.WithCancel(r.caller)
		r.cancel, r.forget = cancel, func() bool { return true }
		return ctx
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.caller))
	r.cancel = cancel
	r.still = time.AfterFunc(stillness, cancel)
	r.still.Stop()
	r.forget = context.AfterFunc(r.caller, func() {
		if r.begun.Load() {
			r.still.Reset(stillness) // an event that comes before brings the moment along
		} else {
			cancel()
		}
	})
	return ctx
}

// next returns the next event, [io.EOF] behind the last, or the fault.
func (r *reply) next() (*event, error) {
	if err := r.caller.Err(); err != nil {
		return nil, r.b.fault(r.caller, err) // events that are here already are not asked for any more
	}
	raw, err := r.receive()
	if err == io.EOF {
		return nil, err
	}
	if err := cmp.Or(err, r.caller.Err()); err != nil {
		return nil, r.b.fault(r.caller, err)
	}
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, r.unreadable(raw, err)
	}
	if e.isError() {
		return nil, r.b.announced(raw)
	}
	if len(e.Choices) > 0 {
		r.choice = true
	} else if r.other == nil {
		r.other = bytes.Clone(raw[:min(len(raw), keptWords)])
	}
	return &e, nil
}

// receive returns the next event's JSON.
func (r *reply) receive() (raw []byte, err error) {
	begin := time.Now()
	if r.streamed {
		raw, err = r.stream.RecvRaw()
	} else if raw, err = r.answer.next(); string(raw) == done {
		err = io.EOF
	}
	r.over = err != nil
	r.arrived = time.Now()
	r.gap = r.arrived.Sub(begin)
	if r.count++; r.count > 1 {
		r.waited += r.gap
	}
	r.begun.Store(true)
	return raw, err
}

// unreadable describes an event that is not JSON. One that ends too early, with
// the stream, was cut off on its way.
func (r *reply) unreadable(raw []byte, err error) error {
	words := r.b.say(raw)
	if r.answer.scan.ended() && !json.Valid(raw) {
		return truncated(wrong("the last event is not whole: %s", words))
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
	return truncated(wrong("the server closed the stream without a finish_reason"))
}

// lingerFor is how long a server may take over what comes after the last word:
// the usage, the closing event and the end of the body.
const lingerFor = 2 * time.Second

// linger gives the server lingerFor to end the stream.
func (r *reply) linger() {
	if r.timer == nil && !r.answer.scan.ended() {
		r.timer = time.AfterFunc(lingerFor, r.cancel)
	}
}

// broke reports whether err is a connection that ended before the stream did,
// and not something that the server or the caller said.
func (r *reply) broke(err error) bool {
	return r.caller.Err() == nil && errors.Is(err, sampling.ErrTruncated)
}

// drain reads what is left behind the closing event, which is nothing but the
// end of the body, so that the connection can serve the next request.
func (r *reply) drain() {
	if r.answer.scan.ended() {
		return
	}
	r.linger()
	io.CopyN(io.Discard, r.answer.body, 64<<10)
}

// settled is how long an event must have been waited for so that the next is
// unlikely to come at the moment after it, and stillness how long none must have
// come for the server to be thought at work on one.
const (
	settled   = 5 * time.Millisecond
	stillness = 100 * time.Millisecond
)

// leave chooses the moment to close a stream that is not at its end: right after
// an event of a model that takes its time for each, or else its end or that of
// the Farewell.
func (r *reply) leave() {
	enough := time.AfterFunc(r.b.dialect.Farewell, r.cancel)
	defer enough.Stop()
	defer r.still.Stop()
	for !r.over {
		slow := r.count > 1 && r.waited/time.Duration(r.count-1) > settled
		if slow && r.gap > settled && time.Since(r.arrived) < settled/5 {
			return
		}
		r.still.Reset(stillness)
		r.receive()
	}
}

func (r *reply) close() {
	r.forget()
	if r.streamed && r.b.dialect.Farewell > 0 && r.begun.Load() {
		r.leave()
	}
	if r.timer != nil {
		r.timer.Stop()
	}
	r.answer.Close()
	r.cancel()
}
