package ollama

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/foreword-go/foreword/internal/httpwire"
	"github.com/foreword-go/foreword/sampling"
)

// An exchange is one request for a continuation and its answer.
//
// It ends with care when nobody wants the rest of the answer. Ollama's handler
// of a streamed answer hands each line from the goroutine that draws to the one
// that writes, and when the connection closes the writer leaves; a drawer that
// is just then handing over waits for ever, and keeps the model's only slot
// until the model is unloaded (ollama/ollama#17131, of July 2026; seen in
// 0.17.4). With a model that draws a token each millisecond a few dozen early
// leaves are enough. It cannot happen while the drawer waits for the model, which
// it does for nearly all of the time from one line to the next. See leave.
type exchange struct {
	cancel context.CancelFunc
	forget func() bool // lets go of the caller's context
	still  *time.Timer // closes the connection when no line comes any more
	begun  atomic.Bool // whether a line of a streamed answer has come
	body   io.ReadCloser
}

const (
	// settled is how long a line must have been waited for so that the next is
	// unlikely to come at the moment after it.
	settled = 5 * time.Millisecond

	// stillness is how long no line must have come for the model to be thought at
	// work on one.
	stillness = 100 * time.Millisecond

	// farewell is how long a fast model is listened to at most when nobody wants
	// the rest.
	farewell = 500 * time.Millisecond
)

// send posts the request for a continuation. Its errors are [*sampling.Error].
func (b *Backend) send(caller context.Context, body []byte) (*exchange, error) {
	// The request does not end with the caller's context: once lines come, the
	// moment matters.
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
	resp, err := b.do(caller, sending, http.MethodPost, "/api/generate", body)
	if err != nil {
		x.end()
		return nil, late(err)
	}
	x.body = resp.Body
	return x, nil
}

// late adds to a deadline that passed before the first byte came what may be the
// cause: a model that was left at a bad moment, by any client, answers nobody.
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

// leave chooses the moment to close the connection when the rest of a streamed
// answer is not wanted: when the answer is over, if that is soon; or right after
// a line that the model took its time for. A model with tokens milliseconds
// apart is listened to for half a second at most, others for one token or none.
func (a *answer) leave() {
	x := a.exchange
	if !x.begun.Load() {
		return // nothing is handed over before the first line, nor in a whole answer
	}
	enough := time.AfterFunc(farewell, x.cancel)
	defer enough.Stop()
	began := time.Now()
	for !a.line.Done {
		rest := float64(a.waited) / float64(a.number) * float64(a.mostPieces()-a.pieces)
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
