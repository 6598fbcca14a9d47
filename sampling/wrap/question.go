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

// params has the fields of sampling.Params, in their order.
type params struct {
	MaxTokens         int            `json:"max_tokens,omitempty"`
	Temperature       float64        `json:"temperature,omitempty"`
	TopP              float64        `json:"top_p,omitempty"`
	TopK              int            `json:"top_k,omitempty"`
	MinP              float64        `json:"min_p,omitempty"`
	FrequencyPenalty  float64        `json:"frequency_penalty,omitempty"`
	PresencePenalty   float64        `json:"presence_penalty,omitempty"`
	RepetitionPenalty float64        `json:"repetition_penalty,omitempty"`
	Seed              uint64         `json:"seed,omitempty"`
	Logprobs          bool           `json:"logprobs,omitempty"`
	TopLogprobs       int            `json:"top_logprobs,omitempty"`
	Extra             map[string]any `json:"extra,omitempty"`
}

// ask returns the question of a sample, or of a draw of n. A request that has no
// exact form is an error: text that is not UTF-8, or an Extra that is not JSON.
func ask(method string, req *sampling.Request, n int) (*question, error) {
	p := params(req.Params)
	q := &question{Method: method, N: n, Prompt: req.Prompt, Stop: req.Stop, Constraint: req.Constraint.Pattern(), Params: &p}
	p.MaxTokens = maxTokens(req)
	if p.Temperature == 0 {
		p.Seed = 0 // Model draws one for every request, and here it decides nothing
	}
	if len(p.Extra) > 0 {
		var err error
		if p.Extra, err = plain(p.Extra); err != nil {
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

// plain returns v as maps, slices, texts and numbers. Its JSON does not depend on
// Go types: fields are in the order of their names, and an int 1 is a float64 1.
func plain(v map[string]any) (same map[string]any, err error) {
	raw, err := encode(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // a float64 would confuse large integers
	err = d.Decode(&same)
	return same, err
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
