package chatapi

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"

	"github.com/foreword-go/foreword/internal/strictjson"
	"github.com/foreword-go/foreword/sampling"
)

// A request is the body of a POST, at any of the endpoints.
type request struct {
	h       *handler
	fault   *fault          // the first thing that is wrong with it
	given   map[string]bool // the paths of its fields
	ignored []string        // the fields that change nothing here

	dialogue
	prompts      []string // raw prompts, which no persona changes
	messages     int      // how many there were
	params       sampling.Params
	n            int // replies to each prompt
	stop         []string
	stream       bool
	includeUsage bool
	topLogprobs  int
	forget       bool // do not remember the response
	instructions any  // of a response, as they were sent
	constraint   sampling.Constraint
	constrains   value           // the field with the constraint
	json         bool            // the constraint is JSON
	format       json.RawMessage // the format of a response's text, as the client wrote it
}

// choices returns how many replies the request asks for.
func (r *request) choices() int { return r.n * max(1, len(r.prompts)) }

// read reads the body of a request to an endpoint.
func (h *handler) read(e *endpoint, text []byte) (*request, *fault) {
	r := &request{h: h, given: map[string]bool{}, params: h.config.Params, n: 1}
	r.params.Logprobs, r.params.TopLogprobs = false, 0
	body := value{in: r, json: text}
	if body.checkJSON(); r.fault != nil {
		return nil, r.fault
	}
	e.fields.read(body, r)
	for m := range body.members() { // also the parts that no function has read
		if strictjson.Check(m.json, nil) != nil {
			m.bad("has an object with a repeated name, half of a surrogate pair, or is nested too deep")
		}
	}
	r.check(e)
	return r, r.fault
}

func (r *request) check(e *endpoint) {
	prompt := value{in: r, path: e.prompt}
	switch {
	case !r.given[e.prompt]:
		prompt.fail(http.StatusBadRequest, "missing_required_parameter", "'"+e.prompt+"' is missing")
	case r.topLogprobs > 0 && !r.params.Logprobs:
		value{in: r, path: "top_logprobs"}.bad("needs %s", e.logprobs)
	case r.choices() > r.h.limits.Choices:
		prompt.bad("asks for %d choices, with 'n'; at most %d are allowed", r.choices(), r.h.limits.Choices)
	}
	if r.given["top_p"] && r.params.TopP == 0 {
		r.params.Temperature = 0 // OpenAI takes the likeliest token
	}
	if r.params.Logprobs {
		r.params.TopLogprobs = r.topLogprobs
	}
	r.checkConstraint()
}

// commonFields are the fields of all endpoints.
var commonFields = otherFields.with(fields[request]{
	"model": func(r *request, v value) {
		name := v.text()
		if name != "" && name != r.h.config.Name && !r.h.config.AnyModel { // some clients send "" for none
			v.fail(http.StatusNotFound, "model_not_found", r.h.noModel())
		}
	},
	"stream":             func(r *request, v value) { r.stream = v.flag() },
	"stream_options":     func(r *request, v value) { streamFields.read(v, r) },
	"temperature":        func(r *request, v value) { r.params.Temperature = v.number(0, 2) },
	"top_p":              func(r *request, v value) { r.params.TopP = v.number(0, 1) },
	"top_k":              func(r *request, v value) { r.params.TopK = int(v.integer(0, math.MaxInt32)) },
	"min_p":              func(r *request, v value) { r.params.MinP = v.number(0, 1) },
	"frequency_penalty":  func(r *request, v value) { r.params.FrequencyPenalty = v.number(-2, 2) },
	"presence_penalty":   func(r *request, v value) { r.params.PresencePenalty = v.number(-2, 2) },
	"repetition_penalty": func(r *request, v value) { r.params.RepetitionPenalty = v.number(0.01, 10) },
	"seed":               func(r *request, v value) { r.params.Seed = seedOf(v.integer(math.MinInt64, math.MaxInt64)) },
	"stop":               stops,
	"structured_outputs": func(r *request, v value) { structuredFields.read(v, r) },
})

func choices(r *request, v value) { r.n = int(v.integer(1, int64(r.h.limits.Choices))) }

// maxTokens reads the limit of a reply. Agents ask for 32,000 by habit, and -1
// and 0 mean unlimited elsewhere.
func maxTokens(r *request, v value) {
	limit := min(int(v.integer(-1, math.MaxInt32)), r.h.limits.MaxTokens)
	if r.given["max_tokens"] && r.given["max_completion_tokens"] && limit != r.params.MaxTokens {
		v.bad("is %d and its other name is %d; send one of them", limit, r.params.MaxTokens)
	}
	if limit > 0 {
		r.params.MaxTokens = limit
	}
}

func topLogprobs(r *request, v value) { r.topLogprobs = int(v.integer(0, 20)) }

// seedOf maps the signed seeds of OpenAI, where 0 is a seed like others, to the
// positive ones of sampling. The same seed always gives the same one.
func seedOf(seed int64) uint64 {
	if seed > 0 {
		return uint64(seed)
	}
	const other = 0x2545f491
	return (other-uint64(seed))%(1<<30) + 1
}

var streamFields = fields[request]{
	"include_usage":       func(r *request, v value) { r.includeUsage = v.flag() },
	"include_obfuscation": without[request]("events are not padded", "false"),
}

const (
	maxStops    = 16
	maxStopSize = 1000 // bytes of one
)

// stops reads the stop sequences. Some clients send "" for none.
func stops(r *request, v value) {
	for _, s := range v.texts(maxStops) {
		if len(s) > maxStopSize {
			v.bad("has a sequence of %d bytes; at most %d are allowed", len(s), maxStopSize)
		}
		if s != "" && !slices.Contains(r.stop, s) {
			r.stop = append(r.stop, s)
		}
	}
}
