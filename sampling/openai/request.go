package openai

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
)

// body returns the JSON that requests the given number of completions. If the server
// could take a part of the prompt for a special token, token ids are sent instead.
func (b *Backend) body(ctx context.Context, req *sampling.Request, choices int, stream bool) ([]byte, error) {
	if err := req.Validate(); err != nil {
		return nil, &sampling.Error{Backend: backendName, Err: err}
	}
	d, p := &b.config.Dialect, &req.Params
	w := b.newBody("", nil)
	if _, ok := p.Extra["prompt"]; !ok || req.Prompt != "" {
		w.put("prompt", "Request.Prompt", req.Prompt)
	}
	w.param("MaxTokens", cmp.Or(p.MaxTokens, sampling.DefaultMaxTokens), false)
	w.param("Temperature", p.Temperature, p.Temperature == 1 && d.fields["Temperature"].name == "")
	w.param("TopP", p.TopP, p.TopP == 0 || p.TopP == 1)
	w.param("TopK", p.TopK, p.TopK == 0)
	w.param("MinP", p.MinP, p.MinP == 0)
	w.param("FrequencyPenalty", p.FrequencyPenalty, p.FrequencyPenalty == 0)
	w.param("PresencePenalty", p.PresencePenalty, p.PresencePenalty == 0)
	w.param("RepetitionPenalty", p.RepetitionPenalty, p.RepetitionPenalty == 0 || p.RepetitionPenalty == 1)
	w.param("Logprobs", logprobCount(p), !p.Logprobs)
	if d.MaxLogprobs > 0 && p.TopLogprobs > d.MaxLogprobs {
		w.fail(unsupported("Params.TopLogprobs is %d, and %s reports at most %d; ask for fewer", p.TopLogprobs, d.Name, d.MaxLogprobs))
	}
	w.seed(p.Seed, choices)
	if stop := req.Stop; len(stop) > 0 && d.fields["Stop"].name != "" {
		if d.MaxStops > 0 {
			stop = stop[:min(len(stop), d.MaxStops)]
		}
		w.field(d.fields["Stop"], "Request.Stop", stop)
	}
	w.constrain(req)
	if b.config.NoPromptCache {
		w.put(d.promptCache, "Config.NoPromptCache", false)
	}
	if choices > 1 {
		w.field(d.fields["Choices"], "Draw", choices)
	}
	w.put("stream", "Config.NoStreaming", stream)
	if stream && d.streamOptions != nil {
		w.put("stream_options", "Config.Dialect", d.streamOptions)
	}
	w.extra(p.Extra)
	if w.err == nil && b.mayMisread(req.Prompt) { // the last step, since it takes a request
		w.fields["prompt"], w.err = b.ids(ctx, req.Prompt)
	}
	return w.json()
}

// A body is a JSON object under construction.
type body struct {
	dialect *Dialect
	fields  map[string]any
	owners  map[string]string // which part of the caller's request set a field
	err     error             // the first
}

// newBody returns a body with the model and the owner's fields.
func (b *Backend) newBody(owner string, fields map[string]any) *body {
	w := &body{dialect: &b.config.Dialect, fields: map[string]any{}, owners: map[string]string{}}
	w.put("model", "Config.Model", b.config.Model)
	for name, value := range fields {
		w.put(name, owner, value)
	}
	return w
}

func (w *body) fail(err error) { w.err = cmp.Or(w.err, err) }

// put sets a field, and fails if it is set already.
func (w *body) put(name, owner string, value any) {
	if other, ok := w.owners[name]; ok {
		w.fail(invalid("%s and %s both set the field %q; leave one out", other, owner, name))
		return
	}
	w.fields[name], w.owners[name] = value, owner
}

func (w *body) field(f field, owner string, value any) {
	w.put(f.name, owner, value)
	for name, value := range f.with {
		w.put(name, owner, value)
	}
}

func (w *body) param(param string, value any, off bool) {
	switch f := w.dialect.fields[param]; {
	case off && f.off != "" && f.name != "":
		w.put(f.name, "Params."+param, json.RawMessage(f.off))
	case off:
	case f.name == "":
		w.fail(unsupported("Params.%s is %v, and %s has no field for it; leave it out, or name the field in Config.Dialect if the server has one",
			param, value, w.dialect.Name))
	default:
		w.field(f, "Params."+param, value)
	}
}

// seed sets the seed. The last of several choices has the greatest.
func (w *body) seed(seed uint64, choices int) {
	d := w.dialect
	off := seed == 0 || d.fields["Seed"].name == ""
	if last := seeds.At(seed, choices-1); !off && d.maxSeed > 0 && max(seed, last) > d.maxSeed {
		w.fail(unsupported("Params.Seed is %d, and %s takes seeds up to %d; use a smaller one", max(seed, last), d.Name, d.maxSeed))
		return
	}
	w.param("Seed", seed, off)
}

// extra adds the caller's own fields.
func (w *body) extra(extra map[string]any) {
	d := w.dialect
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		value, err := marshal(extra[name])
		switch {
		case err != nil:
			w.fail(invalid("Params.Extra[%q] cannot be written as JSON: %v", name, err))
		case name == "echo":
			w.fail(unsupported("Params.Extra has %q, and a continuation never holds its prompt; use Score for a prompt's log probabilities", name))
		case name == "n" || name == d.fields["Choices"].name:
			w.fail(unsupported("Params.Extra has %q, and a sample is one continuation; use Model.Draw for several", name))
		case name == "prompt" && !onePrompt(value):
			w.fail(unsupported(`Params.Extra["prompt"] is not one prompt; give the ids of its tokens, as []int`))
		case slices.Contains(d.Ignores, name):
			w.fail(unsupported("Params.Extra has %q, which %s is known to ignore or to refuse; leave it out", name, d.Name))
		default:
			w.put(name, "Params.Extra", json.RawMessage(value))
		}
	}
}

// onePrompt reports whether a JSON value is a single prompt: text, or a list of
// token ids, with or without text between them. A list of texts alone, or a list of
// lists, requests a continuation of each.
func onePrompt(value []byte) bool {
	var parts []any
	json.Unmarshal(value, &parts)
	ids := false
	for _, part := range parts {
		switch part.(type) {
		case string:
		case float64:
			ids = true
		default:
			return false
		}
	}
	return value[0] == '"' || ids
}

func (w *body) json() ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	return marshal(w.fields)
}

// marshal keeps <, > and & as they are, so that recorded requests stay readable.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// logprobCount is the number of top log probabilities to request. Servers read 0 in
// different ways, so it is at least 1.
func logprobCount(p *sampling.Params) int { return max(1, p.TopLogprobs) }
