package chatapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/foreword-go/foreword/internal/parallel"
	"github.com/foreword-go/foreword/sampling"
)

// statusGone is the status for a client that left, after nginx. It is sent
// nevertheless: a client may have closed only its own half of the connection.
const statusGone = 499

// An exchange is one request on its way to its answer.
type exchange struct {
	h       *handler
	w       http.ResponseWriter
	r       *http.Request
	control *http.ResponseController
	id      string
	begun   time.Time

	name     string    // in the log
	endpoint *endpoint // nil for an unknown address
	read     bool      // the body has been read to its end
	request  *request  // nil until it has been read
	writer   writer    // of the request's endpoint
	replies  []*reply
	status   int  // 0 until the header is sent
	events   bool // a stream of events has begun
	gone     error
	fault    *fault
	spent    sampling.Usage
}

// A writer writes the answer of one exchange, whole or as events.
type writer interface {
	whole() any    // the whole answer, from the replies
	open()         // sends the events before the first piece
	piece(p piece) // sends the events of a piece
	close()        // sends the events after the last piece
	fault(f *fault)
}

// An object is a JSON object of an answer. go-openai's types are made for reading
// answers: they omit an empty content, a null refusal and a log probability of 0.
type object map[string]any

// body reads the request's body within the deadline that ServeHTTP has set. It then
// removes the deadline, since the server goes on reading to notice when the client
// leaves.
func (x *exchange) body() ([]byte, *fault) {
	limit := x.h.limits.Body
	tooLarge := refuse(http.StatusRequestEntityTooLarge, "request_too_large", fmt.Sprintf("the body is larger than %d bytes", limit))
	if x.r.ContentLength > limit {
		return nil, tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, limit))
	var over *http.MaxBytesError
	switch {
	case err == nil:
		x.read = true
		_ = x.control.SetReadDeadline(time.Time{})
		return body, nil
	case errors.As(err, &over):
		return nil, tooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, refuse(http.StatusRequestTimeout, "timeout", fmt.Sprintf("the body did not arrive within %v", x.h.limits.Stall))
	}
	return nil, refuse(http.StatusBadRequest, "invalid_body", "the body ended too early")
}

// json sends a whole answer.
func (x *exchange) json(status int, v any) {
	text := encode(v)
	x.status = status
	x.w.Header().Set("Content-Type", "application/json")
	x.w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	x.deadline()
	x.w.WriteHeader(status)
	if _, err := x.w.Write(text); err == nil {
		_ = x.control.Flush()
	}
}

// deadline limits the time of the next write. net/http removes the last deadline before
// the connection's next request.
func (x *exchange) deadline() { _ = x.control.SetWriteDeadline(time.Now().Add(x.h.limits.Stall)) }

// flushes reports whether w can send a write at once. It looks where
// [http.ResponseController] does, whose Flush would send the header.
func flushes(w http.ResponseWriter) bool {
	for {
		switch v := w.(type) {
		case http.Flusher, interface{ FlushError() error }:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return false
		}
	}
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // code is easier to read without
	if err := e.Encode(v); err != nil {
		panic(err) // impossible: answers consist of texts and finite numbers
	}
	return b.Bytes()
}

// begin sends the header of a stream.
func (x *exchange) begin() {
	x.events, x.status = true, http.StatusOK
	x.w.Header().Set("Content-Type", "text/event-stream")
	x.w.Header().Set("X-Accel-Buffering", "no") // nginx would hold the events back
	x.w.WriteHeader(x.status)
}

// event sends one event, with a name or without.
func (x *exchange) event(name string, v any) {
	if name != "" {
		name = "event: " + name + "\n"
	}
	x.send(fmt.Appendf(nil, "%sdata: %s\n", name, encode(v)))
}

// send sends text at once. A client that takes nothing for too long is gone.
func (x *exchange) send(event []byte) {
	if x.gone != nil {
		return
	}
	x.deadline()
	if _, err := x.w.Write(event); err != nil || x.control.Flush() != nil {
		x.gone = errGone
	}
}

// fail sends an error: with a status, or as the last event of a stream that has begun.
// Such a stream has no [DONE], so no client takes it for a whole answer.
func (x *exchange) fail(f *fault) {
	x.fault = f
	if x.events && f.status == statusGone {
		return
	}
	if x.events {
		x.writer.fault(f)
		return
	}
	header := x.w.Header()
	if !x.read && x.r.ContentLength != 0 {
		header.Set("Connection", "close") // instead of reading the rest of the body
	}
	if f.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int((f.retryAfter+time.Second-1)/time.Second)))
	}
	if f.status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", "Bearer")
	}
	x.json(f.status, object{"error": f.wire()})
}

// recover answers after a panic.
func (x *exchange) recover() {
	v := recover()
	if v == nil {
		return
	}
	f := x.asFault(caught(v))
	if x.status != 0 && !x.events {
		x.fault = f // the answer has been sent
		return
	}
	x.fail(f)
}

func (x *exchange) log() {
	attrs := []slog.Attr{slog.String("id", x.id), slog.String("request", x.name), slog.Int("status", x.status), slog.Duration("took", time.Since(x.begun))}
	level := slog.LevelInfo
	if f := x.fault; f != nil {
		attrs[2] = slog.Int("status", f.status) // a stream that broke off was sent with 200
		attrs = append(attrs, slog.String("code", f.code))
		if cause := f.class(); cause != "" {
			attrs = append(attrs, slog.String("cause", cause))
		}
		if f.status >= 500 {
			level = slog.LevelError
		}
		var panicked *parallel.Panic
		if errors.As(f.cause, &panicked) {
			attrs = append(attrs, slog.String("stack", string(panicked.Stack)))
		}
	}
	if r := x.request; r != nil {
		var finish []string
		for _, a := range x.replies {
			if a.finish != "" {
				finish = append(finish, string(a.finish))
			}
		}
		attrs = append(attrs,
			slog.Bool("stream", r.stream), slog.Int("messages", r.messages), slog.Int("n", r.n),
			slog.Int("prompt_tokens", x.spent.PromptTokens), slog.Int("completion_tokens", x.spent.CompletionTokens),
			slog.String("finish", strings.Join(finish, " ")))
	}
	x.h.config.Logger.LogAttrs(x.r.Context(), level, "request", attrs...)
}
