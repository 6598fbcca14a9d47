package openai

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
)

// A Dialect describes an OpenAI-compatible server. Servers have different names for
// the same parameter. Some refuse an unknown field, and most ignore it silently. A
// Backend sends only the fields of its Dialect, and Params.Extra.
//
// Begin with the nearest of [OpenAI], [LlamaCpp], [VLLM] and [SGLang], and
// change what differs:
//
//	host := openai.OpenAI.With("TopK", "top_k", "-1")
//	host.Name, host.MaxStops = "Example Host", 16
//
// A Dialect is a plain value: a copy can be changed.
type Dialect struct {
	// Name is the server's name in error texts.
	Name string

	// MaxStops, MaxLogprobs and MaxChoices are the server's limits. 0 is unlimited.
	// Stop sequences beyond MaxStops are not sent, since sampling.Model cuts at them
	// anyway. For the others, more is an error.
	MaxStops, MaxLogprobs, MaxChoices int

	// Echo reports that the server can return the prompt's log probabilities (echo
	// with logprobs). Score uses it where there is no better way.
	Echo bool

	// Ignores lists fields of Params.Extra that the server silently ignores or
	// refuses. They are an error before anything is sent.
	Ignores []string

	fields        map[string]field // by the name of the parameter
	maxSeed       uint64           // the greatest; 0 is unlimited
	streamOptions map[string]bool  // by which a stream reports usage
	native        string           // the server whose addresses beside /v1 are known, or ""
	grammar       grammar
	promptCache   string // the field that turns the prompt cache off when it is false, or ""
}

// A field is how a server takes one parameter.
type field struct {
	name string
	off  string         // the JSON sent when the parameter is off; "" sends nothing
	with map[string]any // fields sent beside a value that is not off
}

// params are the names of the parameters that can have a field.
var params = []string{"MaxTokens", "Temperature", "TopP", "TopK", "MinP", "FrequencyPenalty", "PresencePenalty",
	"RepetitionPenalty", "Seed", "Logprobs", "Stop", "Choices"}

// With returns a copy of d with another field for a parameter, named as in
// sampling.Params. "Stop" is Request.Stop, and "Choices" is the number of
// completions that Draw requests. off is the JSON to send when the parameter is off,
// such as 0, -1 or 1. "" leaves the field out, and the server's default applies.
//
// An empty name is a parameter that the server does not know. Asking for it is an
// error wrapping [github.com/foreword-go/foreword/sampling.ErrUnsupported]. But
// without a name for Stop, sampling.Model does all of the cutting, and without a name
// for Seed, no seed is sent. MaxTokens must have a name. [New] refuses an unknown
// parameter.
func (d Dialect) With(param, name, off string) Dialect {
	d.fields = and(d.fields, map[string]field{param: {name: name, off: off}})
	return d
}

// and returns the fields with others added or replaced.
func and(fields, others map[string]field) map[string]field {
	all := map[string]field{}
	maps.Copy(all, fields)
	maps.Copy(all, others)
	return all
}

// common are the fields that all four servers share.
var common = map[string]field{
	"MaxTokens":        {name: "max_tokens"},
	"Temperature":      {name: "temperature"},
	"TopP":             {name: "top_p", off: "1"},
	"FrequencyPenalty": {name: "frequency_penalty", off: "0"},
	"PresencePenalty":  {name: "presence_penalty", off: "0"},
	"Seed":             {name: "seed"},
	"Logprobs":         {name: "logprobs"}, // 0 would request the drawn tokens' own log probabilities
	"Stop":             {name: "stop"},
	"Choices":          {name: "n"},
}

// ofVLLM are the fields of vLLM, which SGLang shares.
var ofVLLM = and(common, map[string]field{
	"TopK":              {name: "top_k", off: "-1"}, // older releases refuse 0
	"MinP":              {name: "min_p", off: "0"},
	"RepetitionPenalty": {name: "repetition_penalty", off: "1"},
})

// Fields that only some servers know, and that the others ignore.
var (
	guided     = []string{"guided_choice", "guided_grammar", "guided_json", "guided_regex"} // of vLLM before 0.12
	ofLlamaCpp = []string{"repeat_penalty", "repeat_last_n", "cache_prompt", "grammar", "n_probs", "mirostat", "samplers"}
)

