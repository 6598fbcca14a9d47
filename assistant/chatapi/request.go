package chatapi

import (
	"math"
	"slices"

	"github.com/foreword-go/foreword/sampling"
)

// A request is what the body of POST /v1/chat/completions asks for.
type request struct {
	given map[string]bool // the fields that it has

	dialogue
	params       sampling.Params
	n            int
	stop         []string
	stream       bool
	includeUsage bool
	wantLogprobs bool
	topLogprobs  int
	messages     int // how many there were
}

// read reads the body of a request.
func (h *Handler) read(body []byte) (*request, *fault) {
	if f := checkJSON(body); f != nil {
		return nil, f
	}
	members, f := object(body, "")
	if f != nil {
		return nil, f
	}
	r := &request{given: map[string]bool{}, params: h.config.Params, n: 1}
	for _, m := range members {
		if m.isNull() {
			continue
		}
		r.given[m.name] = true
		if f := h.field(r, m); f != nil {
			return nil, f
		}
	}
	return r, r.check()
}

// check looks at fields that depend on each other.
func (r *request) check() *fault {
	switch {
	case !r.given["messages"]:
		return &fault{status: 400, code: "missing_required_parameter", param: "messages", message: "'messages' is missing"}
	case r.given["top_logprobs"] && !r.wantLogprobs:
		return badField("top_logprobs", "is for requests with 'logprobs' set to true")
	}
	r.params.Logprobs, r.params.TopLogprobs = false, 0
	if r.wantLogprobs {
		r.params.Logprobs, r.params.TopLogprobs = true, r.topLogprobs
	}
	return nil
}

// field reads one field of the body.
func (h *Handler) field(r *request, m member) (f *fault) {
	p := &r.params
	switch m.name {
	case "messages":
		f = h.messages(r, m)
	case "model":
		name, bad := m.text(m.name)
		if bad == nil && name != "" && name != h.config.Name && !h.config.AnyModel { // some clients send "" for none
			bad = h.noModel()
		}
		f = bad
	case "stream":
		r.stream, f = m.flag(m.name)
	case "stream_options":
		f = r.streamOptions(m)
	case "n":
		r.n, f = m.count(h.limits.Choices)
	case "max_tokens", "max_completion_tokens":
		// Agents ask for 32,000 by habit, and -1 and 0 are no limit elsewhere.
		n, bad := m.integer(m.name, -1, math.MaxInt32)
		asked := min(int(n), h.limits.MaxTokens)
		if bad == nil && r.given["max_tokens"] && r.given["max_completion_tokens"] && asked != p.MaxTokens {
			bad = badField(m.name, "says %d and its other name %d; send one of them", asked, p.MaxTokens)
		}
		if f = bad; asked > 0 {
			p.MaxTokens = asked
		}
	case "temperature":
		// Of 0 by top_p see there.
		if t, bad := m.number(m.name, 0, 2); bad != nil || !(r.given["top_p"] && p.TopP == 0) {
			p.Temperature, f = t, bad
		}
	case "top_p":
		p.TopP, f = m.number(m.name, 0, 1)
		if p.TopP == 0 {
			// For OpenAI the likeliest token alone, for sampling.Params no limit.
			p.Temperature = 0
		}
	case "top_k":
		k, bad := m.integer(m.name, 0, math.MaxInt32)
		p.TopK, f = int(k), bad
	case "min_p":
		p.MinP, f = m.number(m.name, 0, 1)
	case "frequency_penalty":
		p.FrequencyPenalty, f = m.number(m.name, -2, 2)
	case "presence_penalty":
		p.PresencePenalty, f = m.number(m.name, -2, 2)
	case "repetition_penalty":
		p.RepetitionPenalty, f = m.number(m.name, 0.01, 10)
	case "seed":
		seed, bad := m.integer(m.name, math.MinInt64, math.MaxInt64)
		p.Seed, f = seedOf(seed), bad
	case "stop":
		f = r.stops(m)
	case "logprobs":
		r.wantLogprobs, f = m.flag(m.name)
	case "top_logprobs":
		n, bad := m.integer(m.name, 0, 20)
		r.topLogprobs, f = int(n), bad
	default:
		f = m.others()
	}
	return f
}

func (m member) count(most int) (int, *fault) {
	n, f := m.integer(m.name, 1, int64(most))
	return int(n), f
}

// seedOf maps the seeds of OpenAI, which are signed and of which none is
// special, to those of sampling, of which 0 is and servers take only positive
// ones. Which one it is doesn't matter as long as it is always the same.
func seedOf(seed int64) uint64 {
	if seed > 0 {
		return uint64(seed)
	}
	const other = 0x2545f491
	return (other-uint64(seed))%(1<<30) + 1
}

func (r *request) streamOptions(m member) *fault {
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
func (r *request) stops(m member) *fault {
	var list []string
	if one, f := m.text(m.name); f == nil {
		list = []string{one}
	} else {
		elements, f := m.list(m.name)
		if f != nil {
			return badField(m.name, "must be a string or an array of strings")
		}
		if len(elements) > maxStops {
			return badField(m.name, "has %d sequences; at most %d are allowed", len(elements), maxStops)
		}
		for _, e := range elements {
			s, f := member{value: e}.text(m.name)
			if f != nil || string(e) == "null" {
				return badField(m.name, "must be a string or an array of strings")
			}
			list = append(list, s)
		}
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
