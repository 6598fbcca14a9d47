package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/foreword-go/foreword/internal/httpwire"
)

// open sends the body and returns the reply once its headers have come.
func (b *Backend) open(ctx context.Context, body []byte) (*reply, error) {
	resp, err := b.wire.Send(ctx, ctx, b.base+"/completions", body)
	if err != nil {
		return nil, err
	}
	if err := b.config.Dialect.checkServer(resp.Header.Get("Server"), ""); err != nil {
		resp.Body.Close()
		return nil, b.misread(err)
	}
	return &reply{b: b, caller: ctx, body: resp.Body, events: newEvents(resp.Body)}, nil
}

// call posts w, or gets the address if w is nil, and decodes the answer into answer.
func (b *Backend) call(ctx context.Context, address string, w *body, answer any) error {
	var sent []byte
	if w != nil {
		var err error
		if sent, err = w.json(); err != nil {
			return err
		}
	}
	raw, err := b.wire.Fetch(ctx, address, sent)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return b.misread(fmt.Errorf("the answer of %s is empty; check that %s", address, wholeAddress))
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		return b.misread(fmt.Errorf("cannot read the answer of %s: %v: %s", address, err, b.wire.Quote(raw)))
	}
	if e, ok := answer.(*event); ok && e.isError() {
		return b.wire.Announced(http.StatusOK, raw)
	}
	return nil
}

// native calls an address of the server's own, beside /v1. If the address does not
// exist, as with a router in between, the error wraps sampling.ErrUnsupported. It does
// not if the request names the model and the server does not have it.
func (b *Backend) native(ctx context.Context, path string, w *body, answer any) error {
	err := b.call(ctx, strings.TrimSuffix(b.base, "/v1")+path, w, answer)
	if errors.Is(err, httpwire.ErrNoModel) && (w != nil || strings.Contains(path, "?model=")) {
		return err
	}
	return notDone(err, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented)
}

// llamaBuild is llama.cpp's system_fingerprint, such as b10587-0c1e570f.
var llamaBuild = regexp.MustCompile(`^b\d+-[0-9a-f]+$`)

// checkServer refuses a server that the dialect was not made for, if the server names
// itself. Its defaults would silently apply: llama.cpp's min_p and top_k, or Ollama's
// template around the prompt.
func (d *Dialect) checkServer(server, fingerprint string) error {
	penalty := d.fields["RepetitionPenalty"].name
	switch {
	case fingerprint == "fp_ollama":
		return fmt.Errorf("the server is Ollama, whose /v1 puts the prompt into a chat template and silently cuts long prompts; use package ollama")
	case server != "llama.cpp" && !llamaBuild.MatchString(fingerprint):
		return nil
	case d.fields["TopK"].name == "top_k" && d.fields["MinP"].name == "min_p" && (penalty == "" || penalty == "repeat_penalty"):
		return nil
	}
	return fmt.Errorf("the server is llama.cpp, whose default top_k, min_p and penalties the dialect %s does not turn off; use the dialect LlamaCpp", d.Name)
}
