package chatapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/internal/gonames"
	"github.com/foreword-go/foreword/internal/parallel"
	"github.com/foreword-go/foreword/sampling"
)

// A fault is an error in the form that clients get. Its message never repeats the
// words of the backend's server, which may be text of anybody.
type fault struct {
	status     int
	kind       string // OpenAI's type; "" follows from the status
	code       string
	param      string // the field of the request; "" is null
	message    string
	retryAfter time.Duration
	cause      error // for the log
}

func refuse(status int, code, message string) *fault {
	return &fault{status: status, code: code, message: message}
}

// wire returns the fault as OpenAI's error object.
func (f *fault) wire() object {
	kind := "invalid_request_error"
	if f.status >= 500 {
		kind = "server_error"
	}
	return object{"message": f.message, "type": cmp.Or(f.kind, kind), "param": orNull(f.param), "code": orNull(f.code)}
}

// orNull returns s, or nil for "", which is null in JSON.
func orNull[S ~string](s S) any {
	if s == "" {
		return nil
	}
	return s
}

// errGone says that the client left, or does not read its answer.
var errGone = errors.New("chatapi: the client is gone")

// asFault returns the fault of an error while a reply was drawn, or nil.
func (x *exchange) asFault(err error) *fault {
	f := func(status int, code, param, message string) *fault {
		return &fault{status: status, code: code, param: param, message: message, cause: err}
	}
	var panicked *parallel.Panic
	var backend *sampling.Error
	answered := errors.As(err, &backend) && backend.Status != 0
	switch {
	case err == nil:
		return nil
	case errors.As(err, &panicked):
		return f(http.StatusInternalServerError, "internal_error", "", "the server has a bug; see its log")
	case errors.Is(err, errGone), x.r.Context().Err() != nil:
		return f(statusGone, "client_gone", "", "the client left before it was answered")
	case answered && errors.Is(err, sampling.ErrBudget):
		return f(http.StatusBadRequest, "context_length_exceeded", x.endpoint.prompt, "the prompt and the reply are longer than the model's context window")
	case answered: // whatever else it wraps, the client is not to blame
		return backendFault(backend)
	case errors.Is(err, assistant.ErrLoop):
		return f(http.StatusBadGateway, "reply_repeats", "", "the reply repeats itself and was stopped; try another seed or a repetition_penalty of 1.1")
	case errors.Is(err, sampling.ErrBudget):
		return f(http.StatusBadRequest, "context_length_exceeded", x.endpoint.prompt, gonames.Plain(err))
	case errors.Is(err, sampling.ErrConstraint):
		field := x.request.constrains.path
		return f(http.StatusBadGateway, "constraint_violated", field, "the reply violates '"+field+"'")
	case errors.Is(err, sampling.ErrUnsupported):
		return f(http.StatusBadRequest, "unsupported_parameter", x.request.blame(err), gonames.Plain(err))
	case errors.Is(err, sampling.ErrInvalid):
		return f(http.StatusBadRequest, "invalid_value", x.request.blame(err), gonames.Plain(err))
	case errors.Is(err, context.DeadlineExceeded):
		return f(http.StatusGatewayTimeout, "timeout", "", fmt.Sprintf("the reply was not complete after %v", x.h.limits.Reply))
	case backend != nil:
		return backendFault(backend)
	}
	return f(http.StatusBadGateway, "bad_gateway", "", "the model's answer is invalid")
}

// backendFault tells how the backend failed, and when to try again.
func backendFault(e *sampling.Error) *fault {
	message := "the model's server failed"
	if e.Status >= 400 {
		message = fmt.Sprintf("the model's server answered with status %d", e.Status)
	}
	if !e.Temporary {
		return &fault{status: http.StatusBadGateway, code: "bad_gateway", message: message, cause: e}
	}
	f := &fault{status: http.StatusServiceUnavailable, code: "unavailable", message: message + "; try again later", retryAfter: max(e.RetryAfter, time.Second), cause: e}
	if e.Status == http.StatusTooManyRequests {
		f.status, f.kind, f.code = e.Status, "requests", "rate_limit_exceeded"
	}
	return f
}

// paramFields are the fields that become fields of sampling.Params, which an error may
// name.
var paramFields = []string{
	"top_p", "top_k", "min_p", "max_tokens", "temperature", "seed", "logprobs", "stop",
	"frequency_penalty", "presence_penalty", "repetition_penalty",
}

// blame returns the field of the request that an error names, or "". The text of such
// an error is made in this process.
func (r *request) blame(err error) string {
	if r.constrains.path != "" && strings.Contains(err.Error(), "Constraint") {
		return r.constrains.path
	}
	words := strings.FieldsFunc(gonames.Plain(err), func(c rune) bool { return c != '_' && !unicode.IsLetter(c) })
	for _, name := range paramFields {
		if r.given[name] && slices.Contains(words, name) {
			return name
		}
	}
	return ""
}

// class returns the cause for the log, without its text. An error of the network has an
// address and the system's own words, which the operator has to know.
func (f *fault) class() string {
	var backend *sampling.Error
	var panicked *parallel.Panic
	var network *net.OpError
	switch {
	case errors.As(f.cause, &panicked):
		if err := (runtime.Error)(nil); errors.As(panicked, &err) {
			return "panic: " + err.Error()
		}
		return fmt.Sprintf("panic with a %T", panicked.Value) // which may hold any text
	case !errors.As(f.cause, &backend):
		return ""
	case backend.Status == 0 && errors.As(f.cause, &network):
		return fmt.Sprintf("backend %s, %v", cmp.Or(backend.Backend, "unnamed"), network)
	}
	return fmt.Sprintf("backend %s, status %d", cmp.Or(backend.Backend, "unnamed"), backend.Status)
}

// caught returns the error of a value that recover returned.
func caught(v any) error {
	if p, ok := v.(*parallel.Panic); ok {
		return p
	}
	return &parallel.Panic{Value: v, Stack: debug.Stack()}
}
