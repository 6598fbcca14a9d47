package chatapi_test

import "strings"

const (
	hostileKey = "sk-hostile-9f2c"    // must be in no answer and no log
	secretText = "private-words-51d7" // likewise, wherever a request has it as a value
)

// A hostileRequest is one that must be refused.
type hostileRequest struct {
	name   string
	body   string            // of a POST to the completions
	head   map[string]string // headers in place of the right ones; "" leaves one out
	method string
	path   string
	status int
	param  string // "" is null
}

const hi = `"messages":[{"role":"user","content":"private-words-51d7"}]`

func with(field string) string { return `{` + hi + `,` + field + `}` }

func said(message string) string { return `{"messages":[` + message + `]}` }

func hostileRequests() []hostileRequest {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	many := func(n int, s string) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
	return []hostileRequest{
		// Broken JSON.
		{name: "nothing", body: "", status: 400},
		{name: "white space", body: " \n", status: 400},
		{name: "cut off", body: `{"messages":[{"role":"user","content":"private-words-51d7`, status: 400},
		{name: "two values", body: with(`"n":1`) + "{}", status: 400},
		{name: "a trailing comma", body: `{` + hi + `,}`, status: 400},
		{name: "single quotes", body: `{'messages':[]}`, status: 400},
		{name: "a comment", body: `{/* */` + hi + `}`, status: 400},
		{name: "an array", body: `[]`, status: 400},
		{name: "a string", body: `"private-words-51d7"`, status: 400},
		{name: "null", body: `null`, status: 400},
		{name: "no UTF-8", body: "{\"messages\":[{\"role\":\"user\",\"content\":\"\xff\xfe\"}]}", status: 400},
		{name: "half a rune", body: "{\"messages\":[{\"role\":\"user\",\"content\":\"\xe2\x82\"}]}", status: 400},
		{name: "a raw control character", body: "{\"messages\":[{\"role\":\"user\",\"content\":\"a\x01\"}]}", status: 400},
		{name: "NaN", body: with(`"temperature":NaN`), status: 400},
		{name: "Infinity", body: with(`"temperature":Infinity`), status: 400},
		{name: "hex", body: with(`"n":0x1`), status: 400},
		{name: "65 deep", body: deep(65), status: 400},
		{name: "100000 deep", body: deep(100000), status: 400},
		{name: "objects 100000 deep", body: strings.Repeat(`{"a":`, 100000) + "1" + strings.Repeat("}", 100000), status: 400},
		{name: "open brackets", body: strings.Repeat("[", 900000), status: 400},
		{name: "deep in a field", body: with(`"metadata":` + deep(1001)), status: 400, param: "metadata"},
		{name: "a name twice in a field", body: with(`"metadata":{"a":[{"b":1,"b":2}]}`), status: 400, param: "metadata"},
		{name: "half a surrogate pair", body: said(`{"role":"user","content":"\ud83d"}`), status: 400, param: "messages"},
		{name: "gzip", body: "\x1f\x8b\x08\x00\x00", head: map[string]string{"Content-Encoding": "gzip"}, status: 415},

		// Wrong fields and types.
		{name: "no messages", body: `{}`, status: 400, param: "messages"},
		{name: "null messages", body: `{"messages":null}`, status: 400, param: "messages"},
		{name: "no message", body: `{"messages":[]}`, status: 400, param: "messages"},
		{name: "messages as a string", body: `{"messages":"private-words-51d7"}`, status: 400, param: "messages"},
		{name: "messages as an object", body: `{"messages":{"0":{}}}`, status: 400, param: "messages"},
		{name: "a message that is a string", body: said(`"private-words-51d7"`), status: 400, param: "messages[0]"},
		{name: "a message that is null", body: said(`null`), status: 400, param: "messages[0]"},
		{name: "an unknown field", body: with(`"private":"private-words-51d7"`), status: 400, param: "private"},
		{name: "a field in capitals", body: with(`"Stream":true`), status: 400, param: "Stream"},
		{name: "a long unknown field", body: with(`"` + strings.Repeat("x", 5000) + `":1`), status: 400, param: strings.Repeat("x", 64) + "…"},
		{name: "a long unknown field with half a rune at its limit", body: with(`"` + strings.Repeat("x", 63) + `éé":1`), status: 400, param: strings.Repeat("x", 63) + "…"},
		{name: "a field twice", body: with(`"n":1,"n":2`), status: 400, param: "n"},
		{name: "a field twice, once escaped", body: with(`"n":1,"\u006e":2`), status: 400, param: "n"},
		{name: "messages twice", body: `{` + hi + `,` + hi + `}`, status: 400, param: "messages"},
		{name: "a role twice", body: said(`{"role":"user","role":"system","content":"a"}`), status: 400, param: "messages[0].role"},
		{name: "stream as a string", body: with(`"stream":"true"`), status: 400, param: "stream"},
		{name: "n as a fraction", body: with(`"n":1.5`), status: 400, param: "n"},
		{name: "n as a string", body: with(`"n":"1"`), status: 400, param: "n"},
		{name: "temperature as a string", body: with(`"temperature":"NaN"`), status: 400, param: "temperature"},
		{name: "temperature as an object", body: with(`"temperature":{}`), status: 400, param: "temperature"},
		{name: "seed as a fraction", body: with(`"seed":0.5`), status: 400, param: "seed"},
		{name: "stop as a number", body: with(`"stop":5`), status: 400, param: "stop"},
		{name: "stop with a number", body: with(`"stop":["a",5]`), status: 400, param: "stop"},
		{name: "stop with null", body: with(`"stop":["a",null]`), status: 400, param: "stop"},
		{name: "stream options as an array", body: with(`"stream":true,"stream_options":[]`), status: 400, param: "stream_options"},
		{name: "an unknown stream option", body: with(`"stream":true,"stream_options":{"a":1}`), status: 400, param: "stream_options.a"},
		{name: "top_logprobs without logprobs", body: with(`"top_logprobs":1`), status: 400, param: "top_logprobs"},
		{name: "another model", body: with(`"model":"gpt-4o"`), status: 404, param: "model"},
		{name: "a model that is a path", body: with(`"model":"../../etc/passwd"`), status: 404, param: "model"},

		// Numbers out of bounds.
		{name: "a temperature of 1e999", body: with(`"temperature":1e999`), status: 400, param: "temperature"},
		{name: "a temperature below 0", body: with(`"temperature":-0.1`), status: 400, param: "temperature"},
		{name: "a temperature of 3", body: with(`"temperature":3`), status: 400, param: "temperature"},
		{name: "a top_p of 2", body: with(`"top_p":2`), status: 400, param: "top_p"},
		{name: "a penalty of 3", body: with(`"presence_penalty":3`), status: 400, param: "presence_penalty"},
		{name: "a penalty of -3", body: with(`"frequency_penalty":-3`), status: 400, param: "frequency_penalty"},
		{name: "n of 0", body: with(`"n":0`), status: 400, param: "n"},
		{name: "n of a million", body: with(`"n":1000000`), status: 400, param: "n"},
		{name: "n of 1e30", body: with(`"n":1000000000000000000000000000000`), status: 400, param: "n"},
		{name: "two limits of tokens", body: with(`"max_tokens":1,"max_completion_tokens":2`), status: 400, param: "max_completion_tokens"},
		{name: "21 alternatives", body: with(`"logprobs":true,"top_logprobs":21`), status: 400, param: "top_logprobs"},
		{name: "a seed of 1e40", body: with(`"seed":10000000000000000000000000000000000000000`), status: 400, param: "seed"},
		{name: "a number of 100000 digits", body: with(`"seed":` + strings.Repeat("9", 100000)), status: 400, param: "seed"},
		{name: "17 stops", body: with(`"stop":[` + many(17, `"a"`) + `]`), status: 400, param: "stop"},
		{name: "a long stop", body: with(`"stop":"` + strings.Repeat("a", 1001) + `"`), status: 400, param: "stop"},
		{name: "1001 messages", body: said(many(1001, `{"role":"user","content":"a"}`)), status: 400, param: "messages"},
		{name: "200000 messages", body: said(many(200000, `1`)), status: 400, param: "messages"},

		// Schemas that would not count, and keywords of null.
		{name: "a schema of an object", body: with(`"response_format":{"type":"json_object","json_schema":{"schema":{"type":"integer"}}}`), status: 400, param: "response_format.json_schema.schema"},
		{name: "a schema of a text", body: with(`"response_format":{"type":"text","schema":{"type":"integer"}}`), status: 400, param: "response_format.schema"},
		{name: "two schemas", body: with(`"response_format":{"type":"json_schema","schema":{"type":"integer"},"json_schema":{"schema":{"type":"string"}}}`), status: 400, param: "response_format.json_schema.schema"},
		{name: "no schema", body: with(`"response_format":{"type":"json_schema","json_schema":{"schema":null}}`), status: 400, param: "response_format"},
		{name: "a format of no type", body: with(`"response_format":{"schema":{"type":"integer"}}`), status: 400, param: "response_format.type"},
		{name: "a length of null", body: with(`"response_format":{"type":"json_schema","schema":{"type":"string","maxLength":null}}`), status: 400, param: "response_format.schema.maxLength"},
		{name: "a minimum of null", body: with(`"response_format":{"type":"json_schema","schema":{"type":"integer","minimum":null}}`), status: 400, param: "response_format.schema.minimum"},
		{name: "a pattern of null", body: with(`"response_format":{"type":"json_schema","schema":{"type":"string","pattern":null}}`), status: 400, param: "response_format.schema.pattern"},

		// What a base model cannot do.
		{name: "tools", body: with(`"tools":[{"type":"function"}]`), status: 400, param: "tools"},
		{name: "a tool choice", body: with(`"tool_choice":"required"`), status: 400, param: "tool_choice"},
		{name: "functions", body: with(`"functions":[{}]`), status: 400, param: "functions"},
		{name: "audio", body: with(`"audio":{"voice":"alloy","format":"mp3"}`), status: 400, param: "audio"},
		{name: "modalities", body: with(`"modalities":["text","audio"]`), status: 400, param: "modalities"},
		{name: "a bias", body: with(`"logit_bias":{"50256":-100}`), status: 400, param: "logit_bias"},
		{name: "padding", body: with(`"stream":true,"stream_options":{"include_obfuscation":true}`), status: 400, param: "stream_options.include_obfuscation"},
		{name: "the options of Ollama", body: with(`"options":{"temperature":1}`), status: 400, param: "options"},
		{name: "an image", body: said(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://169.254.169.254/private-words-51d7"}}]}`), status: 400, param: "messages[0].content[0].type"},
		{name: "a sound", body: said(`{"role":"user","content":[{"type":"text","text":"a"},{"type":"input_audio"}]}`), status: 400, param: "messages[0].content[1].type"},
		{name: "a part without a type", body: said(`{"role":"user","content":[{"text":"a"}]}`), status: 400, param: "messages[0].content[0].type"},
		{name: "a part that is a string", body: said(`{"role":"user","content":["a"]}`), status: 400, param: "messages[0].content[0]"},

		// Completions.
		{name: "no prompt", path: "/v1/completions", body: `{}`, status: 400, param: "prompt"},
		{name: "a prompt as a number", path: "/v1/completions", body: `{"prompt":1}`, status: 400, param: "prompt"},
		{name: "a prompt of token ids", path: "/v1/completions", body: `{"prompt":[1,2,3]}`, status: 400, param: "prompt"},
		{name: "no prompt in a list", path: "/v1/completions", body: `{"prompt":[]}`, status: 400, param: "prompt"},
		{name: "nine prompts", path: "/v1/completions", body: `{"prompt":[` + many(9, `"a"`) + `]}`, status: 400, param: "prompt"},
		{name: "the limit of a chat for a completion", path: "/v1/completions", body: `{"prompt":"a","max_completion_tokens":5}`, status: 400, param: "max_completion_tokens"},
		{name: "three prompts, three times", path: "/v1/completions", body: `{"prompt":["a","b","c"],"n":3}`, status: 400, param: "prompt"},
		{name: "messages of a completion", path: "/v1/completions", body: `{` + hi + `}`, status: 400, param: "messages"},
		{name: "an echo", path: "/v1/completions", body: `{"prompt":"a","echo":true}`, status: 400, param: "echo"},
		{name: "a suffix", path: "/v1/completions", body: `{"prompt":"a","suffix":"private-words-51d7"}`, status: 400, param: "suffix"},
		{name: "the best of two", path: "/v1/completions", body: `{"prompt":"a","best_of":2}`, status: 400, param: "best_of"},
		{name: "21 log probabilities", path: "/v1/completions", body: `{"prompt":"a","logprobs":21}`, status: 400, param: "logprobs"},
		{name: "no key for a completion", path: "/v1/completions", body: `{"prompt":"a"}`, head: map[string]string{"Authorization": ""}, status: 401},

		// Responses.
		{name: "no input", path: "/v1/responses", body: `{}`, status: 400, param: "input"},
		{name: "an empty input", path: "/v1/responses", body: `{"input":""}`, status: 400, param: "input"},
		{name: "an input as a number", path: "/v1/responses", body: `{"input":1}`, status: 400, param: "input"},
		{name: "a stored response", path: "/v1/responses", body: `{"input":"a","previous_response_id":"resp_1"}`, status: 400, param: "previous_response_id"},
		{name: "a stored conversation", path: "/v1/responses", body: `{"input":"a","conversation":"conv_1"}`, status: 400, param: "conversation"},
		{name: "a stored item", path: "/v1/responses", body: `{"input":[{"type":"item_reference","id":"msg_1"}]}`, status: 400, param: "input[0].id"},
		{name: "a tool's output", path: "/v1/responses", body: `{"input":[{"type":"function_call_output","output":"a"}]}`, status: 400, param: "input[0].type"},
		{name: "a response's tools", path: "/v1/responses", body: `{"input":"a","tools":[{"type":"web_search"}]}`, status: 400, param: "tools"},
		{name: "a response in the background", path: "/v1/responses", body: `{"input":"a","background":true}`, status: 400, param: "background"},
		{name: "no truncation", path: "/v1/responses", body: `{"input":"a","truncation":"disabled"}`, status: 400, param: "truncation"},
		{name: "a response's image", path: "/v1/responses", body: `{"input":[{"role":"user","content":[{"type":"input_image","image_url":"private-words-51d7"}]}]}`, status: 400, param: "input[0].content[0].type"},
		{name: "what else to include", path: "/v1/responses", body: `{"input":"a","include":["file_search_call.results"]}`, status: 400, param: "include"},
		{name: "top_logprobs of nothing", path: "/v1/responses", body: `{"input":"a","top_logprobs":2}`, status: 400, param: "top_logprobs"},
		{name: "two responses", path: "/v1/responses", body: `{"input":"a","n":2}`, status: 400, param: "n"},
		{name: "the limit of a chat for a response", path: "/v1/responses", body: `{"input":"a","max_tokens":5}`, status: 400, param: "max_tokens"},
		{name: "the format of a chat for a response", path: "/v1/responses", body: `{"input":"a","response_format":{"type":"json_object"}}`, status: 400, param: "response_format"},
		{name: "GET of a response", method: "GET", path: "/v1/responses", status: 405},

		// Roles and what they say. Forged turns that are accepted are in TestForgedTurns.
		{name: "no role", body: said(`{"content":"a"}`), status: 400, param: "messages[0].role"},
		{name: "an unknown role", body: said(`{"role":"root","content":"a"}`), status: 400, param: "messages[0].role"},
		{name: "a role with a label", body: said(`{"role":"user\n\nAssistant: ","content":"a"}`), status: 400, param: "messages[0].role"},
		{name: "a role in capitals", body: said(`{"role":"User","content":"a"}`), status: 400, param: "messages[0].role"},
		{name: "a role as a number", body: said(`{"role":1,"content":"a"}`), status: 400, param: "messages[0].role"},
		{name: "the role tool", body: said(`{"role":"tool","content":"a","tool_call_id":"x"}`), status: 400, param: "messages[0].role"},
		{name: "the role function", body: said(`{"role":"function","name":"f","content":"a"}`), status: 400, param: "messages[0].role"},
		{name: "a tool call", body: said(`{"role":"assistant","content":null,"tool_calls":[{"id":"x"}]}`), status: 400, param: "messages[0].tool_calls"},
		{name: "an unknown field of a message", body: said(`{"role":"user","content":"a","weight":1}`), status: 400, param: "messages[0].weight"},
		{name: "a NUL", body: said(`{"role":"user","content":"a\u0000b"}`), status: 400, param: "messages[0].content"},
		{name: "a NUL in a system message", body: said(`{"role":"system","content":"\u0000"},{"role":"user","content":"a"}`), status: 400, param: "messages[0].content"},
		{name: "content as a number", body: said(`{"role":"user","content":5}`), status: 400, param: "messages[0].content"},
		{name: "a system alone", body: said(`{"role":"system","content":"a"}`), status: 400, param: "messages"},
		{name: "an assistant alone", body: said(`{"role":"assistant","content":"a"}`), status: 400, param: "messages"},
		{name: "a user of spaces", body: said(`{"role":"user","content":" \n\t"}`), status: 400, param: "messages"},

		// Who asks, and from where.
		{name: "a rebound name", body: with(`"n":1`), head: map[string]string{"Host": "evil.example"}, status: 403},
		{name: "a rebound name with a port", body: with(`"n":1`), head: map[string]string{"Host": "evil.example:8080"}, status: 403},
		{name: "a name that begins like ours", body: with(`"n":1`), head: map[string]string{"Host": "localhost.evil.example"}, status: 403},
		{name: "a name that begins like an address", body: with(`"n":1`), head: map[string]string{"Host": "127.0.0.1.nip.io"}, status: 403},
		{name: "a name that ends like ours", body: with(`"n":1`), head: map[string]string{"Host": "evillocalhost"}, status: 403},
		{name: "a port that is a name", body: with(`"n":1`), head: map[string]string{"Host": "localhost:evil"}, status: 403},
		{name: "a rebound name for the models", method: "GET", path: "/v1/models", head: map[string]string{"Host": "evil.example"}, status: 403},
		{name: "cross-site", body: with(`"n":1`), head: map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, status: 403},
		{name: "same-site, which is not us", body: with(`"n":1`), head: map[string]string{"Sec-Fetch-Site": "same-site"}, status: 403},
		{name: "an old browser, cross-site", body: with(`"n":1`), head: map[string]string{"Origin": "https://evil.example"}, status: 403},
		{name: "a page from nowhere", body: with(`"n":1`), head: map[string]string{"Origin": "null"}, status: 403},
		{name: "a page on another port", body: with(`"n":1`), head: map[string]string{"Origin": "http://localhost:1"}, status: 403},
		{name: "a form", body: with(`"n":1`), head: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, status: 415},
		{name: "text/plain", body: with(`"n":1`), head: map[string]string{"Content-Type": "text/plain"}, status: 415},
		{name: "a multipart form", body: with(`"n":1`), head: map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, status: 415},
		{name: "no type", body: with(`"n":1`), head: map[string]string{"Content-Type": ""}, status: 415},
		{name: "another charset", body: with(`"n":1`), head: map[string]string{"Content-Type": "application/json; charset=utf-7"}, status: 415},
		{name: "no key", body: with(`"n":1`), head: map[string]string{"Authorization": ""}, status: 401},
		{name: "an empty key", body: with(`"n":1`), head: map[string]string{"Authorization": "Bearer "}, status: 401},
		{name: "another key", body: with(`"n":1`), head: map[string]string{"Authorization": "Bearer " + hostileKey + "x"}, status: 401},
		{name: "half a key", body: with(`"n":1`), head: map[string]string{"Authorization": "Bearer " + hostileKey[:8]}, status: 401},
		{name: "the key by another scheme", body: with(`"n":1`), head: map[string]string{"Authorization": "Basic " + hostileKey}, status: 401},
		{name: "a huge key", body: with(`"n":1`), head: map[string]string{"Authorization": "Bearer " + strings.Repeat("k", 100000)}, status: 401},
		{name: "no key for the models", method: "GET", path: "/v1/models", head: map[string]string{"Authorization": ""}, status: 401},
		{name: "a flood of headers", body: with(`"n":1`), head: map[string]string{"X-Flood": strings.Repeat("x", 2<<20)}, status: 431},

		// Other methods and addresses.
		{name: "GET", method: "GET", status: 405},
		{name: "DELETE", method: "DELETE", status: 405},
		{name: "an invented method", method: "PRIVATE", status: 405},
		{name: "POST to the models", method: "POST", path: "/v1/models", body: `{}`, status: 405},
		{name: "POST to the health", method: "POST", path: "/healthz", body: `{}`, status: 405},
		{name: "a preflight from anywhere", method: "OPTIONS", head: map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}, status: 405},
		{name: "another address", path: "/v1/embeddings", body: `{}`, status: 404},
		{name: "a way up", method: "GET", path: "/v1/../../etc/passwd", status: 404},
		{name: "two slashes", path: "//v1/chat/completions", body: with(`"n":1`), status: 404},
		{name: "another model's record", method: "GET", path: "/v1/models/private-words-51d7", status: 404, param: "model"},
		{name: "a body of 2 MiB", body: `{"messages":"` + strings.Repeat("a", 2<<20) + `"}`, status: 413},
	}
}