// OpenAI is OpenAI's own completions API, and what most hosts of base models accept.
// It has no top_k, min_p or repetition penalty, and at most five log probabilities and
// four stop sequences. If a host knows more, use Params.Extra or your own Dialect.
//
// Its answers do not tell a stop sequence from the model's own end of text, so a text
// that the server stopped is reported as EndOfText.
var OpenAI = Dialect{
	Name:          "OpenAI",
	MaxStops:      4,
	MaxLogprobs:   5,
	MaxChoices:    128,
	Echo:          true,
	fields:        common,
	maxSeed:       math.MaxInt64,
	streamOptions: map[string]bool{"include_usage": true},
}

// LlamaCpp is llama.cpp's server. Its defaults are top_k 40, top_p 0.95, min_p 0.05
// and temperature 0.8, so all of them are sent.
//
// Two differences remain. Frequency and presence penalties also count the prompt's
// last tokens, where sampling.Params counts only the continuation. Temperature applies
// after the truncations; Extra's "samplers" changes that. The number of its slots
// limits n. The verbose answer names the stop sequence that ended the text.
var LlamaCpp = Dialect{
	Name: "llama.cpp",
	fields: and(common, map[string]field{
		"TopK": {name: "top_k", off: "0"},
		"MinP": {name: "min_p", off: "0"},
		// By default the penalty sees the last 64 tokens. Some builds refuse -1 for
		// all of them, so a number above most windows is sent.
		"RepetitionPenalty": {name: "repeat_penalty", off: "1", with: map[string]any{"repeat_last_n": 131072}},
		"Logprobs":          {name: "logprobs", off: "0"},
		"Stop":              {name: "stop", with: map[string]any{"verbose": true}},
	}),
	maxSeed:     math.MaxUint32 - 1, // the greatest 32-bit number requests a random seed
	native:      nativeLlamaCpp,
	grammar:     grammar{gbnf: "grammar"},
	promptCache: "cache_prompt",
	Ignores: slices.Concat(guided, []string{"best_of", "echo", "suffix", "repetition_penalty", "stop_token_ids",
		"prompt_logprobs", "response_format", "structured_outputs", "regex", "ebnf"}),
}

// VLLM is vLLM's server. Its defaults come from the model's generation_config.json, so
// every neutral value is sent. It leaves the stop sequence in the text, which tells
// sampling.Model the one that ended it. It reports usage with each chunk, so a stream
// that was left has its cost too.
var VLLM = Dialect{
	Name:        "vLLM",
	MaxStops:    4,  // unless the server was started with another VLLM_MAX_STOP_STRINGS
	MaxLogprobs: 20, // unless with another --max-logprobs
	Echo:        true,
	fields: and(ofVLLM, map[string]field{
		"Stop": {name: "stop", with: map[string]any{"include_stop_str_in_output": true}},
	}),
	maxSeed:       math.MaxInt64,
	streamOptions: map[string]bool{"include_usage": true, "continuous_usage_stats": true},
	native:        nativeVLLM,
	grammar:       grammar{choice: "structured_outputs.choice", regex: "structured_outputs.regex", masked: true},
	Ignores: slices.Concat(guided, ofLlamaCpp, []string{"suffix", "regex", "ebnf",
		"guided_decoding_backend", "guided_whitespace_pattern"}),
}

// SGLang is SGLang's server by its documentation; no test has asked a real one. It
// cuts stop sequences, and may leave the beginning of one that is several tokens
// long. So it is told to leave them in the text, and sampling.Model cuts.
var SGLang = Dialect{
	Name:     "SGLang",
	MaxStops: 32,
	fields: and(ofVLLM, map[string]field{
		"Stop": {name: "stop", with: map[string]any{"no_stop_trim": true}},
	}),
	maxSeed:       math.MaxInt64,
	streamOptions: map[string]bool{"include_usage": true},
	grammar:       grammar{regex: "regex", masked: true},
	Ignores:       slices.Concat(guided, ofLlamaCpp, []string{"suffix", "best_of", "structured_outputs"}),
}

// check finds mistakes that would otherwise appear at the first request.
func (d *Dialect) check() error {
	if d.fields["MaxTokens"].name == "" {
		return invalid("Config.Dialect has no field for MaxTokens; without a limit a base model may never end")
	}
	for param, f := range d.fields {
		if !slices.Contains(params, param) {
			return invalid("Config.Dialect.With has a parameter %q; use one of %q", param, params)
		}
		if f.off != "" && !json.Valid([]byte(f.off)) {
			return invalid("Config.Dialect sends %q when %s is off, which is not JSON; write a number such as 0 or -1", f.off, param)
		}
	}
	return nil
}
