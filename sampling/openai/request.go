package openai

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
)

// An ask is what a request wants beside what sampling.Request says.
type ask struct {
	choices int
	stream  bool
}

// body writes the request by the dialect. The client library's own struct
// leaves out every zero, so that a temperature of 0 would come to mean the
// server's default; here each field is written because the dialect knows it.
func (b *Backend) body(req *sampling.Request, a ask) ([]byte, error) {
	if err := req.Validate(); err != nil {
		return nil, &sampling.Error{Backend: backendName, Err: err}
	}
	d, p := &b.dialect, &req.Params
	w := fields{dialect: d, json: make([]byte, 0, len(req.Prompt)+512), owners: make([]owner, 0, 20), scratch: make([]byte, 0, 32)}
	w.set("model", "Config.Model", encode(b.model))
	if _, ok := p.Extra["prompt"]; !ok || req.Prompt != "" {
		w.set("prompt", "Request.Prompt", encode(req.Prompt))
	}
	w.always(d.maxTokens, "Params.MaxTokens", w.number(cmp.Or(p.MaxTokens, sampling.DefaultMaxTokens)))
	if d.temperature.Name != "" || p.Temperature != 1 {
		w.always(d.temperature, "Params.Temperature", w.decimal(p.Temperature))
	}
	w.param(d.topP, "Params.TopP", p.TopP == 0 || p.TopP == 1, w.decimal(p.TopP))
	w.param(d.topK, "Params.TopK", p.TopK == 0, w.number(p.TopK))
	w.param(d.minP, "Params.MinP", p.MinP == 0, w.decimal(p.MinP))
	w.param(d.frequencyPenalty, "Params.FrequencyPenalty", p.FrequencyPenalty == 0, w.decimal(p.FrequencyPenalty))
	w.param(d.presencePenalty, "Params.PresencePenalty", p.PresencePenalty == 0, w.decimal(p.PresencePenalty))
	w.param(d.repetitionPenalty, "Params.RepetitionPenalty", p.RepetitionPenalty == 0 || p.RepetitionPenalty == 1, w.decimal(p.RepetitionPenalty))
	w.seed(p.Seed, a.choices)
	if d.MaxLogprobs > 0 && p.TopLogprobs > d.MaxLogprobs {
		w.fail(unsupported("Params.TopLogprobs is %d, and %s reports at most %d; ask for fewer", p.TopLogprobs, d.Name, d.MaxLogprobs))
	}
	w.param(d.logprobs, "Params.Logprobs", !p.Logprobs, w.number(logprobCount(p)))
	if stop := d.sent(req.Stop); len(stop) > 0 {
		w.put(d.stop.Name, "Request.Stop", encode(stop))
		w.with(d.stop.With, "Request.Stop")
	}
	w.constrain(req)
	if b.fresh {
		w.with(d.noPromptCache, "Config.NoPromptCache")
	}
	if a.choices > 1 {
		w.put(d.choices.Name, "Draw", w.number(a.choices))
		w.with(d.choices.With, "Draw")
	}
	w.set("stream", "Config.NoStreaming", strconv.AppendBool(nil, a.stream))
	if a.stream && d.streamOptions != "" {
		w.set("stream_options", "the dialect", []byte(d.streamOptions))
	}
	w.extra(p.Extra)
	if w.err != nil {
		return nil, w.err
	}
	return append(w.json, '}'), nil
}

// sent returns the stop sequences that the server is told of.
func (d *Dialect) sent(stop []string) []string {
	if d.stop.Name == "" {
		return nil
	}
	if d.MaxStops > 0 {
		stop = stop[:min(len(stop), d.MaxStops)]
	}
	return stop
}

// fields writes one JSON object, a field at a time, and keeps the first error.
type fields struct {
	dialect *Dialect
	json    []byte
	owners  []owner
	scratch []byte // for one number
	err     error
}

// An owner is a field that was written, and what of the caller's set it.
type owner struct{ field, by string }

func (w *fields) fail(err error) { w.err = cmp.Or(w.err, err) }

// set writes a field that every server knows.
func (w *fields) set(field, by string, value []byte) {
	open := byte(',')
	if len(w.owners) == 0 {
		open = '{'
	}
	w.json = append(appendText(append(w.json, open), field), ':')
	w.json = append(w.json, value...)
	w.owners = append(w.owners, owner{field, by})
}

// put is set, but that it finds a field the server was told already.
func (w *fields) put(field, by string, value []byte) {
	if i := slices.IndexFunc(w.owners, func(o owner) bool { return o.field == field }); i >= 0 {
		w.fail(invalid("%s and %s both set the field %q; leave one out", w.owners[i].by, by, field))
		return
	}
	w.set(field, by, value)
}

