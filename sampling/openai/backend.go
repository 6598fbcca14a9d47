package openai

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/foreword-go/foreword/internal/httpwire"
	"github.com/foreword-go/foreword/sampling"
)

// hostedURL is where OpenAI itself answers.
const hostedURL = "https://api.openai.com/v1"

// A Config says which server to ask and how. Copy and change it freely; [New]
// keeps its own copy.
//
// Printing a Config, by any verb and by [log/slog], shows whether a key is set
// and never the key. Package fmt does not ask a Config in an unexported field of
// another struct; keep the [Backend] there, which shows nothing either way.
type Config struct {
	// BaseURL is the address that /completions is appended to, such as
	// http://localhost:8080/v1. "" is OpenAI's own.
	BaseURL string

	// Key is sent as a bearer token, and to no other host than BaseURL's. "" sends
	// none, as servers on one's own machine mostly want it.
	Key string `json:"-"`

	// Model is the model's name as the server knows it.
	Model string

	// Dialect says which fields the server knows. The zero Dialect is [OpenAI].
	Dialect Dialect

	// Whole asks for each continuation in one piece, which costs the server and
	// the wire less, where nobody watches the text arrive. The price is that
	// tokens drawn after a stop sequence the server was not told of are paid
	// for, and that a fault loses all of the text.
	Whole bool

	// SpecialTokens lets the name of a special token in a prompt, such as
	// <|im_end|> or </s>, be that token. By default a prompt is text: where it
	// may have such a name in it, llama.cpp and vLLM get the ids of its tokens,
	// which costs a request to /tokenize. Other servers offer no choice.
	SpecialTokens bool

	// HTTPClient is what the requests go through; nil is one without a time
	// limit over [http.DefaultTransport]. It is copied, and the copy follows no
	// redirect: following one would resend the prompt, and perhaps the key, to
	// an address nobody chose.
	HTTPClient *http.Client `json:"-"`
}

// A Backend continues text through an OpenAI-compatible server. It implements
// [sampling.Backend], [sampling.Drawer], [sampling.Scorer], [sampling.Counter]
// and [sampling.Describer]; what the server cannot do is an error wrapping
// [sampling.ErrUnsupported].
//
// A Backend is safe for concurrent use and meant to be shared. Its connections
// belong to the HTTP client, so there is nothing to close.
type Backend struct {
	base    string
	model   string
	dialect Dialect
	whole   bool
	special bool
	key     secret
	client  *http.Client
	learned *learned
}

// A secret is a function so that no printer, encoder or dumper of structs
// shows what it returns.
type secret func() string

// New returns a Backend for c, or an error that names the field that is wrong.
// It sends nothing.
func New(c Config) (*Backend, error) {
	base, err := checkURL(cmp.Or(c.BaseURL, hostedURL))
	if err != nil {
		return nil, err
	}
	if c.Model == "" {
		return nil, invalid("Config.Model is empty; set it to the model's name as the server lists it at %s/models", base)
	}
	if c.Key == "" && base == hostedURL {
		return nil, invalid("Config.Key is empty, and %s answers nobody without one; set it, or BaseURL to your own server's address", base)
	}
	if i := strings.IndexFunc(c.Key, func(r rune) bool { return r <= ' ' || r == 0x7f }); i >= 0 {
		return nil, invalid("Config.Key has a space or a line break at byte %d of %d, which no header can carry; strings.TrimSpace may be enough", i, len(c.Key))
	}
	d := c.Dialect
	if reflect.ValueOf(d).IsZero() {
		d = OpenAI
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	client := http.Client{}
	if c.HTTPClient != nil {
		client = *c.HTTPClient
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	key := c.Key
	return &Backend{
		base:    base,
		model:   c.Model,
		dialect: d,
		whole:   c.Whole,
		special: c.SpecialTokens,
		key:     func() string { return key },
		client:  &client,
		learned: &learned{scoring: scoring{lock: make(chan struct{}, 1)}},
	}, nil
}

// checkURL returns the address without a slash at its end.
func checkURL(raw string) (string, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return "", invalid("Config.BaseURL is no address; write one such as http://localhost:8080/v1")
	case u.User != nil:
		return "", invalid("Config.BaseURL has a user in it, which would stand in error texts; leave it out, and put a key into Config.Key")
	case u.RawQuery != "" || u.Fragment != "":
		return "", invalid("Config.BaseURL has a query or a fragment in it; leave only the path, such as http://localhost:8080/v1")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		// The value stays out of the text: it may be the key, in the wrong field.
		return "", invalid("Config.BaseURL has no scheme or no host; begin it with http:// or https://, as in http://localhost:8080/v1")
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
		if err := b.sample(ctx, req, func(c sampling.Chunk) bool { return yield(c, nil) }); err != nil {
			yield(sampling.Chunk{}, err)
		}
	}
}

// sample returns nil when the continuation is complete or its consumer left.
func (b *Backend) sample(ctx context.Context, req *sampling.Request, yield func(sampling.Chunk) bool) error {
	sent, err := b.plain(ctx, req)
	if err != nil {
		return err
	}
	body, err := b.body(sent, ask{choices: 1, stream: !b.whole})
	if err != nil {
		return err
	}
	reply, err := b.open(ctx, body, !b.whole)
	if err != nil {
		return err
	}
	defer reply.close()
	choice := continuation{req: req}
	for {
		event, err := reply.next()
		if err == io.EOF || err != nil && choice.finished() && reply.broke(err) {
			break // what broke off after the last word took nothing of the text along
		}
		if err != nil {
			return err
		}
		chunk, err := choice.add(event, 0)
		if err != nil {
			return b.misread(err)
		}
		if (chunk.Text != "" || len(chunk.Tokens) > 0 || chunk.Usage != nil) && !yield(chunk) {
			return nil
		}
		if choice.finished() {
			reply.linger()
		}
	}
	last, err := choice.close()
	if err != nil {
		return reply.unfinished(err)
	}
	reply.drain()
	yield(last)
	return nil
}

// String names the server, the model and the dialect, and never the key.
func (b Backend) String() string {
	return fmt.Sprintf("openai.Backend(%s, model %q, dialect %s)", b.base, b.model, b.dialect.Name)
}

// GoString is String.
func (b Backend) GoString() string { return b.String() }

// Format writes String whatever the verb.
func (b Backend) Format(s fmt.State, verb rune) { io.WriteString(s, b.String()) }

// LogValue is what [log/slog] shows of a Backend.
func (b Backend) LogValue() slog.Value {
	return slog.GroupValue(slog.String("url", b.base), slog.String("model", b.model), slog.String("dialect", b.dialect.Name))
}

// String shows all but the key.
func (c Config) String() string {
	key := "unset"
	if c.Key != "" {
		key = "set"
	}
	return fmt.Sprintf("openai.Config(%s, model %q, dialect %s, key %s)",
		httpwire.Address(cmp.Or(c.BaseURL, hostedURL)), c.Model, cmp.Or(c.Dialect.Name, OpenAI.Name), key)
}

// GoString is String.
func (c Config) GoString() string { return c.String() }

// Format writes String whatever the verb.
func (c Config) Format(s fmt.State, verb rune) { io.WriteString(s, c.String()) }

// LogValue is what [log/slog] shows of a Config.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }
