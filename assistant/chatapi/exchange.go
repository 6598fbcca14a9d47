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
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// statusGone is the status where nobody is left to be answered, after nginx. It
// is sent nevertheless, and not a silent 200: a client may have closed only its
// own half of the connection.
const statusGone = 499

// An exchange is one request on its way to its answer, and what the log will
// say about it.
type exchange struct {
	h       *Handler
	w       http.ResponseWriter
	r       *http.Request
	control *http.ResponseController
	id      string
	begun   time.Time

	name     string    // what was asked for, as the log calls it
	endpoint *endpoint // that gives replies, or nil
	read     bool      // the body has been read to its end
	request  *request  // once it has been read
	writer   writer    // with the request
	drawn    []drawn
	status   int  // 0 until the header is sent
	events   bool // the answer is a stream of events, which has begun
	fault    *fault
	spent    usage
}

func (x *exchange) method(allowed ...string) *fault {
	if slices.Contains(allowed, x.r.Method) {
		return nil
	}
	x.w.Header().Set("Allow", strings.Join(allowed, ", "))
	return &fault{status: http.StatusMethodNotAllowed, code: "method_not_allowed", message: "use " + allowed[0] + " here"}
}

// body reads the request's body, within the deadline that ServeHTTP has set. It
// takes the deadline back afterwards, since the server goes on reading to notice
// when the client leaves.
func (x *exchange) body() ([]byte, *fault) {
	limit := x.h.limits.Body
	tooLarge := &fault{
		status: http.StatusRequestEntityTooLarge, code: "request_too_large",
		message: fmt.Sprintf("the body is over the limit of %d bytes", limit),
	}
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
		return nil, &fault{status: http.StatusRequestTimeout, code: "timeout", message: fmt.Sprintf("the body was not whole after %v", x.h.limits.Stall)}
	}
	return nil, &fault{status: http.StatusBadRequest, code: "invalid_body", message: "the body cannot be read to its end"}
}

// json sends a whole answer.
func (x *exchange) json(status int, v any) {
	text, err := encode(v)
	if err != nil {
		panic(err) // a type of this package that is not JSON
	}
	x.status = status
	x.w.Header().Set("Content-Type", "application/json")
	x.w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	x.deadline()
	x.w.WriteHeader(status)
	if _, err := x.w.Write(text); err == nil {
		_ = x.control.Flush()
	}
}

// deadline gives the client so long to take what is written next. net/http takes
// the last one back before the connection's next request.
func (x *exchange) deadline() { _ = x.control.SetWriteDeadline(time.Now().Add(x.h.limits.Stall)) }

// flushes tells whether what is written to w can be sent at once. It looks where
// [http.ResponseController] does, whose Flush would send the header to find out.
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

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // code is easier to read without
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// begin sends the header of a stream.
func (x *exchange) begin() {
	x.events, x.status = true, http.StatusOK
	x.w.Header().Set("Content-Type", "text/event-stream")
	x.w.Header().Set("X-Accel-Buffering", "no") // nginx would hold the events back
	x.w.WriteHeader(x.status)
}

// event sends one event, with a name or without.
func (x *exchange) event(name string, v any) error {
	text, err := encode(v)
	if err != nil {
		return err
	}
	if name != "" {
		name = "event: " + name + "\n"
	}
	return x.send(fmt.Appendf(nil, "%sdata: %s\n", name, text))
}

// send writes at once. A client that takes nothing for too long is gone.
func (x *exchange) send(event []byte) error {
	x.deadline()
	if _, err := x.w.Write(event); err != nil {
		return errGone
	}
	if err := x.control.Flush(); err != nil {
		return errGone
	}
	return nil
}

// fail tells the client what is wrong: with a status, or as the last event of a
// stream that has begun. Without its [DONE], no client takes that for a whole
// answer.
func (x *exchange) fail(f *fault) {
	x.fault = f
	if x.events && f.status == statusGone {
		return
	}
	if x.events {
		_ = x.writer.fault(f)
		return
	}
	header := x.w.Header()
	if !x.read && x.r.ContentLength != 0 {
		header.Set("Connection", "close") // rather than read the rest of a body that nobody wants
	}
	if f.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int((f.retryAfter+time.Second-1)/time.Second)))
	}
	if f.status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", "Bearer")
	}
	x.json(f.status, f.wire())
}

// A panicError is a panic in a backend, as an error.
type panicError struct {
	value any
	stack []byte
}

// caught makes an error of what recover returned.
func caught(v any) error { return &panicError{v, debug.Stack()} }

// Error says no more than the type, since a value may hold anything.
func (e *panicError) Error() string {
	if err, ok := e.value.(runtime.Error); ok {
		return "panic: " + err.Error()
	}
	return fmt.Sprintf("panic with a %T", e.value)
}

// recover answers for what panicked outside of a backend.
func (x *exchange) recover() {
	v := recover()
	if v == nil {
		return
	}
	f := x.asFault(caught(v))
	if x.status != 0 && !x.events {
		x.fault = f // it is too late to tell the client
		return
	}
	x.fail(f)
}

// log writes the record of the request.
func (x *exchange) log() {
	attrs := []slog.Attr{
		slog.String("id", x.id), slog.String("request", x.name),
		slog.Int("status", x.status), slog.Duration("took", time.Since(x.begun)),
	}
	level := slog.LevelInfo
	if f := x.fault; f != nil {
		attrs[2] = slog.Int("status", f.status) // of a stream that broke off too
		attrs = append(attrs, slog.String("code", f.code))
		if f.cause != nil {
			attrs = append(attrs, slog.String("cause", class(f.cause)))
		}
		if f.status >= 500 {
			level = slog.LevelError
		}
		var panicked *panicError
		if errors.As(f.cause, &panicked) {
			attrs = append(attrs, slog.String("panic", panicked.Error()), slog.String("stack", string(panicked.stack)))
		}
	}
	if r := x.request; r != nil {
		var finish []string
		for i := range x.drawn {
			if f := x.drawn[i].finish; f != "" {
				finish = append(finish, string(f))
			}
		}
		attrs = append(attrs,
			slog.Bool("stream", r.stream), slog.Int("messages", r.messages), slog.Int("n", r.n),
			slog.Int("prompt_tokens", x.spent.prompt), slog.Int("completion_tokens", x.spent.completion),
			slog.String("finish", strings.Join(finish, " ")))
	}
	x.h.config.Logger.LogAttrs(x.r.Context(), level, "request", attrs...)
}
