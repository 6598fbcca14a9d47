package openai

import (
	"encoding/json"
	"math"
)

// A Field is how a server calls one parameter.
//
// The zero Field is a parameter that the server does not know: asking for it is
// an error wrapping [github.com/foreword-go/foreword/sampling.ErrUnsupported],
// raised before anything is sent.
type Field struct {
	// Name is the field's name on the wire.
	Name string

	// Zero is the JSON sent when the parameter is off, such as 0, -1 or 1. ""
	// leaves the field out, and then the server's own default applies.
	Zero string

	// With is a JSON object of further fields that are sent beside a value that
	// is not off, such as {"repeat_last_n": 64}.
	With string
}

// A Dialect says what an OpenAI-compatible server knows: the same parameter has
// other names elsewhere, some servers refuse a field they do not know, and most
// ignore it in silence. A Backend sends a server what its Dialect names and
// nothing else, save for the caller's own Params.Extra.
//
// Begin with the nearest of [OpenAI], [LlamaCpp], [VLLM] and [SGLang], and
// change what differs:
//
//	d := openai.OpenAI
//	d.Name, d.TopK = "Example Host", openai.Field{Name: "top_k", Zero: "-1"}
//
// A Dialect is a plain value; do not change one that a Backend was made with.
type Dialect struct {
	// Name is used in error texts.
	Name string

	// One for each of sampling.Params, where it says what they mean. MaxTokens
	// must have a name, and Temperature's and MaxTokens' Zero do not matter, as
	// their value is always sent. A server without a Seed is not told one.
	MaxTokens, Temperature, TopP, TopK, MinP             Field
	FrequencyPenalty, PresencePenalty, RepetitionPenalty Field
	Seed, Logprobs                                       Field

	// Stop carries Request.Stop. Without a name no stop sequence is sent, and
	// sampling.Model does all of the cutting.
	Stop Field

	// Choices carries the number of continuations that Draw asks for.
	Choices Field

	// MaxStops, MaxLogprobs and MaxChoices are how many the server takes at most,
	// and MaxSeed is the greatest seed. 0 is unlimited. Stop sequences beyond
	// MaxStops are not sent, since sampling.Model cuts at them anyway; for the
	// others, more is an error.
	MaxStops, MaxLogprobs, MaxChoices int
	MaxSeed                           uint64

	// StreamOptions is the JSON object by which a streaming server is asked to
	// report usage. "" asks for nothing.
	StreamOptions string

	// Echo says that the server can return the prompt's own log probabilities
	// (echo with logprobs), by which Score works where Native knows no better way.
	Echo bool

	// Native names the server whose own addresses, beside /v1, the backend may
	// use to count, to score and to describe: "llama.cpp", "vLLM", or "" for
	// none. A router in between may not pass them on.
	Native string

	// Grammar is how the server takes a Request.Constraint.
	Grammar Grammar

	// NoPromptCache is the JSON object that has the server read a prompt anew,
	// for Config.NoPromptCache. "" is a server that cannot be told.
	NoPromptCache string

	// Ignores lists the fields in Params.Extra that the server is known to
	// ignore in silence or to refuse. They are an error before anything is sent.
	Ignores []string
}

// OpenAI is OpenAI's own completions API, and what most hosts of base models
// take. It has no top_k, min_p or repetition penalty, five log probabilities
// and four stop sequences at most. A host that knows more takes it by
// Params.Extra or by a Dialect of the caller's own.
//
// Nothing in its answers tells a stop sequence from the model's own end of
// text, so a text that the server stopped is reported as EndOfText.
var OpenAI = Dialect{
	Name:             "OpenAI",
	MaxTokens:        Field{Name: "max_tokens"},
	Temperature:      Field{Name: "temperature"},
	TopP:             Field{Name: "top_p", Zero: "1"},
	FrequencyPenalty: Field{Name: "frequency_penalty", Zero: "0"},
	PresencePenalty:  Field{Name: "presence_penalty", Zero: "0"},
	Seed:             Field{Name: "seed"},
	// 0 would ask for the drawn tokens' own log probabilities: more than none.
	Logprobs:      Field{Name: "logprobs"},
	Stop:          Field{Name: "stop"},
	Choices:       Field{Name: "n"},
	MaxStops:      4,
	MaxLogprobs:   5,
	MaxChoices:    128,
	MaxSeed:       math.MaxInt64,
	StreamOptions: `{"include_usage":true}`,
	Echo:          true,
}

