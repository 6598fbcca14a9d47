package wrap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// A question is one call, with everything that its answer may depend on. A Store
// keeps it, and a Cache looks up its key.
type question struct {
	Method        string   `json:"method"` // "sample", "draw", "score", "count", "embed" or "describe"
	N             int      `json:"n,omitempty"`
	Prompt        string   `json:"prompt"`
	Continuations []string `json:"continuations,omitempty"`
	Stop          []string `json:"stop,omitempty"`
	Constraint    string   `json:"constraint,omitempty"`
	Params        *params  `json:"params,omitempty"`
}

type params struct {
	MaxTokens         int             `json:"max_tokens,omitempty"`
	Temperature       float64         `json:"temperature,omitempty"`
	TopP              float64         `json:"top_p,omitempty"`
	TopK              int             `json:"top_k,omitempty"`
	MinP              float64         `json:"min_p,omitempty"`
	FrequencyPenalty  float64         `json:"frequency_penalty,omitempty"`
	PresencePenalty   float64         `json:"presence_penalty,omitempty"`
	RepetitionPenalty float64         `json:"repetition_penalty,omitempty"`
	Seed              uint64          `json:"seed,omitempty"`
	Logprobs          bool            `json:"logprobs,omitempty"`
	TopLogprobs       int             `json:"top_logprobs,omitempty"`
	Extra             json.RawMessage `json:"extra,omitempty"`
}

// ask returns the question of a sample, or of a draw of n. A request that has no
// exact form is an error: text that is not UTF-8, or an Extra that is not JSON.
func ask(method string, req *sampling.Request, n int) (*question, error) {
	p := &req.Params
	q := &question{Method: method, N: n, Prompt: req.Prompt, Stop: req.Stop, Constraint: req.Constraint.Pattern(), Params: &params{
		MaxTokens: maxTokens(req), Temperature: p.Temperature, TopP: p.TopP, TopK: p.TopK, MinP: p.MinP,
		FrequencyPenalty: p.FrequencyPenalty, PresencePenalty: p.PresencePenalty, RepetitionPenalty: p.RepetitionPenalty,
		Seed: p.Seed, Logprobs: p.Logprobs, TopLogprobs: p.TopLogprobs,
	}}
	if p.Temperature == 0 {
		q.Params.Seed = 0 // Model draws one for every request, and here it decides nothing
	}
	if len(p.Extra) > 0 {
		var err error
		if q.Params.Extra, err = canonical(p.Extra); err != nil {
			return nil, fmt.Errorf("%w: Params.Extra is not JSON: %w", sampling.ErrInvalid, err)
		}
	}
	return q, q.check()
}

// check refuses text that JSON would change.
func (q *question) check() error {
	for _, texts := range [][]string{{q.Prompt}, q.Stop, q.Continuations} {
		for _, text := range texts {
			if !utf8.ValidString(text) {
				return fmt.Errorf("%w: %.40q is not valid UTF-8", sampling.ErrInvalid, text)
			}
		}
	}
	return nil
}

// key returns the question as one line. Equal questions have equal lines.
func (q *question) key() (string, error) {
	line, err := encode(q)
	return string(line), err
}

// canonical returns v as JSON that does not depend on its Go type: fields are in the
// order of their names, and an int 1 is the same as a float64 1.
func canonical(v any) ([]byte, error) {
	raw, err := encode(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // a float64 would confuse large integers
	var plain any
	if err := d.Decode(&plain); err != nil {
		return nil, err
	}
	return encode(plain)
}

// encode returns JSON on one line, with <, > and & readable.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