func (w *fields) always(f Field, param string, value []byte) {
	if f.Name == "" {
		w.fail(unsupported("%s is %s, and %s has no field for it; leave it out, or name the field in Config.Dialect if the server has one", param, value, w.dialect.Name))
		return
	}
	w.put(f.Name, param, value)
	w.with(f.With, param)
}

func (w *fields) param(f Field, param string, off bool, value []byte) {
	switch {
	case !off:
		w.always(f, param, value)
	case f.Name != "" && f.Zero != "":
		w.put(f.Name, param, append(w.scratch[:0], f.Zero...))
	}
}

// seed writes the seed. The last of several choices is drawn with the greatest.
func (w *fields) seed(seed uint64, choices int) {
	f, most := w.dialect.seed, w.dialect.maxSeed
	if seed == 0 {
		w.param(f, "Params.Seed", true, nil)
		return
	}
	if f.Name == "" {
		return
	}
	if last := seeds.At(seed, choices-1); most > 0 && (seed > most || last > most) {
		w.fail(unsupported("Params.Seed is %d, and %s takes seeds up to %d; use a smaller one", max(seed, last), w.dialect.Name, most))
		return
	}
	w.always(f, "Params.Seed", strconv.AppendUint(w.scratch[:0], seed, 10))
}

func (w *fields) with(object, by string) {
	if object == "" {
		return
	}
	var more map[string]json.RawMessage
	if err := json.Unmarshal([]byte(object), &more); err != nil {
		w.fail(invalid("the fields beside %s are not a JSON object: %v", by, err))
		return
	}
	for _, field := range slices.Sorted(maps.Keys(more)) {
		w.put(field, by, more[field])
	}
}

// extra merges the caller's own fields in, last and in the order of their names.
func (w *fields) extra(extra map[string]any) {
	d := w.dialect
	for _, field := range slices.Sorted(maps.Keys(extra)) {
		value, err := marshal(extra[field])
		switch {
		case err != nil:
			w.fail(invalid("Params.Extra[%q] cannot be written as JSON: %v", field, err))
		case field == "echo":
			w.fail(unsupported("Params.Extra has %q, and a continuation never holds its prompt; use Score for a prompt's log probabilities", field))
		case field == "n" || field == d.choices.Name:
			w.fail(unsupported("Params.Extra has %q, and a sample is one continuation; use Model.Draw for several", field))
		case field == "prompt" && !onePrompt(value):
			w.fail(unsupported(`Params.Extra["prompt"] is not one prompt; give the ids of its tokens, as []int`))
		case slices.Contains(d.Ignores, field):
			w.fail(unsupported("Params.Extra has %q, which %s is known to ignore or to refuse; leave it out", field, d.Name))
		default:
			w.put(field, "Params.Extra", value)
		}
	}
}

// onePrompt reports whether a JSON value is a single prompt: text, or a list of
// token ids with text between them. A list of texts alone, or a list of lists,
// asks for a continuation of each.
func onePrompt(value []byte) bool {
	if value[0] == '"' {
		return true
	}
	var parts []any
	if json.Unmarshal(value, &parts) != nil {
		return false
	}
	ids := 0
	for _, part := range parts {
		switch part.(type) {
		case float64:
			ids++
		case string:
		default:
			return false
		}
	}
	return ids > 0
}

// number writes into the scratch, which is good until the next number.
func (w *fields) number(n int) []byte { return strconv.AppendInt(w.scratch[:0], int64(n), 10) }

// decimal writes a finite number, which is all that Validate lets through.
func (w *fields) decimal(f float64) []byte { return strconv.AppendFloat(w.scratch[:0], f, 'g', -1, 64) }

// encode writes strings and lists of them, which cannot fail.
func encode(v any) []byte {
	if s, ok := v.(string); ok {
		return appendText(make([]byte, 0, len(s)+2), s)
	}
	b, _ := marshal(v)
	return b
}

func appendText(to []byte, s string) []byte {
	if !strings.ContainsFunc(s, mayNeedEscape) {
		return append(append(append(to, '"'), s...), '"')
	}
	b, _ := marshal(s)
	return append(to, b...)
}

func mayNeedEscape(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }

// marshal leaves <, > and & as they are: a prompt is not HTML, and recordings of
// requests stay readable.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// logprobCount is the number that asks for log probabilities: of the drawn token and
// this many beside it. Servers read 0 in different ways, so at least 1 is sent.
func logprobCount(p *sampling.Params) int {
	if !p.Logprobs {
		return 0
	}
	return max(1, p.TopLogprobs)
}
