package chatapi

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// A request is what the body of a POST asks for, at any of the endpoints.
type request struct {
	given   map[string]bool // the fields that it has
	ignored []string        // those that change nothing here

	dialogue
	prompts      []string // raw ones, which no persona sees
	messages     int      // how many there were
	params       sampling.Params
	n            int // replies to each prompt
	stop         []string
	stream       bool
	includeUsage bool
	topLogprobs  int
	forget       bool // the response is not to be remembered
	constraint   sampling.Constraint
	constrains   string          // the field that asks for it
	json         bool            // the constraint is JSON
	format       json.RawMessage // as the client wrote it
}

// choices is how many replies the request asks for.
func (r *request) choices() int { return r.n * max(1, len(r.prompts)) }

// A field reads one field of a request's body.
type field func(h *Handler, r *request, m member) *fault

// read reads the body of a request to an endpoint.
func (h *Handler) read(e *endpoint, body []byte) (*request, *fault) {
	if f := checkJSON(body); f != nil {
		return nil, f
	}
	members, f := object(body, "")
	if f != nil {
		return nil, f
	}
	r := &request{given: map[string]bool{}, params: h.config.Params, n: 1}
	r.params.Logprobs, r.params.TopLogprobs = false, 0
	for _, m := range members {
		if m.isNull() {
			continue
		}
		r.given[m.name] = true
		read := e.fields[m.name]
		if read == nil {
			read = commonFields[m.name]
		}
		if read == nil {
			read = otherField
		}
		if f := read(h, r, m); f != nil {
			return nil, f
		}
	}
	if f := checkStrict(body); f != nil {
		return nil, f
	}
	return r, h.check(r, e)
}

// check looks at fields that depend on each other.
func (h *Handler) check(r *request, e *endpoint) *fault {
	switch {
	case !r.given[e.prompt]:
		return &fault{status: 400, code: "missing_required_parameter", param: e.prompt, message: "'" + e.prompt + "' is missing"}
	case r.given["top_logprobs"] && !r.params.Logprobs:
		return badField("top_logprobs", "needs %s", e.logprobs)
	case r.choices() > h.limits.Choices:
		return badField(e.prompt, "asks for %d choices, with 'n'; at most %d are allowed", r.choices(), h.limits.Choices)
	}
	if r.params.Logprobs {
		r.params.TopLogprobs = r.topLogprobs
	}
	return h.checkConstraint(r)
}

// commonFields are the fields that all endpoints have.
var commonFields = map[string]field{
	"model": func(h *Handler, r *request, m member) *fault {
		name, f := m.text(m.name)
		if f == nil && name != "" && name != h.config.Name && !h.config.AnyModel { // some clients send "" for none
			f = h.noModel()
		}
		return f
	},
	"stream":         func(_ *Handler, r *request, m member) (f *fault) { r.stream, f = m.flag(m.name); return f },
	"stream_options": streamOptions,
	"temperature": func(_ *Handler, r *request, m member) *fault {
		t, f := m.number(m.name, 0, 2)
		if f == nil && !(r.given["top_p"] && r.params.TopP == 0) {
			r.params.Temperature = t
		}
		return f
	},
	"top_p": func(_ *Handler, r *request, m member) (f *fault) {
		if r.params.TopP, f = m.number(m.name, 0, 1); r.params.TopP == 0 {
			// For OpenAI the likeliest token alone, for sampling.Params no limit.
			r.params.Temperature = 0
		}
		return f
	},
	"top_k": func(_ *Handler, r *request, m member) *fault {
		k, f := m.integer(m.name, 0, math.MaxInt32)
		r.params.TopK = int(k)
		return f
	},
	"min_p":              number(0, 1, func(p *sampling.Params) *float64 { return &p.MinP }),
	"frequency_penalty":  number(-2, 2, func(p *sampling.Params) *float64 { return &p.FrequencyPenalty }),
	"presence_penalty":   number(-2, 2, func(p *sampling.Params) *float64 { return &p.PresencePenalty }),
	"repetition_penalty": number(0.01, 10, func(p *sampling.Params) *float64 { return &p.RepetitionPenalty }),
	"seed": func(_ *Handler, r *request, m member) *fault {
		seed, f := m.integer(m.name, math.MinInt64, math.MaxInt64)
		r.params.Seed = seedOf(seed)
		return f
	},
	"stop":               stops,
	"structured_outputs": structuredOutputs,
}

// number reads a field into a parameter.
func number(lo, hi float64, of func(*sampling.Params) *float64) field {
	return func(_ *Handler, r *request, m member) (f *fault) {
		*of(&r.params), f = m.number(m.name, lo, hi)
		return f
	}
}

// choices reads how many replies are asked for.
func choices(h *Handler, r *request, m member) *fault {
	n, f := m.integer(m.name, 1, int64(h.limits.Choices))
	r.n = int(n)
	return f
}

// maxTokens reads the limit of a reply. Agents ask for 32,000 by habit, and -1
// and 0 mean unlimited elsewhere.
func maxTokens(h *Handler, r *request, m member) *fault {
	n, f := m.integer(m.name, -1, math.MaxInt32)
	asked := min(int(n), h.limits.MaxTokens)
	if f == nil && r.given["max_tokens"] && r.given["max_completion_tokens"] && asked != r.params.MaxTokens {
		f = badField(m.name, "says %d and its other name %d; send one of them", asked, r.params.MaxTokens)
	}
	if asked > 0 {
		r.params.MaxTokens = asked
	}
	return f
}

// topLogprobs reads how many log probabilities are wanted beside the drawn token's.
func topLogprobs(_ *Handler, r *request, m member) *fault {
	n, f := m.integer(m.name, 0, 20)
	r.topLogprobs = int(n)
	return f
}

// seedOf maps the seeds of OpenAI, which are signed and of which none is
// special, to those of sampling, of which 0 is and servers take only positive
// ones. The same seed always gives the same one.
func seedOf(seed int64) uint64 {
	if seed > 0 {
		return uint64(seed)
	}
	const other = 0x2545f491
	return (other-uint64(seed))%(1<<30) + 1
}

func streamOptions(_ *Handler, r *request, m member) *fault {
	options, f := object(m.value, m.name)
	for _, o := range options {
		param := join(m.name, o.name)
		on, bad := false, (*fault)(nil)
		switch {
		case o.isNull():
			continue
		case o.name == "include_usage":
			r.includeUsage, bad = o.flag(param)
		case o.name == "include_obfuscation":
			if on, bad = o.flag(param); bad == nil && on {
				bad = cannot(param, "events are not padded")
			}
		default:
			bad = unknown(param)
		}
		if bad != nil {
			return bad
		}
	}
	return f
}

const (
	maxStops    = 16
	maxStopSize = 1000 // bytes of one
)

// stops reads stop sequences: one string or a list.
func stops(_ *Handler, r *request, m member) *fault {
	list, f := m.texts(m.name, maxStops)
	if f != nil {
		return f
	}
	for _, s := range list {
		switch {
		case s == "": // some clients send "" for none
		case len(s) > maxStopSize:
			return badField(m.name, "has a sequence of %d bytes; at most %d are allowed", len(s), maxStopSize)
		case !slices.Contains(r.stop, s):
			r.stop = append(r.stop, s)
		}
	}
	return nil
}

// ignore notes a field that changes nothing, for the log.
func (r *request) ignore(name string) {
	if i := strings.IndexByte(name, '['); i >= 0 { // one entry for all elements of a list
		name = name[:i] + name[strings.LastIndexByte(name, ']')+1:]
	}
	if !slices.Contains(r.ignored, name) {
		r.ignored = append(r.ignored, name)
	}
}
