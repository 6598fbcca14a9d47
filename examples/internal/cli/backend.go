package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/ollama"
	"github.com/foreword-go/foreword/sampling/openai"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// A Backend is the model that the flags choose.
type Backend struct {
	Kind    string // "pocket", "openai" or "ollama"
	URL     string // the server's address; "" is the kind's own default
	Name    string // the model's name on the server
	Dialect string // of an openai server: "openai" (also ""), "llamacpp", "vllm" or "sglang"
	Window  int    // in tokens; 0 is the server's
}

// BackendFlags defines the flags.
func BackendFlags(flags *flag.FlagSet) *Backend {
	b := new(Backend)
	flags.StringVar(&b.Kind, "backend", "pocket", "`name` of the backend: pocket (inside this program), openai (any /v1/completions) or ollama")
	flags.StringVar(&b.URL, "url", "", "base `address` of the server, such as http://localhost:8080/v1")
	flags.StringVar(&b.Name, "model", "", "`name` of the base model on the server")
	flags.StringVar(&b.Dialect, "dialect", "openai", "software of an openai server, a `name`: openai, llamacpp, vllm or sglang")
	flags.IntVar(&b.Window, "window", 0, "the model's context window in `tokens`; 0 uses the server's, or no limit")
	return b
}

// Open returns the model that the flags choose. Without -window it uses the
// server's window, if the server also counts tokens. Otherwise each byte would
// count as a token, and prompts that fit would lose examples or be refused.
func (b *Backend) Open(ctx context.Context, env *Env) (sampling.Model, error) {
	m, err := b.Model(env)
	if err != nil || b.Kind == "pocket" || m.Window > 0 {
		return m, err
	}
	found, err := sampling.Discover(ctx, m.Backend)
	if err != nil {
		return m, fmt.Errorf("cannot get the model and window from the server: %w", err)
	}
	if found.Window == 0 {
		return m, nil
	}
	if _, err := (sampling.Forward{Backend: m.Backend}).Count(ctx, "a"); errors.Is(err, sampling.ErrUnsupported) {
		return m, nil
	} else if err != nil {
		return m, fmt.Errorf("cannot count tokens on the server: %w", err)
	}
	return found, nil
}

// Model is like Open but sends no request. It reads the key for a server from
// OPENAI_API_KEY.
func (b *Backend) Model(env *Env) (sampling.Model, error) {
	m := sampling.Model{Window: b.Window}
	if b.Window < 0 {
		return m, Usagef("-window is %d: use 0 for the server's window, or a number of tokens", b.Window)
	}
	dialect := cmp.Or(b.Dialect, "openai")
	if _, ok := dialects[dialect]; !ok {
		return m, Usagef("unknown dialect %q: use openai, llamacpp, vllm or sglang", dialect)
	}
	if dialect != "openai" && b.Kind != "openai" {
		return m, Usagef("-dialect goes with -backend openai, and the backend is %s", b.Kind)
	}
	switch b.Kind {
	case "pocket":
		if b.URL != "" || b.Name != "" {
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
		if b.Name == "" {
			return m, Usagef("no model: name a base model of the server with -model; its tag has \"text\" or \"base\" in it")
		}
		server, err := ollama.New(ollama.Config{URL: b.URL, Model: b.Name, Window: b.Window})
		if err != nil {
			return m, &UsageError{err}
		}
		return sampling.Model{Backend: server, Window: b.Window}, nil
	}
	return m, Usagef("unknown backend %q: use pocket, openai or ollama", b.Kind)
}

// dialects are the dialects of package openai by the flag's names.
var dialects = map[string]openai.Dialect{
	"openai": openai.OpenAI, "llamacpp": openai.LlamaCpp, "vllm": openai.VLLM, "sglang": openai.SGLang,
}

// Lacks returns which of top_k, min_p and logprobs the dialect of an openai server
// does not support. Other dialects and kinds support all.
func (b *Backend) Lacks() []string {
	if b.Kind == "openai" && cmp.Or(b.Dialect, "openai") == "openai" {
		return []string{"top_k", "min_p"}
	}
	return nil
}

func (b *Backend) openai(env *Env) (*openai.Backend, error) {
	key := env.Getenv("OPENAI_API_KEY")
	if key == "" && !isLocal(b.URL) {
		return nil, Usagef("no key: set OPENAI_API_KEY to the key of the server, or -url to a server on this machine")
	}
	if b.Name == "" {
		return nil, Usagef("no model: name a base model of the server with -model")
	}
	server, err := openai.New(openai.Config{BaseURL: b.URL, Key: sampling.NewSecret(key), Model: b.Name, Dialect: dialects[cmp.Or(b.Dialect, "openai")]})
	if err != nil {
		return nil, &UsageError{err}
	}
	return server, nil
}

// isLocal reports whether an address is on this machine. Such servers need no key.
func isLocal(address string) bool {
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && (ip.IsLoopback() || ip.IsPrivate())
}
