package chatapi

import (
	"maps"
	"net/http"
	"slices"
)

// fields has, for each field of a JSON object, the function that reads it into a T.
type fields[T any] map[string]func(into *T, v value)

// read reads the fields of an object. null means that a field is absent.
func (f fields[T]) read(v value, into *T) {
	for m := range v.members() {
		if string(m.json) == "null" {
			continue
		}
		v.in.given[m.path] = true
		if read := f[m.name]; read != nil {
			read(into, m)
		} else {
			m.fail(http.StatusBadRequest, "unknown_parameter", "unknown field '"+m.path+"'; remove it")
		}
	}
}

// with adds fields, which replace others of their names.
func (f fields[T]) with(more ...fields[T]) fields[T] {
	all := maps.Clone(f)
	for _, m := range more {
		maps.Copy(all, m)
	}
	return all
}

// ignored returns fields that change nothing.
func ignored[T any](names ...string) fields[T] {
	f := fields[T]{}
	for _, name := range names {
		f[name] = func(_ *T, v value) { v.ignore() }
	}
	return f
}

// refused returns fields that a base model cannot honour.
func refused[T any](why string, names ...string) fields[T] {
	f := fields[T]{}
	for _, name := range names {
		f[name] = without[T](why)
	}
	return f
}

// instead refuses fields that have another name here.
func instead(name string, others ...string) fields[request] {
	return refused[request]("use '"+name+"'", others...)
}

// without reads a field that a base model cannot honour. Clients send some of them by
// habit, with one of the values that ask for nothing, as JSON without spaces.
func without[T any](why string, nothing ...string) func(*T, value) {
	return func(_ *T, v value) {
		if slices.Contains(nothing, v.compact()) {
			v.ignore()
		} else {
			v.cannot("%s", why)
		}
	}
}

const (
	noTools   = "a base model calls no tools; leave them out"
	notKept   = "conversations are not stored; send the earlier messages in 'input'"
	onlyText  = "only text parts are supported"
	plainText = "a message is plain text; remove it"

	onlyReplies = "replies are plain text; remove it"
)

// otherFields change nothing here or are refused, at all endpoints. The ignored ones are
// for billing, caches or chat templates.
var otherFields = ignored[request](
	"user", "safety_identifier", "max_tool_calls", "prompt_cache_options", "reasoning", "prompt_cache_key", "prompt_cache_retention", "metadata",
	"store", "service_tier", "reasoning_effort", "verbosity", "chat_template_kwargs", "keep_alive", "cache_prompt",
).with(fields[request]{
	"tools":               without[request](noTools, `[]`),
	"tool_choice":         without[request](noTools, `"none"`, `"auto"`),
	"parallel_tool_calls": without[request](noTools, `false`, `true`),
	"functions":           without[request](noTools, `[]`),
	"function_call":       without[request](noTools, `"none"`, `"auto"`),
	"modalities":          without[request](onlyReplies, `["text"]`, `[]`),
	"logit_bias":          without[request]("tokens have no ids here; remove it", `{}`),

	// Of Ollama.
	"options": without[request]("send its values as fields of the request, such as 'temperature'", `{}`),

	// Of completions.
	"echo":    without[request]("the answer is the continuation only; set it to false", `false`),
	"suffix":  without[request]("a base model continues text and does not fill gaps; remove it", `""`),
	"best_of": without[request]("use 'n' and choose among the replies", `1`),

	// Of responses.
	"background": without[request]("a response is drawn while the client waits; set it to false", `false`),
	"truncation": without[request]("the oldest turns are dropped when the window is full; set it to auto", `"auto"`),
},
	refused[request](onlyReplies, "audio"),
	refused[request]("replies are not predicted; remove it", "prediction"),
	refused[request]("this server does not search the web; remove it", "web_search_options"),
	refused[request](notKept, "previous_response_id", "conversation"),
	instead("structured_outputs", "guided_json", "guided_regex", "guided_choice"), // of older vLLM
)
