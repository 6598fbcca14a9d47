package ollama

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/foreword-go/foreword/internal/httpwire"
	"github.com/foreword-go/foreword/sampling"
)

// backendName is sampling.Error.Backend in every fault.
const backendName = "ollama"

// A Backend continues text by one model on one Ollama server. It implements
// [sampling.Backend] and nothing beside it: Ollama has no way to count the
// tokens of a text, to score one, or to draw several continuations of a prompt
// that it reads once.
//
// A Backend is safe for concurrent use and meant to be shared. Its connections
// belong to the HTTP client, so there is nothing to close.
type Backend struct {
	config Config // without its Key and HTTPClient
	base   string
	client *http.Client
	key    secret
	facts  *facts
}

// A secret is a function so that nothing that prints structs shows what it
// returns.
type secret func() string

// New returns a Backend for c, or an error that names the field that is wrong.
// It sends nothing.
func New(c Config) (*Backend, error) {
	base, err := c.check()
	if err != nil {
		return nil, err
	}
	client := http.Client{}
	if c.HTTPClient != nil {
		client = *c.HTTPClient
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	key := secret(func() string { return c.Key })
	b := &Backend{
		config: c,
		base:   base,
		client: &client,
		key:    key,
		facts:  newFacts(),
	}
	b.config.Key, b.config.HTTPClient = "", nil
	return b, nil
}

// source is made where it is needed, since it holds the key as it is.
func (b *Backend) source() httpwire.Source {
	return httpwire.Source{Backend: backendName, Key: b.key()}
}

// Model returns a [sampling.Model] with this Backend and its window, so that
// what Model fits prompts to and what Ollama is told are one number. Set its
// Counter to one for the model's vocabulary where there is one: without it each
// byte counts as a token.
func (b *Backend) Model() sampling.Model {
	return sampling.Model{Backend: b, Window: b.config.Window}
}

// Sample yields the continuation of req.Prompt as the server sends it. Its
// faults are [*sampling.Error]; see the package documentation for what they say.
func (b *Backend) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		if err := b.sample(ctx, req, func(c sampling.Chunk) bool { return yield(c, nil) }); err != nil {
			yield(sampling.Chunk{}, err)
		}
	}
}

// sample returns nil when the continuation is complete or its consumer left.
func (b *Backend) sample(ctx context.Context, req *sampling.Request, yield func(sampling.Chunk) bool) error {
	if ctx.Err() != nil {
		return b.source().Failure(ctx, ctx.Err())
	}
	body, limit, err := b.body(ctx, req)
	if err != nil {
		return err
	}
	x, plain, err := b.send(ctx, body)
	if err != nil {
		return err
	}
	defer x.end() // a server that notices that nobody listens stops drawing
	a := answer{backend: b, req: req, limit: limit, exchange: x, parts: b.parts(plain)}
	for {
		chunk, err := a.next(ctx)
		if err != nil {
			return err
		}
		last := chunk.Reason != sampling.Unfinished
		switch more := yield(chunk); {
		case last:
			drain(x.body)
			return nil
		case !more:
			a.leave()
			return nil
		}
	}
}

func (b *Backend) parts(body io.Reader) source {
	if b.config.Whole {
		return newWholeReader(body)
	}
	return newLineReader(body)
}

// do sends one request under a context that may outlast the caller's. Its errors
// are [*sampling.Error].
func (b *Backend) do(caller, ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, b.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, b.source().Failure(caller, err)
	}
	r.Header.Set("User-Agent", "foreword")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if key := b.key(); key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := b.client.Do(r)
	if err != nil {
		fault := b.source().Failure(caller, err)
		if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" && caller.Err() == nil {
			fault.Err = fmt.Errorf("%w; is Ollama running at %s? \"ollama serve\" starts it", fault.Err, b.base)
		}
		return nil, fault
	}
	return resp, nil
}

// refusal describes a response that is not an answer, in the server's words and
// with the way out where there is a known one.
func (b *Backend) refusal(resp *http.Response) error {
	fault := b.source().Refusal(resp)
	hint := ""
	switch {
	case fault.Status == http.StatusNotFound && strings.Contains(fault.Err.Error(), "model"):
		hint = fmt.Sprintf("\"ollama pull %s\" fetches a model that has been published", b.config.Model)
	case fault.Status == http.StatusNotFound || fault.Status == http.StatusMethodNotAllowed:
		hint = fmt.Sprintf("see that Config.URL, %s, is an Ollama server's address", b.base)
	case fault.Status == http.StatusUnauthorized && b.key() == "":
		hint = "Config.Key is empty"
	case errors.Is(fault, sampling.ErrBudget):
		hint = "shorten the prompt, or raise Config.Window as far as the model was trained for"
	}
	if hint != "" {
		fault.Err = fmt.Errorf("%w; %s", fault.Err, hint)
	}
	return fault
}

// misread is the fault of an answer that came well and cannot be right.
func (b *Backend) misread(format string, args ...any) error {
	return &sampling.Error{Backend: backendName, Status: http.StatusOK, Err: fmt.Errorf("the answer is not one of Ollama's: "+format, args...)}
}

// String names the server and the model, and never the key.
func (b Backend) String() string {
	return fmt.Sprintf("ollama.Backend(%s, model %q, window %d)", b.base, b.config.Model, b.config.Window)
}

// GoString is String.
func (b Backend) GoString() string { return b.String() }

// Format writes String whatever the verb.
func (b Backend) Format(s fmt.State, verb rune) { io.WriteString(s, b.String()) }

// LogValue is what [log/slog] shows of a Backend.
func (b Backend) LogValue() slog.Value {
	return slog.GroupValue(slog.String("url", b.base), slog.String("model", b.config.Model), slog.Int("window", b.config.Window))
}
