package ollama

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/foreword-go/foreword/internal/httpwire"
	"github.com/foreword-go/foreword/sampling"
)

// localURL is Ollama's default address.
const localURL = "http://127.0.0.1:11434"

// smallestWindow is Ollama's smallest num_ctx, in tokens. It silently raises a
// smaller one.
const smallestWindow = 4

// A Config describes a server and a model. [New] keeps its own copy.
type Config struct {
	// URL is the server's address without /api, such as http://gpu-box:11434.
	// "" is http://127.0.0.1:11434.
	URL string

	// Model is the model's name as "ollama list" shows it. A base model carries
	// "text" or "base" in its tag, as in llama3.1:8b-text-q4_K_M.
	Model string

	// Window is the context window in tokens, for prompt and continuation together.
	// It is sent as num_ctx. 0 leaves it to the Modelfile or the server, whose
	// default is often 4,096. Ollama reloads a model when another window is asked
	// for, so programs that share a server should share the number.
	// sampling.Discover makes a Model with the same window.
	Window int

	// Key is sent as a bearer token, only to URL. It is for Ollama with a proxy in
	// front, and for ollama.com. "" sends none.
	Key sampling.Secret

	// Header is sent with each request, such as what a proxy asks for. A printed
	// Config shows it, so put no key into it.
	Header http.Header

	// Silence is the maximum time without data, before the first byte of an answer
	// and between its pieces. 0 is 10 minutes before the first byte, since loading a
	// model takes minutes, and 5 minutes afterwards. A negative Silence is unlimited.
	Silence time.Duration

	// Version is the server's version, such as "0.17.4". "" asks the server once,
	// before the first sample. Versions before 0.12.6 are refused, because they
	// silently cut long prompts.
	Version string

	// SpecialTokens makes the names of special tokens in a prompt, such as <s>,
	// become those tokens. By default a prompt with such a name is an error, since
	// Ollama cannot read it as text. The model's list of names is requested once,
	// when a prompt may have one.
	SpecialTokens bool

	// NoStreaming requests each continuation in one piece, which costs the server
	// and the network less. Tokens after a stop sequence that was not sent are then
	// waited for, and an error loses the whole text.
	NoStreaming bool

	// HTTPClient sends the requests, and has your proxies and certificates. nil is a
	// client that connects within 10 seconds. It is copied, and the copy follows no
	// redirects, which could send the prompt to another address.
	HTTPClient *http.Client `json:"-"`
}

// check returns the server's address without a slash at its end.
func (c *Config) check() (base string, err error) {
	base = strings.TrimRight(cmp.Or(c.URL, localURL), "/")
	if err := httpwire.CheckURL("Config.URL", base); err != nil {
		return "", invalid("%v", err)
	}
	switch {
	case strings.HasSuffix(base, "/api") || strings.HasSuffix(base, "/v1") || strings.HasSuffix(base, "/generate"):
		return "", invalid("Config.URL is %q; leave out the path of the API, which this package appends", base)
	case c.Model == "":
		return "", invalid("Config.Model is empty; set it to a name that \"ollama list\" shows")
	case c.Window < 0 || c.Window > 0 && c.Window < smallestWindow:
		return "", invalid("Config.Window is %d tokens; use 0 for the server's own, or at least %d", c.Window, smallestWindow)
	}
	if c.Version != "" {
		v, ok := parseVersion(c.Version)
		if !ok {
			return "", invalid("Config.Version is %q; write it as in 0.17.4, or leave it empty to ask the server", c.Version)
		}
		if err := v.refused(); err != nil {
			return "", err
		}
	}
	return base, nil
}

func invalid(format string, args ...any) error {
	return &sampling.Error{Backend: backendName, Err: fmt.Errorf("%w: %s", sampling.ErrInvalid, fmt.Sprintf(format, args...))}
}

func unsupported(format string, args ...any) error {
	return &sampling.Error{Backend: backendName, Err: fmt.Errorf("%w: %s", sampling.ErrUnsupported, fmt.Sprintf(format, args...))}
}
