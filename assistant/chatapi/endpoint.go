package chatapi

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
)

// An endpoint answers the requests for a path.
type endpoint struct {
	name   string // in the log
	answer func(*exchange) *fault

	// Of the endpoints that give replies, which use POST.
	prompt   string // the required field
	logprobs string // how to ask for log probabilities, for errors
	fields   fields[request]
	writer   func(*exchange) writer
}

// endpoints by their paths.
var endpoints = map[string]*endpoint{
	"/v1/chat/completions": {"chat", (*exchange).generate, "messages", "'logprobs' set to true", chatFields, newChatWriter},
	"/v1/completions":      {"completions", (*exchange).generate, "prompt", "'logprobs'", completionsFields, newCompletionsWriter},
	"/v1/responses":        {"responses", (*exchange).generate, "input", `'include' with "message.output_text.logprobs"`, responsesFields, newResponsesWriter},
	"/v1/models":           {name: "models", answer: (*exchange).models},
	modelPath:              {name: "model", answer: (*exchange).model},
	healthPath:             {name: "health", answer: (*exchange).health},
}

const (
	modelPath  = "/v1/models/" // and the model's id
	healthPath = "/healthz"
)

// route calls the endpoint of the request.
func (x *exchange) route() *fault {
	h, r := x.h, x.r
	path := r.URL.Path
	if strings.HasPrefix(path, modelPath) {
		path = modelPath
	}
	if x.endpoint = endpoints[path]; x.endpoint != nil {
		x.name = x.endpoint.name
	}
	if path != healthPath { // load balancers use any host name and have no key
		if f := cmp.Or(h.checkHost(r), h.checkOrigin(r)); f != nil {
			return f
		}
		if x.preflight() {
			return nil
		}
		if x.endpoint == nil {
			return refuse(http.StatusNotFound, "unknown_url", "unknown address; use POST /v1/chat/completions, /v1/completions, /v1/responses or GET /v1/models")
		}
		if f := h.checkKey(r); f != nil {
			return f
		}
	}
	allowed := []string{http.MethodGet, http.MethodHead}
	if x.endpoint.writer != nil {
		allowed = []string{http.MethodPost}
	}
	if !slices.Contains(allowed, r.Method) {
		x.w.Header().Set("Allow", strings.Join(allowed, ", "))
		return refuse(http.StatusMethodNotAllowed, "method_not_allowed", "use "+allowed[0]+" here")
	}
	return x.endpoint.answer(x)
}

// generate answers a request for replies.
func (x *exchange) generate() *fault {
	if f := checkContentType(x.r); f != nil {
		return f
	}
	select {
	case x.h.slots <- struct{}{}:
		defer func() { <-x.h.slots }()
	default:
		return &fault{
			status: http.StatusTooManyRequests, kind: "requests", code: "rate_limit_exceeded", retryAfter: time.Second,
			message: fmt.Sprintf("the server is answering %d requests already, which is its limit; try again", x.h.limits.Requests),
		}
	}
	body, f := x.body()
	if f != nil {
		return f
	}
	req, f := x.h.read(x.endpoint, body)
	if f != nil {
		return f
	}
	x.request = req
	x.writer = x.endpoint.writer(x)
	if len(req.ignored) > 0 {
		x.h.config.Logger.LogAttrs(x.r.Context(), slog.LevelDebug, "ignored fields", slog.String("id", x.id), slog.Any("fields", req.ignored))
	}
	if req.stream && !flushes(x.w) {
		return refuse(http.StatusInternalServerError, "internal_error", "the server cannot stream: middleware around its ResponseWriter has neither a Flush nor an Unwrap method")
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), x.h.limits.Reply)
	defer cancel()
	f = x.asFault(x.answer(ctx))
	x.note(f)
	return f
}

// answer draws the replies and writes them, whole or as events while they arrive. The
// header of a stream waits for the first piece, so that an error before it still has a
// status.
func (x *exchange) answer(ctx context.Context) error {
	err := x.draw(ctx, func(p piece) error {
		if !x.request.stream {
			return nil
		}
		if !x.events {
			x.begin()
			x.writer.open()
		}
		x.writer.piece(p)
		return x.gone
	})
	switch {
	case err != nil:
		return err
	case x.request.stream:
		x.writer.close()
	default:
		x.json(http.StatusOK, x.writer.whole())
	}
	return x.gone
}
