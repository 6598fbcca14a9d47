package httpwire

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// A Client sends requests to one server. It follows no redirects, which could send the
// prompt and the key to another address. It undoes compression, and limits how long
// the server may send nothing.
type Client struct {
	Source
	Hint   func(*sampling.Error) string // the way out of an error, or ""
	http   http.Client
	header http.Header
	first  time.Duration // the longest silence before the first byte of an answer
	after  time.Duration // the longest silence between two reads of it
}

// The limits where the caller sets none. A server that reads a long prompt on a
// CPU takes minutes before its first byte.
const (
	dialFor        = 10 * time.Second
	defaultFirst   = 10 * time.Minute
	defaultBetween = 5 * time.Minute
)

// transport is what all Clients share that were given no HTTP client.
// [http.DefaultTransport] keeps two idle connections to a host, and a model
// server is asked for dozens of continuations at once.
var transport = func() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: dialFor, KeepAlive: 30 * time.Second}).DialContext
	t.MaxIdleConnsPerHost = 64
	return t
}()

// CheckURL returns an error if a configured address is not one of a server. The
// address is not in the error, since it may be a key in the wrong field.
func CheckURL(field, address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("%s is not an address; begin it with http:// or https://, as in http://localhost:8080", field)
	case u.User != nil:
		return fmt.Errorf("%s has a user in it, which error texts would show; put a key into Config.Key", field)
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%s has a query or a fragment; leave only the address, as in http://localhost:8080", field)
	}
	return nil
}

// headerName and notInHeader are what net/http takes for a name, and refuses in a value.
var (
	headerName  = regexp.MustCompile("^[-0-9A-Za-z!#$%&'*+.^_`|~]+$")
	notInHeader = regexp.MustCompile(`[\x00-\x08\x0a-\x1f\x7f]`)
)

// NewClient returns a Client, or an error that says what is wrong with the key,
// the headers or the limit. given may be nil. silence is how long the server may
// send nothing: 0 is the default and a negative one no limit.
func NewClient(backend string, key sampling.Secret, given *http.Client, header http.Header, silence time.Duration) (*Client, error) {
	c := &Client{Source: Source{Backend: backend, Key: key}, header: header.Clone(), first: silence, after: silence}
	if at := strings.IndexFunc(key.Reveal(), func(r rune) bool { return r <= ' ' || r == 0x7f }); at >= 0 {
		return nil, fmt.Errorf("Config.Key has a space or a line break at byte %d of %d, which no header can carry; strings.TrimSpace may be enough", at, len(key.Reveal()))
	}
	for name, values := range header {
		switch canonical := http.CanonicalHeaderKey(name); canonical {
		case "Authorization", "Proxy-Authorization", "Cookie":
			return nil, fmt.Errorf("Config.Header has %s; put the key into Config.Key, which is never printed", canonical)
		case "Content-Type", "Content-Length", "Content-Encoding", "Host", "Transfer-Encoding", "Connection":
			return nil, fmt.Errorf("Config.Header has %s, which the backend sets; leave it out", canonical)
		}
		if !headerName.MatchString(name) || notInHeader.MatchString(strings.Join(values, "")) {
			return nil, fmt.Errorf("Config.Header has %q, whose name or value no header can carry", name)
		}
	}
	switch {
	case silence == 0:
		c.first, c.after = defaultFirst, defaultBetween
	case silence < 0:
		c.first, c.after = math.MaxInt64, math.MaxInt64
	}
	if given != nil {
		c.http = *given
	} else {
		c.http.Transport = transport
	}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

// Send posts a body of JSON, or gets the address if body is nil, under a context that
// may outlast the caller's. See Do.
func (c *Client) Send(caller, ctx context.Context, address string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, bytes.NewReader(body))
	if err != nil {
		return nil, c.Fault(caller, err)
	}
	r.Header.Set("Accept", "application/json, text/event-stream")
	if body != nil {
		r.Method = http.MethodPost
		r.Header.Set("Content-Type", "application/json")
	}
	return c.Do(caller, r)
}