// LlamaCpp is llama.cpp's server. Left alone it samples with top_k 40, top_p
// 0.95, min_p 0.05 and temperature 0.8, so every one of them is sent.
//
// Two things stay its own. It counts the prompt's last tokens in its frequency
// and presence penalties, where sampling.Params counts the continuation alone.
// And it applies temperature after the truncations; Extra's "samplers" changes
// that. It reports usage whatever it is asked, n is limited by its number of
// slots, and the verbose answer names the stop sequence that fired.
var LlamaCpp = Dialect{
	Name:             "llama.cpp",
	MaxTokens:        Field{Name: "max_tokens"},
	Temperature:      Field{Name: "temperature"},
	TopP:             Field{Name: "top_p", Zero: "1"},
	TopK:             Field{Name: "top_k", Zero: "0"},
	MinP:             Field{Name: "min_p", Zero: "0"},
	FrequencyPenalty: Field{Name: "frequency_penalty", Zero: "0"},
	PresencePenalty:  Field{Name: "presence_penalty", Zero: "0"},
	// The penalty looks at the last 64 tokens unless told. Some builds take -1
	// for all of them and some refuse it, so a number beyond most windows.
	RepetitionPenalty: Field{Name: "repeat_penalty", Zero: "1", With: `{"repeat_last_n":131072}`},
	Seed:              Field{Name: "seed"},
	Logprobs:          Field{Name: "logprobs", Zero: "0"},
	Stop:              Field{Name: "stop", With: `{"verbose":true}`},
	Choices:           Field{Name: "n"},
	MaxSeed:           math.MaxUint32 - 1, // the greatest 32-bit number means a random one
	Native:            nativeLlamaCpp,
	Grammar:           Grammar{GBNF: "grammar"},
	NoPromptCache:     `{"cache_prompt":false}`,
	Ignores: []string{"best_of", "echo", "suffix", "repetition_penalty", "guided_choice",
		"guided_grammar", "guided_json", "guided_regex", "stop_token_ids", "prompt_logprobs",
		"response_format", "structured_outputs", "regex", "ebnf"},
}

// VLLM is vLLM's server. Left alone it takes what the model's
// generation_config.json says, so every neutral value is sent. It leaves the
// stop sequence in the text, by which sampling.Model knows which one fired, and
// counts usage in each chunk, so that a stream that was cut has its cost too.
var VLLM = Dialect{
	Name:        "vLLM",
	MaxTokens:   Field{Name: "max_tokens"},
	Temperature: Field{Name: "temperature"},
	TopP:        Field{Name: "top_p", Zero: "1"},
	// Older releases refuse 0; all of them read -1 as off.
	TopK:              Field{Name: "top_k", Zero: "-1"},
	MinP:              Field{Name: "min_p", Zero: "0"},
	FrequencyPenalty:  Field{Name: "frequency_penalty", Zero: "0"},
	PresencePenalty:   Field{Name: "presence_penalty", Zero: "0"},
	RepetitionPenalty: Field{Name: "repetition_penalty", Zero: "1"},
	Seed:              Field{Name: "seed"},
	Logprobs:          Field{Name: "logprobs"},
	Stop:              Field{Name: "stop", With: `{"include_stop_str_in_output":true}`},
	Choices:           Field{Name: "n"},
	MaxStops:          4,  // unless the server was started with another VLLM_MAX_STOP_STRINGS
	MaxLogprobs:       20, // unless with another --max-logprobs
	MaxSeed:           math.MaxInt64,
	StreamOptions:     `{"include_usage":true,"continuous_usage_stats":true}`,
	Echo:              true,
	Native:            nativeVLLM,
	Grammar:           Grammar{Choice: "structured_outputs.choice", Regex: "structured_outputs.regex", Masked: true},
	Ignores: []string{"suffix", "repeat_penalty", "repeat_last_n", "cache_prompt", "grammar", "regex", "ebnf",
		"n_probs", "mirostat", "samplers", "guided_choice", "guided_decoding_backend", "guided_grammar",
		"guided_json", "guided_regex", "guided_whitespace_pattern"},
}

