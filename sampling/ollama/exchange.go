package ollama

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/foreword-go/foreword/internal/httpwire"
	"github.com/foreword-go/foreword/sampling"
)

// An exchange is one request for a continuation and its answer.
//
// Leaving an answer early can hang the model (ollama/ollama#17131, seen in 0.17.4).
// Ollama passes each line from the goroutine that draws to the one that writes. When
// the connection closes, the writer returns. A drawer that passes a line at that
// moment waits forever and keeps the model's only slot until the model is unloaded.
// With a model that draws a token each millisecond, a few dozen early ends are enough.
// It cannot happen while the drawer waits for the model, which is nearly all of the
// time between two lines. See leave.
type exchange struct {
	cancel context.CancelFunc
	forget func() bool // lets go of the caller's context
	still  *time.Timer // closes the connection when no line comes any more
	begun  atomic.Bool // whether a line of a streamed answer has come
	body   io.ReadCloser
}

const (
	// settled is the minimum time that a line must have taken, so that the next line
	// is unlikely to come at once.
	settled = 5 * time.Millisecond

	// stillness is the time without a line after which the model is taken to be
	// computing one.
	stillness = 100 * time.Millisecond

	// farewell is the maximum time to keep reading from a fast model when the rest is
	// not wanted.
	farewell = 500 * time.Millisecond
)

// send posts the request for a continuation. Its errors are [*sampling.Error].
func (b *Backend) send(caller context.Context, body []byte) (*exchange, error) {
	// The request does not end with the caller's context. Once lines come, it has to
	// end at a safe moment.
	sending, cancel := context.WithCancel(context.WithoutCancel(caller))
	x := &exchange{cancel: cancel, still: time.AfterFunc(time.Hour, cancel)}
	x.still.Stop() // until it is set
	x.forget = context.AfterFunc(caller, func() {
		if x.begun.Load() {
			x.still.Reset(stillness) // a line that comes before brings the moment along
		} else {
			cancel()
		}
	})
	resp, err := b.wire.Send(caller, sending, b.base+"/api/generate", body)
	if err != nil {
		x.end()
		return nil, late(err)
	}
	x.body = resp.Body
	return x, nil
}

// late adds a likely cause to a deadline that passed before the first byte: a model
// that hangs because some client left it at a bad moment.
func late(err error) error {
	if e, ok := errors.AsType[*sampling.Error](err); ok && errors.Is(err, context.DeadlineExceeded) {
		e.Err = fmt.Errorf("%w before the first byte of an answer; if this repeats, unload the model (\"ollama stop\", or keep_alive 0): Ollama may hang after a client left", e.Err)
	}
	return err
}

// end closes the connection unless the answer was read to its end.
func (x *exchange) end() {
	x.forget()
	x.still.Stop()
	x.cancel()
	if x.body != nil {
		x.body.Close()
	}
}

// leave closes the connection at a safe moment when the rest of a streamed answer is
// not wanted: at the end of the answer, if that is soon, or right after a line that
// took the model some time. It reads a fast model's lines for half a second at most,
// and one more token of a slow model at most.
func (a *answer) leave() {
	x := a.exchange
	if !x.begun.Load() {
		return // nothing is handed over before the first line, nor in a whole answer
	}
	enough := time.AfterFunc(farewell, x.cancel)
	defer enough.Stop()
	began := time.Now()
	for !a.line.Done {
		rest := float64(a.waited) / float64(a.number) * float64(maxTokens(&a.req.Params)-a.pieces)
		soon := rest < float64(farewell-time.Since(began))
		if !soon && a.gap >= settled && time.Since(a.arrived) < settled/5 {
			return
		}
		x.still.Reset(stillness)
		if a.read() != nil {
			return
		}
	}
	httpwire.Drain(x.body)
}
