package chatapi

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
)

// A Handler is an [http.Handler] that answers OpenAI's protocols. Make one with
// [New]. It is safe for concurrent use. No goroutine outlives a request.
type Handler struct {
	config  Config
	limits  Limits
	keys    [][sha256.Size]byte
	origins *http.CrossOriginProtection
	slots   chan struct{} // holds one element for each completion under way
	created time.Time
	memory  memory
}

// New returns a Handler, or says what is wrong with its Config: no backend, a
// persona that [assistant.Persona.Validate] refuses or that leaves no room for
// Params.MaxTokens in the window, an empty key, a negative limit, or an invalid
// origin. It sends nothing to the backend, except to count tokens where the
// Model has a Window.
func New(c Config) (*Handler, error) {
	if c.Model.Backend == nil {
		return nil, errors.New("chatapi: Config.Model has no Backend; set it to one, such as pocket.Default()")
	}
	if err := c.Persona.Validate(context.Background(), sampling.Model{}); err != nil {
		return nil, fmt.Errorf("chatapi: the persona: %w", err)
	}
	if err := c.Params.Validate(); err != nil {
		return nil, fmt.Errorf("chatapi: the default parameters: %w", err)
	}
	if c.Model.Window != 0 {
		// Whether it fits depends on Params too, which Validate does not know.
		shortest := assistant.Conversation{Model: c.Model, Persona: c.Persona, Params: c.Params}
		if _, err := shortest.Prompt(context.Background(), "?", assistant.ReplyOptions{}); err != nil {
			return nil, fmt.Errorf("chatapi: the persona and the shortest question: %w", err)
		}
	}
	h := &Handler{config: c, limits: c.Limits.withDefaults(), origins: http.NewCrossOriginProtection(), created: time.Now()}
	if err := h.limits.validate(); err != nil {
		return nil, err
	}
	h.slots = make(chan struct{}, h.limits.Requests)
	h.config.Name = cmp.Or(c.Name, "foreword")
	for i, key := range c.Keys {
		text := key.Reveal()
		if strings.TrimSpace(text) != text || text == "" {
			return nil, fmt.Errorf("chatapi: key %d is empty or has white space around it; a client could not send it", i+1)
		}
		h.keys = append(h.keys, sha256.Sum256([]byte(text)))
	}
	h.config.Keys = nil // the hashes are enough
	for _, origin := range c.Origins {
		if origin == "*" {
			h.origins = nil
			break
		}
		if err := h.origins.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("chatapi: origin %q: %w", origin, err)
		}
	}
	if c.Logger == nil {
		h.config.Logger = slog.New(slog.DiscardHandler)
	}
	return h, nil
}

// ServeHTTP answers POST /v1/chat/completions, /v1/completions and
// /v1/responses, and GET /v1/models, /v1/models/{id} and /healthz. Everything
// else is an error in OpenAI's form.
//
// Use [http.StripPrefix] below a prefix of a mux. Middleware that wraps w needs
// an Unwrap method, as [http.ResponseController] asks for. Without one a stream
// is refused with status 500, since it would not arrive as it is drawn, and
// [Limits].Stall does not hold.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{h: h, w: w, r: r, control: http.NewResponseController(w), id: rand.Text(), begun: time.Now()}
	defer x.log()
	defer x.recover()
	header := w.Header()
	header.Set("X-Request-Id", x.id)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	// net/http reads what is left of a body before it answers, and a request may
	// be refused before its body is read: this deadline is for both.
	if r.Method == http.MethodPost || r.ContentLength != 0 {
		_ = x.control.SetReadDeadline(x.begun.Add(h.limits.Stall)) // a test's recorder has none
	}
	if f := x.route(); f != nil {
		x.fail(f)
	}
}

// route sends the request to what answers it.
func (x *exchange) route() *fault {
	h, r := x.h, x.r
	if r.URL.Path == "/healthz" {
		x.name = "health"
		if f := x.method(http.MethodGet, http.MethodHead); f != nil {
			return f
		}
		// Whoever looks after the server calls it by any name and has no key,
		// and there is nothing to be learned here.
		x.json(http.StatusOK, map[string]string{"status": "ok"})
		return nil
	}
	if f := h.checkHost(r); f != nil {
		return f
	}
	if f := h.checkOrigin(r); f != nil {
		return f
	}
	if x.preflight() {
		return nil
	}
	id, oneModel := strings.CutPrefix(r.URL.Path, "/v1/models/")
	var answer func() *fault
	var methods []string
	x.endpoint = endpoints[r.URL.Path]
	switch {
	case x.endpoint != nil:
		x.name, answer, methods = x.endpoint.name, x.generate, []string{http.MethodPost}
	case r.URL.Path == "/v1/models":
		x.name, answer, methods = "models", x.models, []string{http.MethodGet, http.MethodHead}
	case oneModel:
		x.name, answer, methods = "model", func() *fault { return x.model(id) }, []string{http.MethodGet, http.MethodHead}
	default:
		return &fault{status: http.StatusNotFound, code: "unknown_url", message: "there is nothing at this address; use POST /v1/chat/completions, /v1/completions, /v1/responses or GET /v1/models"}
	}
	if f := h.checkKey(r); f != nil {
		return f
	}
	if f := x.method(methods...); f != nil {
		return f
	}
	return answer()
}

func (x *exchange) models() *fault {
	x.json(http.StatusOK, modelList{Object: "list", Data: []modelObject{x.h.model()}})
	return nil
}

func (x *exchange) model(id string) *fault {
	if id != x.h.config.Name {
		return x.h.noModel()
	}
	x.json(http.StatusOK, x.h.model())
	return nil
}

func (h *Handler) model() modelObject {
	return modelObject{ID: h.config.Name, Object: "model", Created: h.created.Unix(), OwnedBy: "foreword"}
}

func (h *Handler) noModel() *fault {
	return &fault{status: http.StatusNotFound, code: "model_not_found", param: "model", message: fmt.Sprintf("this server has one model, %q", h.config.Name)}
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
			message: fmt.Sprintf("%d completions are under way, which is all that this server does at once; try again", x.h.limits.Requests),
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
		return &fault{
			status: http.StatusInternalServerError, code: "internal_error",
			message: "the server cannot stream: what is around its ResponseWriter has neither a Flush nor an Unwrap method",
		}
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), x.h.limits.Reply)
	defer cancel()
	return x.answer(ctx)
}
