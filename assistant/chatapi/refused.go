package chatapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
)

// harmless are the fields that change nothing about a base model's reply: they
// are for a server's books, its caches or its chat template.
var harmless = []string{
	"user", "safety_identifier", "max_tool_calls", "prompt_cache_options", "reasoning", "prompt_cache_key", "prompt_cache_retention", "metadata",
	"store", "service_tier", "reasoning_effort", "verbosity", "chat_template_kwargs", "keep_alive", "options", "cache_prompt",
}

// without are the fields that a base model cannot honour, each with the values
// that ask for nothing, as JSON without spaces, and with the reason. Clients
// send those values by habit.
var without = map[string]struct {
	nothing []string
	why     string
}{
	"tools":               {[]string{`[]`}, "a base model calls no tools"},
	"tool_choice":         {[]string{`"none"`, `"auto"`}, "a base model calls no tools"},
	"parallel_tool_calls": {[]string{`false`, `true`}, "a base model calls no tools"},
	"functions":           {[]string{`[]`}, "a base model calls no functions"},
	"function_call":       {[]string{`"none"`, `"auto"`}, "a base model calls no functions"},
	"modalities":          {[]string{`["text"]`, `[]`}, "replies are plain text"},
	"audio":               {nil, "replies are plain text"},
	"logit_bias":          {[]string{`{}`}, "tokens have no numbers here"},
	"prediction":          {nil, "replies are not predicted"},
	"web_search_options":  {nil, "nothing is looked up"},

	// Of completions.
	"echo":    {[]string{`false`}, "the answer is the continuation only"},
	"suffix":  {[]string{`""`}, "a base model continues text and does not fill gaps"},
	"best_of": {[]string{`1`}, "use 'n' and choose among the replies"},

	// Of responses.
	"previous_response_id": {nil, "conversations are not stored; send the earlier messages in 'input'"},
	"conversation":         {nil, "conversations are not stored; send the earlier messages in 'input'"},
	"prompt":               {nil, "there are no prompt templates here"},
	"background":           {[]string{`false`}, "a response is drawn while the client waits"},
	"truncation":           {[]string{`"auto"`}, "the oldest turns are left out where the window is full"},
}

// otherField reads the fields that are not for the model.
func otherField(_ *Handler, r *request, m member) *fault {
	if slices.Contains(harmless, m.name) {
		r.ignore(m.name)
		return nil
	}
	field, known := without[m.name]
	if !known {
		return unknown(join("", m.name))
	}
	if slices.Contains(field.nothing, compact(m.value)) {
		r.ignore(m.name)
		return nil
	}
	return cannot(m.name, "%s", field.why)
}

func unknown(param string) *fault {
	return &fault{status: http.StatusBadRequest, code: "unknown_parameter", param: param, message: "unknown field '" + param + "'"}
}

// compact is a JSON text without the white space outside of its strings.
func compact(text json.RawMessage) string {
	var b bytes.Buffer
	_ = json.Compact(&b, text) // which is known to be JSON
	return b.String()
}
