package cli

import (
	"flag"
	"net"
	"net/url"
	"strings"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/ollama"
	"github.com/foreword-go/foreword/sampling/openai"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// A Backend is the flags by which an example is told which model to use.
type Backend struct {
	kind, url, model, dialect *string
	window                    *int
}

// BackendFlags defines the flags.
func BackendFlags(flags *flag.FlagSet) *Backend {
	return &Backend{
		kind:    flags.String("backend", "pocket", "`name` of the backend: pocket (inside this program), openai (any /v1/completions) or ollama"),
		url:     flags.String("url", "", "base `address` of the server, such as http://localhost:8080/v1"),
		model:   flags.String("model", "", "`name` of the base model on the server"),
		dialect: flags.String("dialect", "openai", "what the server is: openai, llamacpp, vllm or ollama"),
		window:  flags.Int("window", 0, "the model's context window in `tokens`; 0 is no limit"),
	}
}

// Model returns the model that the flags ask for. The key for a server is read
// from OPENAI_API_KEY.
func (b *Backend) Model(env *Env) (sampling.Model, error) {
	m := sampling.Model{Window: *b.window}
	switch *b.kind {
	case "pocket":
		if *b.url != "" || *b.model != "" {
			return m, Usagef("-url and -model go with -backend openai or ollama; pocket is inside this program")
		}
		m.Backend = pocket.Default()
		return m, nil
	case "openai":
		server, err := b.openai(env)
		if err != nil {
			return m, err
		}
		m.Backend = server
		return m, nil
	case "ollama":
		if *b.model == "" {
			return m, Usagef("no model: name a base model of the server with -model; its tag has \"text\" or \"base\" in it")
		}
		server, err := ollama.New(ollama.Config{URL: *b.url, Model: *b.model, Window: *b.window})
		if err != nil {
			return m, &UsageError{err}
		}
		return server.Model(), nil
	}
	return m, Usagef("unknown backend %q: use pocket, openai or ollama", *b.kind)
}

func (b *Backend) openai(env *Env) (*openai.Backend, error) {
	dialects := map[string]openai.Dialect{
		"openai": openai.OpenAI, "llamacpp": openai.LlamaCpp, "vllm": openai.VLLM, "ollama": openai.Ollama,
	}
	dialect, ok := dialects[*b.dialect]
	if !ok {
		return nil, Usagef("unknown dialect %q: use openai, llamacpp, vllm or ollama", *b.dialect)
	}
	key := env.Getenv("OPENAI_API_KEY")
	if key == "" && !isLocal(*b.url) {
		return nil, Usagef("no key: set OPENAI_API_KEY to the key of the server, or -url to a server on this machine")
	}
	if *b.model == "" {
		return nil, Usagef("no model: name a base model of the server with -model")
	}
	server, err := openai.New(openai.Config{BaseURL: *b.url, Key: key, Model: *b.model, Dialect: dialect})
	if err != nil {
		return nil, &UsageError{err}
	}
	return server, nil
}

// isLocal reports whether an address is one of this machine, whose servers ask
// for no key.
func isLocal(address string) bool {
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && (ip.IsLoopback() || ip.IsPrivate())
}
