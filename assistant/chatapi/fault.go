package chatapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/internal/gonames"
	"github.com/foreword-go/foreword/sampling"
)

// A fault is an error in the form that clients get. Its message never repeats the
// words of the backend's server, which may hold anybody's text.
type fault struct {
	status     int
	kind       string // OpenAI's type; "" follows from the status
	code       string // "" is null
	param      string // the field of the request that is to blame; "" is null
	message    string
	retryAfter time.Duration
	cause      error // for the log, which gets its class and no text
}

// Error is the message with the field that is to blame.
func (f *fault) Error() string { return strings.TrimSpace(f.param + " " + f.message) }

func (f *fault) wire() errorBody {
	kind := f.kind
	if kind == "" {
		kind = "invalid_request_error"
		if f.status >= 500 {
			kind = "server_error"
		}
	}
	return errorBody{Error: errorObject{Message: f.message, Type: kind, Param: orNull(f.param), Code: orNull(f.code)}}
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// badField is the fault of one field of the request.
func badField(param, format string, args ...any) *fault {
	return &fault{status: http.StatusBadRequest, code: "invalid_value", param: param, message: "'" + param + "' " + fmt.Sprintf(format, args...)}
}

// cannot is the fault of a field that asks for what a base model does not do.
func cannot(param, why string, args ...any) *fault {
	return &fault{status: http.StatusBadRequest, code: "unsupported_parameter", param: param, message: "'" + param + "' is not supported: " + fmt.Sprintf(why, args...)}
}

// errGone says that the client left, or does not take its answer.
var errGone = errors.New("chatapi: the client is gone")

// asFault makes a fault of what went wrong while a reply was drawn.
func (x *exchange) asFault(err error) *fault {
	var panicked *panicError
	var backend *sampling.Error
	switch {
	case errors.As(err, &panicked):
		return &fault{status: http.StatusInternalServerError, code: "internal_error", message: "the server made a mistake; its log has more", cause: err}
	case errors.Is(err, errGone), x.r.Context().Err() != nil:
		return &fault{status: statusGone, code: "client_gone", message: "the client hung up before it was answered", cause: errGone}
	case errors.As(err, &backend) && backend.Status != 0 && errors.Is(err, sampling.ErrBudget):
		return &fault{status: http.StatusBadRequest, code: "context_length_exceeded", param: x.endpoint.prompt, message: "the prompt and the reply asked for are longer than the model's context window", cause: err}
	case errors.As(err, &backend) && backend.Status != 0:
		// The server's answer: whatever else it wraps, the client is not to blame.
		return backendFault(backend)
	case errors.Is(err, assistant.ErrLoop):
		return &fault{status: http.StatusBadGateway, code: "reply_repeats", message: "the reply repeats itself and was stopped; ask again with another seed or a repetition_penalty of 1.1", cause: err}
	case errors.Is(err, sampling.ErrBudget):
		return &fault{status: http.StatusBadRequest, code: "context_length_exceeded", param: x.endpoint.prompt, message: gonames.Plain(err), cause: err}
	case errors.Is(err, sampling.ErrConstraint):
		return &fault{status: http.StatusBadGateway, code: "constraint_violated", param: x.request.constrains, message: "the reply does not keep to '" + x.request.constrains + "'", cause: err}
	case errors.Is(err, sampling.ErrUnsupported):
		return &fault{status: http.StatusBadRequest, code: "unsupported_parameter", param: x.request.blame(err), message: gonames.Plain(err), cause: err}
	case errors.Is(err, sampling.ErrInvalid):
		return &fault{status: http.StatusBadRequest, code: "invalid_value", param: x.request.blame(err), message: gonames.Plain(err), cause: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &fault{status: http.StatusGatewayTimeout, code: "timeout", message: fmt.Sprintf("the reply was not whole after %v", x.h.limits.Reply), cause: err}
	case backend != nil:
		return backendFault(backend)
	}
	return &fault{status: http.StatusBadGateway, code: "bad_gateway", message: "the model did not answer as it should", cause: err}
}

// backendFault tells how the backend failed, and when to try again.
func backendFault(e *sampling.Error) *fault {
	how := "did not answer as it should"
	if e.Status >= 400 {
		how = fmt.Sprintf("answered with status %d", e.Status)
	}
	if !e.Temporary {
		return &fault{status: http.StatusBadGateway, code: "bad_gateway", message: "the server behind the model " + how, cause: e}
	}
	f := &fault{
		status: http.StatusServiceUnavailable, code: "unavailable", retryAfter: max(e.RetryAfter, time.Second),
		message: "the server behind the model " + how + "; try again later", cause: e,
	}
	if e.Status == http.StatusTooManyRequests {
		f.status, f.kind, f.code = e.Status, "requests", "rate_limit_exceeded"
	}
	return f
}

// blame returns the request's field for the one of sampling.Params that an
// error names, "" if there is none. The error's text is made in this process,
// out of the names of the fields; a name that is not found costs the client no
// more than the field's name.
func (r *request) blame(err error) string {
	text := err.Error()
	if r.constrains != "" && strings.Contains(text, "Constraint") {
		return r.constrains
	}
	for _, f := range []struct{ field, param string }{
		{"TopP", "top_p"}, {"TopK", "top_k"}, {"MinP", "min_p"}, {"MaxTokens", "max_tokens"},
		{"Temperature", "temperature"}, {"Seed", "seed"}, {"Logprobs", "logprobs"}, {"Stop", "stop"},
		{"FrequencyPenalty", "frequency_penalty"}, {"PresencePenalty", "presence_penalty"},
		{"RepetitionPenalty", "repetition_penalty"},
	} {
		if r.given[f.param] && strings.Contains(text, f.field) {
			return f.param
		}
	}
	return ""
}

// class is what a log may say about an error: what it is, and nothing of what
// it says.
func class(err error) string {
	var backend *sampling.Error
	var panicked *panicError
	var network *net.OpError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &panicked):
		return "panic"
	case errors.Is(err, errGone):
		return "client gone"
	case errors.Is(err, sampling.ErrBudget):
		return "over the context window"
	case errors.Is(err, sampling.ErrUnsupported):
		return "unsupported by the backend"
	case errors.Is(err, sampling.ErrConstraint):
		return "constraint violated"
	case errors.Is(err, assistant.ErrLoop):
		return "loop"
	case errors.As(err, &backend) && backend.Status == 0 && errors.As(err, &network):
		// No answer, so these are an address and the system's own words, and what
		// whoever started the server has to know.
		return fmt.Sprintf("backend %s, %v", cmp.Or(backend.Backend, "unnamed"), network)
	case errors.As(err, &backend):
		return fmt.Sprintf("backend %s, status %d", cmp.Or(backend.Backend, "unnamed"), backend.Status)
	case errors.Is(err, sampling.ErrTruncated):
		return "truncated"
	case errors.Is(err, sampling.ErrInvalid):
		return "invalid"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return fmt.Sprintf("%T", err)
}
