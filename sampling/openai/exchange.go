package openai

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"

	"github.com/foreword-go/foreword/internal/httpwire"
)

// open sends the body and returns the reply once its headers are there.
func (b *Backend) open(caller context.Context, body []byte, streamed bool) (*reply, error) {
	ctx, cancel := context.WithCancel(caller)
	r := &reply{b: b, caller: caller, cancel: cancel, streamed: streamed}
	resp, err := b.send(ctx, caller, http.MethodPost, b.base+"/completions", body)
	if err == nil {
		err = b.dialect.checkServer(resp.Header.Get("Server"), "")
		if err != nil {
			resp.Body.Close()
		}
	}
	if err != nil {
		cancel()
		return nil, err
	}
	r.events = eventBody{body: resp.Body, scan: newEventScanner(resp.Body)}
	r.events.scan.lines.expect(resp.ContentLength)
	return r, nil
}

// send sends one request. Its errors are [*sampling.Error].
func (b *Backend) send(ctx, caller context.Context, method, address string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, b.fault(caller, err)
	}
	r.Header.Set("Accept", "application/json, text/event-stream")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := b.wire.Do(caller, r)
	if err != nil {
		return nil, b.refused(b.wire.Fault(caller, err))
	}
	return resp, nil
}

// call sends JSON to an address of the server, or reads the address when there
// is no body, and returns the body of the answer.
func (b *Backend) call(ctx context.Context, address string, body []byte) ([]byte, error) {
	method := http.MethodPost
	if body == nil {
		method = http.MethodGet
	}
	resp, err := b.send(ctx, ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	return b.wire.ReadAll(resp, longestEvent)
}

// llamaBuild is llama.cpp's system_fingerprint, such as b10587-0c1e570f.
var llamaBuild = regexp.MustCompile(`^b\d+-[0-9a-f]+$`)

// checkServer refuses a server that names itself and that the dialect was not
// made for. Its own defaults would stay in force without a word: llama.cpp's
// min_p and top_k, Ollama's template around the prompt.
func (d *Dialect) checkServer(server, fingerprint string) error {
	switch {
	case fingerprint == "fp_ollama":
		return wrong("the server is Ollama, whose /v1 puts the prompt into a chat template and cuts it without a word; use package ollama")
	case server != "llama.cpp" && !llamaBuild.MatchString(fingerprint):
		return nil
	case d.topK.Name == "top_k" && d.minP.Name == "min_p" && (d.repetitionPenalty.Name == "" || d.repetitionPenalty.Name == LlamaCpp.repetitionPenalty.Name):
		return nil
	}
	return wrong("the server is llama.cpp, whose default top_k, min_p and penalties the dialect %s does not turn off; use the dialect LlamaCpp", d.Name)
}

// An eventBody is a response body as events.
type eventBody struct {
	body io.ReadCloser
	scan *eventScanner
	any  bool
}

// next returns the next payload, valid until the next call, [io.EOF] after the
// last, or an error.
func (b *eventBody) next() ([]byte, error) {
	for {
		event, err := b.scan.next()
		switch {
		case err == io.EOF && !b.any && b.scan.stray != nil:
			return nil, wrong("the answer is not a stream of events: %s", b.scan.stray)
		case err != nil:
			return nil, err
		}
		b.any = true
		if event = bytes.TrimSpace(event); len(event) > 0 {
			return event, nil
		}
	}
}

// drain reads what is left of a finished answer, so that the connection can
// serve the next request.
func (b *eventBody) drain() {
	if !b.scan.ended() {
		httpwire.Drain(b.body)
	}
}

func (b *eventBody) close() {
	b.scan.lines.release()
	b.body.Close()
}
