package ollama

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"

	"github.com/foreword-go/foreword/internal/httpwire"
	"github.com/foreword-go/foreword/sampling"
)

// backendName is sampling.Error.Backend in every fault.
const backendName = "ollama"

// A Backend continues text by one model on one Ollama server. It implements
// [sampling.Backend] and [sampling.Describer]. Ollama counts and scores no tokens,
// draws one completion a request, and enforces no [sampling.Constraint].
//
// A Backend is safe for concurrent use and meant to be shared. Its connections
// belong to the HTTP client, so there is nothing to close.
type Backend struct {
	config Config // without its Key, Header and HTTPClient
	base   string
	wire   *httpwire.Client

	// What it has learned about its server.
	versions *httpwire.Fact[version]
	models   *httpwire.Fact[model]
	specials *httpwire.Fact[[]string]
}

// New returns a Backend for c, or an error that names the field that is wrong.
// It sends nothing.
func New(c Config) (*Backend, error) {
	base, err := c.check()
	if err != nil {
		return nil, err
	}
	wire, err := httpwire.NewClient(backendName, c.Key, c.HTTPClient, c.Header, c.Silence)
	if err != nil {
		return nil, invalid("%v", err)
	}
	b := &Backend{config: c, base: base, wire: wire,
		versions: httpwire.NewFact[version](wire.Source), models: httpwire.NewFact[model](wire.Source), specials: httpwire.NewFact[[]string](wire.Source)}
	wire.Hint = b.hint
	b.config.Key, b.config.Header, b.config.HTTPClient = sampling.Secret{}, nil, nil
	return b, nil
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
		return b.wire.Fault(ctx, ctx.Err())
	}
	body, err := b.body(ctx, req)
	if err != nil {
		return err
	}
	x, err := b.send(ctx, body)
	if err != nil {
		return err
	}
	defer x.end() // a server that notices that nobody listens stops drawing
	a := b.newAnswer(req, x)
	for {
		chunk, err := a.next(ctx)
		if err != nil {
			if chunk.Text != "" && !yield(chunk) {
				return nil
			}
			return err
		}
		last := chunk.Reason != sampling.Unfinished
		switch more := yield(chunk); {
		case last:
			httpwire.Drain(x.body)
			return nil
		case !more:
			a.leave()
			return nil
		}
	}
}

// hint returns the way out of an error, where there is a known one.
func (b *Backend) hint(e *sampling.Error) string {
	dial, ok := errors.AsType[*net.OpError](e)
	missing := e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed
	switch {
	case errors.Is(e, httpwire.ErrNoModel):
		return fmt.Sprintf("\"ollama pull %s\" fetches a published model, and \"ollama create\" makes one of your own files", b.config.Model)
	case missing || e.Status == http.StatusOK && !e.Temporary:
		return fmt.Sprintf("see that Config.URL, %s, is an Ollama server's address", b.base)
	case errors.Is(e, sampling.ErrBudget):
		return "shorten the prompt, or raise Config.Window as far as the model was trained for"
	case ok && dial.Op == "dial":
		return fmt.Sprintf("is Ollama running at %s? \"ollama serve\" starts it", b.base)
	}
	return ""
}

// misread is the fault of an answer that came well and cannot be right.
func (b *Backend) misread(format string, args ...any) error {
	return &sampling.Error{Backend: backendName, Status: http.StatusOK, Err: fmt.Errorf("the answer is not one of Ollama's: "+format, args...)}
}
