package ollama

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// A version is the first three numbers of a server's version. The zero version
// is unknown: what go install builds calls itself 0.0.0.
type version [3]int

// What came with which version.
var (
	knowsTruncate = version{0, 12, 6}  // truncate and shift are fields of /api/generate
	knowsLogprobs = version{0, 12, 11} // logprobs and top_logprobs
	usesLlamaCpp  = version{0, 30, 0}  // llama.cpp's server draws the tokens, with all of its samplers
	oldest        = version{0, 4, 0}   // before, a prompt was cut to some length between half the window and all of it
)

// parseVersion reads the numbers that v begins with, after a v if there is one.
func parseVersion(text string) (v version, ok bool) {
	numbers, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(text), "v"), "-")
	numbers, _, _ = strings.Cut(numbers, "+")
	parts := strings.Split(numbers, ".")
	if len(parts) > len(v) {
		parts = parts[:len(v)]
	}
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return version{}, false
		}
		v[i] = n
	}
	return v, true
}

func (v version) known() bool { return v != version{} }

func (v version) less(than version) bool {
	return cmp.Or(cmp.Compare(v[0], than[0]), cmp.Compare(v[1], than[1]), cmp.Compare(v[2], than[2])) < 0
}

// since reports whether the server is known to be at least of version v.
func (v version) since(than version) bool { return v.known() && !v.less(than) }

func (v version) String() string {
	if !v.known() {
		return "of unknown version"
	}
	return strconv.Itoa(v[0]) + "." + strconv.Itoa(v[1]) + "." + strconv.Itoa(v[2])
}

// A model is what a server tells of one.
type model struct {
	architecture string // such as "llama"; "" when it does not tell
	trained      int    // the context that it was trained with, in tokens, which caps num_ctx; 0 when it does not tell
}

// facts are what a Backend has learnt about its server. Each is asked for when it
// is needed. A version is then kept, also one that the server does not tell; a
// model once the server knows it. The channel is a lock that gives up when a
// context does.
type facts struct {
	lock    chan struct{}
	version *version
	model   *model
}

func newFacts() *facts { return &facts{lock: make(chan struct{}, 1)} }

// version asks for the server's version.
func (b *Backend) version(ctx context.Context) (version, error) {
	if b.config.Version != "" {
		v, _ := parseVersion(b.config.Version) // New has checked it
		return v, nil
	}
	return learn(ctx, b, &b.facts.version, func() (v version, keep bool, err error) {
		var said struct{ Version string }
		if err := b.ask(ctx, http.MethodGet, "/api/version", nil, &said); err != nil {
			return v, false, err
		}
		v, _ = parseVersion(said.Version)
		return v, true, nil
	})
}

// model asks for what the server knows of the model.
func (b *Backend) model(ctx context.Context) (model, error) {
	return learn(ctx, b, &b.facts.model, func() (m model, keep bool, err error) {
		var said struct {
			Info map[string]json.RawMessage `json:"model_info"`
		}
		// Servers before 0.5 read name instead of model, later ones either.
		name := map[string]string{"model": b.config.Model, "name": b.config.Model}
		if err := b.ask(ctx, http.MethodPost, "/api/show", name, &said); err != nil {
			return m, false, err
		}
		json.Unmarshal(said.Info["general.architecture"], &m.architecture)
		json.Unmarshal(said.Info[m.architecture+".context_length"], &m.trained)
		return m, m.architecture != "", nil // or else the model may yet be fetched
	})
}

// learn returns a fact that is known, or asks.
func learn[T any](ctx context.Context, b *Backend, known **T, ask func() (fact T, keep bool, err error)) (T, error) {
	var fact T
	select {
	case b.facts.lock <- struct{}{}:
	case <-ctx.Done():
		return fact, b.wire.Failure(ctx, ctx.Err())
	}
	defer func() { <-b.facts.lock }()
	if *known != nil {
		return **known, nil
	}
	fact, keep, err := ask()
	if keep {
		*known = &fact
	}
	return fact, err
}

// factLimit is the most that is read of an answer about the server, in bytes.
// What /api/show says of a model's vocabulary is left out unless asked for.
const factLimit = 16 << 20

// ask fills answer. A server that does not know the path, as a proxy that lets
// nothing but /api/generate through, or that answers something else leaves it
// empty.
func (b *Backend) ask(ctx context.Context, method, path string, question, answer any) error {
	var body []byte
	if question != nil {
		body, _ = json.Marshal(question) // a map of strings always can be
	}
	resp, err := b.do(ctx, ctx, method, path, body)
	if fault, ok := errors.AsType[*sampling.Error](err); ok {
		switch fault.Status {
		case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
			return nil
		case http.StatusOK:
			if !errors.Is(fault, sampling.ErrTruncated) {
				return nil
			}
		}
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, factLimit))
	if err != nil {
		return err
	}
	json.NewDecoder(bytes.NewReader(text)).Decode(answer) // what it does not say stays unknown
	return nil
}