// SGLang is SGLang's server, by its documentation: it was not tried alive. It
// cuts stop sequences, and may leave the beginning of one that is several tokens
// long, so it is asked to leave them in the text, where sampling.Model cuts.
var SGLang = Dialect{
	Name:              "SGLang",
	MaxTokens:         Field{Name: "max_tokens"},
	Temperature:       Field{Name: "temperature"},
	TopP:              Field{Name: "top_p", Zero: "1"},
	TopK:              Field{Name: "top_k", Zero: "-1"},
	MinP:              Field{Name: "min_p", Zero: "0"},
	FrequencyPenalty:  Field{Name: "frequency_penalty", Zero: "0"},
	PresencePenalty:   Field{Name: "presence_penalty", Zero: "0"},
	RepetitionPenalty: Field{Name: "repetition_penalty", Zero: "1"},
	Seed:              Field{Name: "seed"},
	Logprobs:          Field{Name: "logprobs"},
	Stop:              Field{Name: "stop", With: `{"no_stop_trim":true}`},
	Choices:           Field{Name: "n"},
	Grammar:           Grammar{Regex: "regex", Masked: true},
	MaxStops:          32,
	MaxSeed:           math.MaxInt64,
	StreamOptions:     `{"include_usage":true}`,
	Ignores: []string{"suffix", "best_of", "repeat_penalty", "repeat_last_n", "cache_prompt", "grammar",
		"n_probs", "mirostat", "samplers", "structured_outputs", "guided_choice", "guided_grammar", "guided_json", "guided_regex"},
}

// check finds what would only come out at the first request.
func (d *Dialect) check() error {
	if d.MaxTokens.Name == "" {
		return invalid("Config.Dialect.MaxTokens has no name; without a limit a base model may never end")
	}
	for _, f := range []struct {
		name string
		Field
	}{
		{"MaxTokens", d.MaxTokens}, {"Temperature", d.Temperature}, {"TopP", d.TopP}, {"TopK", d.TopK},
		{"MinP", d.MinP}, {"FrequencyPenalty", d.FrequencyPenalty}, {"PresencePenalty", d.PresencePenalty},
		{"RepetitionPenalty", d.RepetitionPenalty}, {"Seed", d.Seed}, {"Logprobs", d.Logprobs},
		{"Stop", d.Stop}, {"Choices", d.Choices},
	} {
		if f.Zero != "" && !json.Valid([]byte(f.Zero)) {
			return invalid("Config.Dialect.%s.Zero is %q, which is not JSON; write a number such as 0 or -1", f.name, f.Zero)
		}
		if !isObject(f.With) {
			return invalid(`Config.Dialect.%s.With is %q; write a JSON object such as {"verbose":true}`, f.name, f.With)
		}
	}
	if !isObject(d.NoPromptCache) {
		return invalid(`Config.Dialect.NoPromptCache is %q; write a JSON object such as {"cache_prompt":false}`, d.NoPromptCache)
	}
	if !isObject(d.StreamOptions) {
		return invalid(`Config.Dialect.StreamOptions is %q; write a JSON object such as {"include_usage":true}`, d.StreamOptions)
	}
	switch d.Native {
	case "", nativeLlamaCpp, nativeVLLM:
	default:
		return invalid("Config.Dialect.Native is %q; use %q, %q or nothing", d.Native, nativeLlamaCpp, nativeVLLM)
	}
	return nil
}

func isObject(s string) bool {
	return s == "" || json.Unmarshal([]byte(s), new(map[string]json.RawMessage)) == nil
}
