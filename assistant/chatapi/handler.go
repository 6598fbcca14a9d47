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

// A handler answers OpenAI's protocols.
type handler struct {
	config  Config
	limits  Limits
	keys    [][sha256.Size]byte
	origins *http.CrossOriginProtection // nil accepts all
	slots   chan struct{}               // one element per request for replies under way
	created time.Time
	memory  memory
	health  health
}

// New returns a handler that answers POST /v1/chat/completions, /v1/completions and
// /v1/responses, and GET /v1/models, /v1/models/{id} and /healthz. All other requests
// get an error in OpenAI's form. The handler is safe for concurrent use, and no
// goroutine outlives a request.
//
// New returns an error for a Config without a backend, a negative limit, an empty key
// or an invalid origin. It also refuses a persona that is invalid or leaves no room for
// Params.MaxTokens in the window. To find out it may count tokens at the backend, within
// ctx. It sends nothing else.
//
// Use [http.StripPrefix] below a prefix of a mux. Middleware that wraps the
// ResponseWriter needs an Unwrap method, as [http.ResponseController] asks for. Without
// one, a stream is refused with status 500, and [Limits].Stall has no effect.
func New(ctx context.Context, c Config) (http.Handler, error) {
	if c.Model.Backend == nil {
		return nil, errors.New("chatapi: Config.Model has no Backend; set it to one, such as pocket.Default()")
	}
	if err := (&sampling.Request{Params: c.Params}).Validate(); err != nil {
		return nil, fmt.Errorf("chatapi: the default parameters: %w", err)
	}
	shortest := assistant.Conversation{Model: c.Model, Persona: c.Persona, Params: c.Params}
	if _, err := shortest.Prompt(ctx, "?", assistant.ReplyOptions{}); err != nil {
		return nil, fmt.Errorf("chatapi: the persona and the shortest question: %w", err)
	}
	h := &handler{config: c, limits: c.Limits.withDefaults(), origins: http.NewCrossOriginProtection(), created: time.Now()}
	if err := h.limits.validate(); err != nil {
		return nil, err
	}
	h.slots = make(chan struct{}, h.limits.Requests)
	h.config.Name = cmp.Or(c.Name, "foreword")
	h.config.Logger = cmp.Or(c.Logger, slog.New(slog.DiscardHandler))
	for i, key := range c.Keys {
		text := key.Reveal()
		if strings.TrimSpace(text) != text || text == "" {
			return nil, fmt.Errorf("chatapi: key %d is empty or has white space around it; a client could not send it", i+1)
		}
		h.keys = append(h.keys, sha256.Sum256([]byte(text)))
	}
	h.config.Keys = nil
	for _, origin := range c.Origins {
		if origin == "*" {
			h.origins = nil
			break
		}
		if err := h.origins.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("chatapi: origin %q: %w", origin, err)
		}
	}
	return h, nil
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{h: h, w: w, r: r, control: http.NewResponseController(w), id: rand.Text(), begun: time.Now()}
	defer x.log()
	defer x.recover()
	header := w.Header()
	header.Set("X-Request-Id", x.id)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	// net/http reads the rest of a body before it answers, and a request may be
	// refused before its body is read. This deadline is for both.
	if r.Method == http.MethodPost || r.ContentLength != 0 {
		_ = x.control.SetReadDeadline(x.begun.Add(h.limits.Stall)) // a test's recorder has none
	}
	if f := x.route(); f != nil {
		x.fail(f)
	}
}

func (x *exchange) models() *fault {
	x.json(http.StatusOK, object{"object": "list", "data": []object{x.h.model()}})
	return nil
}

func (x *exchange) model() *fault {
	if strings.TrimPrefix(x.r.URL.Path, modelPath) != x.h.config.Name {
		return &fault{status: http.StatusNotFound, code: "model_not_found", param: "model", message: x.h.noModel()}
	}
	x.json(http.StatusOK, x.h.model())
	return nil
}

func (h *handler) model() object {
	return object{"id": h.config.Name, "object": "model", "created": h.created.Unix(), "owned_by": "foreword"}
}

func (h *handler) noModel() string {
	return fmt.Sprintf("this server has one model, %q; use its name", h.config.Name)
}