// Do sends r and returns the response if it is an answer: status 200, or 201 for
// what was created, and not an HTML page. All other ends are a [*sampling.Error],
// with a hint. The caller's context tells its own cancellation from other ends; r's
// may outlast it. Body gives plain bytes, and its errors are those of [Client.Broken].
func (c *Client) Do(caller context.Context, r *http.Request) (*http.Response, error) {
	resp, err := c.do(caller, r)
	if e, ok := errors.AsType[*sampling.Error](err); ok {
		hint := cmp.Or(wayToTLS(r.URL.Scheme, e), c.Hint(e))
		if e.Status == http.StatusUnauthorized {
			hint = "check Config.Key"
			if c.Key.Reveal() == "" {
				hint = "Config.Key is empty"
			}
		}
		if hint != "" {
			e.Err = fmt.Errorf("%w; %s", e.Err, hint)
		}
	}
	return resp, err
}

func (c *Client) do(caller context.Context, r *http.Request) (*http.Response, error) {
	if caller.Err() != nil {
		return nil, c.Fault(caller, caller.Err())
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	r = r.WithContext(ctx)
	r.Header.Set("User-Agent", "foreword")
	for name, values := range c.header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	if key := c.Key.Reveal(); key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	} else {
		r.Header.Del("Authorization")
	}
	// Servers close idle connections, also one that they just promised to keep.
	// net/http sends a request anew on such a connection if it knows that this is
	// safe. The key with a nil value says so, and is not sent.
	r.Header["Idempotency-Key"] = nil
	b := &body{client: c, caller: caller, ctx: ctx, cancel: cancel, limit: c.first}
	b.timer = time.AfterFunc(b.limit, func() { cancel(errSilent) })
	resp, err := c.http.Do(r)
	b.timer.Stop()
	if err != nil {
		cancel(nil)
		return nil, c.Fault(caller, b.cause(err))
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated || kind == "text/html" {
		defer cancel(nil)
		return nil, c.Refusal(resp)
	}
	b.timer.Reset(b.limit)
	b.raw = resp.Body
	b.plain, err = unzipped(resp)
	b.timer.Stop()
	if err != nil {
		b.Close()
		broken := c.Broken(caller, resp.StatusCode, b.cause(err))
		if errors.Is(err, errEncoding) {
			broken = &sampling.Error{Backend: c.Backend, Status: resp.StatusCode, Err: c.scrub(err)}
		}
		return nil, broken
	}
	resp.Body = b
	return resp, nil
}

// A body is an answer's, under the limit of silence.
type body struct {
	client *Client
	caller context.Context
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	limit  time.Duration
	raw    io.ReadCloser
	plain  io.Reader
}

// errSilent is why a request ends whose server sent nothing for too long.
var errSilent = errors.New("the server sent nothing")

// cause tells the limit of silence from the error that it led to.
func (b *body) cause(err error) error {
	if context.Cause(b.ctx) == errSilent {
		return fmt.Errorf("%w for %v; raise Config.Silence if it needs longer", errSilent, b.limit)
	}
	return err
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	b.timer.Reset(b.limit)
	n, err := b.plain.Read(p)
	b.timer.Stop()
	if n > 0 {
		b.limit = b.client.after
	}
	if err != nil && err != io.EOF {
		err = b.client.Broken(b.caller, http.StatusOK, b.cause(err))
	}
	return n, err
}

// Close implements [io.Closer]. If the body was not read to its end, the connection
// closes too, and servers stop drawing.
func (b *body) Close() error {
	b.timer.Stop()
	b.cancel(nil)
	return b.raw.Close()
}

// drainFor is how long the end of a finished answer is waited for. It follows at
// once or not at all, and a connection whose answer was read to its end can be
// used again.
const drainFor = 50 * time.Millisecond

// Drain reads what is left of a finished answer, as far as little is left.
func Drain(body io.ReadCloser) {
	enough := time.AfterFunc(drainFor, func() { body.Close() })
	defer enough.Stop()
	io.CopyN(io.Discard, body, 64<<10)
}

// Longest is the maximum size of an answer, or of one piece of a stream, in bytes.
const Longest = 64 << 20

// Fetch sends a request as Send does, and returns the whole answer.
func (c *Client) Fetch(ctx context.Context, address string, body []byte) ([]byte, error) {
	resp, err := c.Send(ctx, ctx, address, body)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, Longest+1))
	if err == nil && len(answer) > Longest {
		err = &sampling.Error{Backend: c.Backend, Status: resp.StatusCode, Err: fmt.Errorf("the answer is longer than %d bytes", Longest)}
	}
	return answer, err
}
