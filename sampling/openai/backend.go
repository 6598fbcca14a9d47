package openai

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/foreword-go/foreword/internal/httpwire"
	"github.com/foreword-go/foreword/sampling"
)

// hostedURL is the address of OpenAI itself.
const hostedURL = "https://api.openai.com/v1"

// A Config describes a server and a model. [New] keeps its own copy.
type Config struct {
	// BaseURL is the address that /completions is appended to, such as
	// http://localhost:8080/v1. "" is OpenAI's own.
	BaseURL string

	// Key is sent as a bearer token, only to the host of BaseURL. "" sends none,
	// which suits most servers on your own machine.
	Key sampling.Secret

	// Header is sent with each request, such as OpenRouter's HTTP-Referer. A printed
	// Config shows it, so put no key into it.
	Header http.Header

	// Model is the model's name as the server knows it.
	Model string

	// Dialect says which fields the server knows. The zero Dialect is [OpenAI].
	Dialect Dialect

	// NoStreaming requests each continuation in one piece, which costs the server
	// and the network less. Tokens after a stop sequence that was not sent are then
	// paid for, and an error loses the whole text.
	NoStreaming bool

	// SpecialTokens makes the names of special tokens in a prompt, such as
	// <|im_end|> or </s>, become those tokens. By default a prompt is plain text:
	// if it may contain such a name, llama.cpp and vLLM get token ids instead, which
	// costs a request to /tokenize. Other servers offer no choice.
	SpecialTokens bool

	// Silence is the maximum time without data, before the first byte of an answer
	// and between its pieces. 0 is 10 minutes before the first byte and 5 minutes
	// afterwards. A negative Silence is unlimited.
	Silence time.Duration

	// NoPromptCache turns the server's prefix cache off, where the dialect knows
	// how. On llama.cpp an answer can depend on earlier requests, even with
	// temperature 0 or a seed, because tokens read in another batch have slightly
	// different values in the cache. Without the cache, the same request gives the
	// same text and reads the whole prompt each time.
	NoPromptCache bool

	// HTTPClient sends the requests, and has your proxies and certificates. nil is a
	// client that connects within 10 seconds. It is copied, and the copy follows no
	// redirects, which could send the prompt and the key to another address.
	HTTPClient *http.Client `json:"-"`
}

// A Backend continues text through an OpenAI-compatible server. It implements
// [sampling.Backend], [sampling.Drawer], [sampling.Scorer], [sampling.Counter]
// and [sampling.Describer]. Abilities that the server lacks are errors wrapping
// [sampling.ErrUnsupported].
//
// A Backend is safe for concurrent use and meant to be shared. Its connections
// belong to the HTTP client, so there is nothing to close.
type Backend struct {
	config  Config // without its Key, Header and HTTPClient
	base    string
	wire    *httpwire.Client
	learned *learned
}

// New returns a Backend for c, or an error that names the invalid field. It sends
// nothing.
func New(c Config) (*Backend, error) {
	base, err := checkURL(cmp.Or(c.BaseURL, hostedURL))
	if err != nil {
		return nil, err
	}
	if c.Model == "" {
		return nil, invalid("Config.Model is empty; set it to the model's name as the server lists it at %s/models", base)
	}
	if c.Key.Reveal() == "" && base == hostedURL {
		return nil, invalid("Config.Key is empty, and %s answers nobody without one; set it, or BaseURL to your own server's address", base)
	}
	if reflect.ValueOf(c.Dialect).IsZero() {
		c.Dialect = OpenAI
	}
	if err := c.Dialect.check(); err != nil {
		return nil, err
	}
	if c.NoPromptCache && c.Dialect.promptCache == "" {
		return nil, unsupported("Config.NoPromptCache: %s has no field that turns its prompt cache off; leave it out", c.Dialect.Name)
	}
	wire, err := httpwire.NewClient(backendName, c.Key, c.HTTPClient, c.Header, c.Silence)
	if err != nil {
		return nil, invalid("%v", err)
	}
	b := &Backend{config: c, base: base, wire: wire, learned: &learned{echoing: httpwire.NewFact[echoing](wire.Source)}}
	b.config.Key, b.config.Header, b.config.HTTPClient = sampling.Secret{}, nil, nil
	wire.Hint = b.hint
	return b, nil
}

// checkURL returns the address without a slash at its end.
func checkURL(raw string) (string, error) {
	if err := httpwire.CheckURL("Config.BaseURL", raw); err != nil {
		return "", invalid("%v", err)
	}
	raw = strings.TrimRight(raw, "/")
	if rest, ok := strings.CutSuffix(raw, "/completions"); ok {
		return "", invalid("Config.BaseURL ends in /completions, which is appended to it; leave it at %s", strings.TrimSuffix(rest, "/chat"))
	}
	return raw, nil
}

// Sample yields the continuation of req.Prompt as the server sends it. Its
// faults are [*sampling.Error]; see the package documentation for what they say.
func (b *Backend) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		reply, err := b.ask(ctx, req)
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		reply.deliver(req, yield)
	}
}

// ask requests one continuation.
func (b *Backend) ask(ctx context.Context, req *sampling.Request) (*reply, error) {
	// llama.cpp drops as many log probabilities from a whole answer as the stop
	// sequence has tokens by itself, which may be more than it had in the text.
	streamed := !b.config.NoStreaming || b.config.Dialect.native == nativeLlamaCpp && req.Params.Logprobs && len(req.Stop) > 0
	body, err := b.body(ctx, req, 1, streamed)
	if err != nil {
		return nil, err
	}
	reply, err := b.open(ctx, body)
	return reply, tooManyLogprobs(err, &req.Params)
}

// deliver reads a reply with one continuation, and closes it.
func (r *reply) deliver(req *sampling.Request, yield func(sampling.Chunk, error) bool) {
	defer r.close()
	one := []continuation{{b: r.b, req: req}}
	if _, err := r.read(one, func(_ int, c sampling.Chunk) bool { return yield(c, nil) }); err != nil {
		yield(sampling.Chunk{}, err)
	}
}
