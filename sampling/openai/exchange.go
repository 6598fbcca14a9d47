package openai

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	goopenai "github.com/sashabaranov/go-openai"
)

// An exchange is one request and its response. It is the HTTP client of a
// go-openai client of its own: go-openai builds the request, the address and
// the headers around the body that the exchange puts in. Of a stream it reads
// back events that the exchange has cleaned. A whole answer it does not get to
// see, as its struct has no place for much of it.
type exchange struct {
	b        *Backend
	caller   context.Context // the caller's own, by which a cancellation is told from other ends
	sent     []byte          // the request's body
	streamed bool
	answer   *eventBody
}

// open sends the body and returns the reply once its headers are there.
func (b *Backend) open(caller context.Context, body []byte, streamed bool) (*reply, error) {
	if err := caller.Err(); err != nil {
		return nil, b.fault(caller, err)
	}
	r := &reply{exchange: &exchange{b: b, caller: caller, sent: body, streamed: streamed}}
	ctx := r.begin()
	config := goopenai.DefaultConfig(b.key())
	config.BaseURL = b.base
	config.HTTPClient = r.exchange
	client := goopenai.NewClientWithConfig(config)
	// The model and the prompt are those of the body. go-openai keeps a list of
	// names that it refuses to complete for, even to a server of one's own.
	request := goopenai.CompletionRequest{Prompt: ""}
	var err error
	if streamed {
		r.stream, err = client.CreateCompletionStream(ctx, request)
	} else {
		_, err = client.CreateCompletion(ctx, request)
	}
	if err != nil {
		r.forget()
		r.cancel()
		return nil, b.fault(caller, err)
	}
	return r, nil
}

// Do implements [goopenai.HTTPDoer]. Its errors are [*sampling.Error].
func (x *exchange) Do(r *http.Request) (*http.Response, error) {
	x.fill(r)
	resp, err := x.b.client.Do(r)
	if err != nil {
		return nil, x.b.fault(x.caller, err)
	}
	if err := x.check(resp); err != nil {
		resp.Body.Close()
		return nil, err
	}
	plain, err := x.unzipped(resp)
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	x.answer = &eventBody{body: resp.Body, scan: newEventScanner(plain), fault: x.broken}
	if plain == resp.Body {
		x.answer.scan.lines.expect(resp.ContentLength)
	}
	resp.Body = x.answer
	if !x.streamed {
		resp.Body = io.NopCloser(strings.NewReader("{}"))
	}
	return resp, nil
}

// fill gives the request the body that the dialect wrote.
func (x *exchange) fill(r *http.Request) {
	r.Body = io.NopCloser(bytes.NewReader(x.sent))
	r.ContentLength = int64(len(x.sent))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(x.sent)), nil }
	r.Header.Set("User-Agent", "foreword")
}

// check refuses every response that is not the answer to a completion.
func (x *exchange) check(resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return x.b.refused(resp)
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind == "text/html" {
		return x.b.refused(resp)
	}
	return nil
}

// unzipped returns the body as it was before compression. net/http has undone
// the one that it asked for itself; others come from proxies that do not ask.
func (x *exchange) unzipped(resp *http.Response) (io.Reader, error) {
	switch coding := strings.ToLower(resp.Header.Get("Content-Encoding")); coding {
	case "", "identity":
		return resp.Body, nil
	case "gzip", "x-gzip":
		plain, err := gzip.NewReader(resp.Body)
		if err != nil {
			return nil, x.broken(err)
		}
		return plain, nil
	default:
		return nil, x.b.misread(wrong("the answer is encoded as %q, which was not asked for", coding))
	}
}

// broken describes a response body that could not be read to its end.
func (x *exchange) broken(err error) error {
	if wrong, ok := errors.AsType[wrongAnswer](err); ok {
		return x.b.misread(wrong)
	}
	return x.b.source().Broken(x.caller, http.StatusOK, err)
}

// call sends JSON to an address of the server, outside of go-openai, or reads
// the address when there is no body, and returns the body of the answer.
func (b *Backend) call(ctx context.Context, address string, body []byte) ([]byte, error) {
	method := http.MethodPost
	if body == nil {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, b.fault(ctx, err)
	}
	x := &exchange{b: b, caller: ctx, sent: body}
	if x.fill(r); body == nil {
		r.Body, r.GetBody = nil, nil
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	if key := b.key(); key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := b.client.Do(r)
	if err != nil {
		return nil, b.fault(ctx, err)
	}
	defer resp.Body.Close()
	if err := x.check(resp); err != nil {
		return nil, err
	}
	plain, err := x.unzipped(resp)
	if err != nil {
		return nil, err
	}
	const most = 64 << 20
	answer, err := io.ReadAll(io.LimitReader(plain, most+1))
	if err := cmp.Or(err, tooLong(len(answer) > most)); err != nil {
		return nil, x.broken(err)
	}
	return answer, nil
}

func tooLong(long bool) error {
	if long {
		return errLongEvent
	}
	return nil
}
