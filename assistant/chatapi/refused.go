package chatapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// harmless are the fields that change nothing about a base model's reply: they
// are for a server's books, its caches or its chat template.
var harmless = []string{
	"user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "metadata",
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
	"response_format":     {[]string{`{"type":"text"}`}, "replies are plain text"},
	"modalities":          {[]string{`["text"]`, `[]`}, "replies are plain text"},
	"audio":               {nil, "replies are plain text"},
	"logit_bias":          {[]string{`{}`}, "tokens have no numbers here"},
	"prediction":          {nil, "replies are not predicted"},
	"web_search_options":  {nil, "nothing is looked up"},
}

// others reads the fields that are not for the model.
func (m member) others() *fault {
	if slices.Contains(harmless, m.name) {
		return nil
	}
	field, known := without[m.name]
	if !known {
		return unknown(join("", m.name))
	}
	if slices.Contains(field.nothing, compact(m.value)) {
		return nil
	}
	return cannot(m.name, field.why)
}

func unknown(param string) *fault {
	return &fault{status: http.StatusBadRequest, code: "unknown_parameter", param: param, message: "unknown field '" + param + "'"}
}

// compact is a JSON text without the white space outside of its strings.
func compact(text json.RawMessage) string {
	var v any
	if json.Unmarshal(text, &v) != nil {
		return ""
	}
	var b strings.Builder
	if json.NewEncoder(&b).Encode(v) != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}
