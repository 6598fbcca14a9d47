package openai

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// countFor bounds a count, which has no context of its own.
const countFor = time.Minute

// Counter returns a [sampling.Counter] that asks the server, for
// sampling.Model's Counter field, or an error wrapping
// [sampling.ErrUnsupported] where the dialect has no address for it.
//
// Each count is a request of its own, bounded by a minute, with the whole text
// in it: exact, and slow beside a vocabulary in this process. The count includes
// the token that the server puts before each prompt, so that it is never too
// low. That costs the network, so a Backend is no Counter by itself and nothing
// is counted unasked. The Counter is safe for concurrent use.
func (b *Backend) Counter() (sampling.Counter, error) {
	if b.dialect.Tokenize.Path == "" {
		return nil, unsupported("%s counts no tokens; use package tiktoken, or leave Model.Counter nil to count bytes", b.dialect.Name)
	}
	return counter{b}, nil
}

type counter struct{ b *Backend }

// Count implements [sampling.Counter].
func (c counter) Count(ctx context.Context, text string) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), countFor)
	defer cancel()
	return c.b.count(ctx, text)
}

func (b *Backend) count(ctx context.Context, text string) (int, error) {
	t := &b.dialect.Tokenize
	w := fields{dialect: &b.dialect}
	w.put("model", "Config.Model", encode(b.model))
	w.put(t.Text, "Config.Dialect.Tokenize.Text", encode(text))
	w.with(t.With, "Config.Dialect.Tokenize.With")
	if w.err != nil {
		return 0, w.err
	}
	// The address stands beside /v1, not under it.
	raw, err := b.post(ctx, strings.TrimSuffix(b.base, "/v1")+t.Path, append(w.json, '}'))
	if err != nil {
		return 0, err
	}
	var answer struct {
		Count  *int              `json:"count"`
		Tokens []json.RawMessage `json:"tokens"`
	}
	switch err := json.Unmarshal(raw, &answer); {
	case err != nil:
		return 0, b.misread(wrong("cannot read the token count: %v", err))
	case answer.Count != nil:
		return *answer.Count, nil
	case answer.Tokens == nil:
		return 0, b.misread(wrong("the answer has no tokens in it: %s", b.say(raw)))
	}
	return len(answer.Tokens), nil
}
