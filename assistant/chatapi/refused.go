package chatapi

import "slices"

// harmless lists the fields that do not change a base model's reply. They are for
// billing, caches or chat templates.
var harmless = []string{
	"user", "safety_identifier", "max_tool_calls", "prompt_cache_options", "reasoning", "prompt_cache_key", "prompt_cache_retention", "metadata",
	"store", "service_tier", "reasoning_effort", "verbosity", "chat_template_kwargs", "keep_alive", "options", "cache_prompt",
}

// without lists the fields that a base model cannot honour. Clients send some of them
// by habit, with a value that asks for nothing.
var without = map[string]struct {
	nothing []string // those values, as JSON without spaces
	why     string   // why all others are refused
}{
	"tools":               {[]string{`[]`}, "a base model calls no tools"},
	"tool_choice":         {[]string{`"none"`, `"auto"`}, "a base model calls no tools"},
	"parallel_tool_calls": {[]string{`false`, `true`}, "a base model calls no tools"},
	"functions":           {[]string{`[]`}, "a base model calls no functions"},
	"function_call":       {[]string{`"none"`, `"auto"`}, "a base model calls no functions"},
	"modalities":          {[]string{`["text"]`, `[]`}, "replies are plain text"},
	"audio":               {nil, "replies are plain text"},
	"logit_bias":          {[]string{`{}`}, "tokens have no ids here"},
	"prediction":          {nil, "replies are not predicted"},
	"web_search_options":  {nil, "this server does not search the web"},

	// Of completions.
	"echo":    {[]string{`false`}, "the answer is the continuation only"},
	"suffix":  {[]string{`""`}, "a base model continues text and does not fill gaps"},
	"best_of": {[]string{`1`}, "use 'n' and choose among the replies"},

	// Of responses.
	"previous_response_id": {nil, "conversations are not stored; send the earlier messages in 'input'"},
	"conversation":         {nil, "conversations are not stored; send the earlier messages in 'input'"},
	"prompt":               {nil, "this server has no prompt templates"},
	"background":           {[]string{`false`}, "a response is drawn while the client waits"},
	"truncation":           {[]string{`"auto"`}, "the oldest turns are dropped when the window is full"},
}

// otherField reads a field that no endpoint uses.
func otherField(v value) {
	field, known := without[v.name]
	switch {
	case slices.Contains(harmless, v.name) || slices.Contains(field.nothing, v.compact()):
		v.ignore()
	case known:
		v.cannot("%s", field.why)
	default:
		v.unknown()
	}
}
