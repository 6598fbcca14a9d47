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

// A Config says what a [Handler] serves, and to whom. Only the Model must be
// set: the zero value of every other field serves programs on this machine,
// without a key.
type Config struct {
	Model   sampling.Model
	Persona assistant.Persona

	// Name is the id that clients name as their model. "" is "foreword".
	Name string

	// AnyModel answers requests for every model, and not only for Name. The
	// answer still says Name.
	AnyModel bool

	// Params hold where a request says nothing. The zero Params are greedy and
	// 256 tokens at most, where OpenAI's own default temperature is 1.
	Params sampling.Params

	// ReplaceDescription makes the system and developer messages of a request
	// stand in place of the Persona's description. Otherwise they stand behind
	// it. The Persona's examples stay either way.
	ReplaceDescription bool

	// Keys, when there are any, are the keys of which a client must present one
	// as a bearer token. They are kept as hashes.
	Keys []sampling.Secret

	// Hosts are the names, beside localhost, by which the server may be called,
	// without a port; "*" is any. A web page whose own name has been pointed at
	// this machine (DNS rebinding) is told by its name, and refused. IP
	// addresses are always allowed, since nobody can point those elsewhere.
	Hosts []string

	// Origins are the web origins, such as "https://chat.example.org", whose
	// pages may call the server although they come from elsewhere. Pages of all
	// other origins are refused. "*" is any.
	Origins []string

	Limits Limits

	// Logger gets one record for each request, without any text of prompts or
	// replies, and without keys. nil logs nothing.
	Logger *slog.Logger
}

// Limits are what a request may cost. 0 is the default of each.
type Limits struct {
	Requests  int           // completions under way at once, of all clients together; beyond it is status 429. 0 is 128
	Body      int64         // bytes of a request's body. 0 is 1 MiB
	Messages  int           // messages in a request. 0 is 1000
	Choices   int           // n. 0 is 8
	MaxTokens int           // tokens of one reply; a request for more gets this many. 0 is 4096
	Reply     time.Duration // until a reply is whole. 0 is five minutes
	Stall     time.Duration // for which a client may send or take nothing: the whole body, or one write. 0 is 30 seconds
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Requests:  cmp.Or(l.Requests, 128),
		Body:      cmp.Or(l.Body, 1<<20),
		Messages:  cmp.Or(l.Messages, 1000),
		Choices:   cmp.Or(l.Choices, 8),
		MaxTokens: cmp.Or(l.MaxTokens, 4096),
		Reply:     cmp.Or(l.Reply, 5*time.Minute),
		Stall:     cmp.Or(l.Stall, 30*time.Second),
	}
}

func (l Limits) validate() error {
	if min(l.Requests, l.Messages, l.Choices, l.MaxTokens) < 1 || l.Body < 1 || min(l.Reply, l.Stall) < 1 {
		return errors.New("chatapi: a limit is negative; use 0 for its default, or a positive one")
	}
	return nil
}

// A Handler is an [http.Handler] that answers OpenAI's chat protocol. Make one
// with [New]. It is safe for concurrent use, and starts nothing that outlives a
// request.
type Handler struct {
	config  Config
	limits  Limits
	keys    [][sha256.Size]byte
	origins *http.CrossOriginProtection
	slots   chan struct{} // holds one element for each completion under way
	created time.Time
}

// New returns a Handler, or says what is wrong with its Config: no backend, a
// persona that [assistant.Persona.Validate] refuses or that leaves no room for
// Params.MaxTokens in the window, an empty key, a negative limit, or an origin that
// is none.
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

// ServeHTTP answers POST /v1/chat/completions, GET /v1/models, GET
// /v1/models/{id} and GET /healthz, and everything else with an error in
// OpenAI's form.
//
// These are the paths that it sees: below a prefix of a mux it stands behind
// [http.StripPrefix]. Middleware that puts a ResponseWriter of its own around w
// gives it an Unwrap method, as [http.ResponseController] asks for. Without one
// a stream is refused with status 500, since it would not arrive as it is drawn,
// and [Limits].Stall does not hold.
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
	switch {
	case r.URL.Path == "/v1/chat/completions":
		x.name, answer, methods = "chat", x.chat, []string{http.MethodPost}
	case r.URL.Path == "/v1/models":
		x.name, answer, methods = "models", x.models, []string{http.MethodGet, http.MethodHead}
	case oneModel:
		x.name, answer, methods = "model", func() *fault { return x.model(id) }, []string{http.MethodGet, http.MethodHead}
	default:
		return &fault{status: http.StatusNotFound, code: "unknown_url", message: "there is nothing at this address; use POST /v1/chat/completions or GET /v1/models"}
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

// chat answers a request for a completion.
func (x *exchange) chat() *fault {
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
	req, f := x.h.read(body)
	if f != nil {
		return f
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), x.h.limits.Reply)
	defer cancel()
	x.request = req
	switch {
	case req.stream && !flushes(x.w):
		return &fault{
			status: http.StatusInternalServerError, code: "internal_error",
			message: "the server cannot stream: what is around its ResponseWriter has neither a Flush nor an Unwrap method",
		}
	case req.stream:
		return x.stream(ctx)
	}
	return x.whole(ctx)
}
