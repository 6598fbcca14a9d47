package openai

import (
	"encoding/json"
	"math"
	"slices"
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

// A Dialect describes an OpenAI-compatible server. Servers have different names for
// the same parameter. Some refuse an unknown field, and most ignore it silently. A
// Backend sends only the fields of its Dialect, and Params.Extra.
//
// Begin with the nearest of [OpenAI], [LlamaCpp], [VLLM] and [SGLang], and
// change what differs:
//
//	host := openai.OpenAI.With("TopK", openai.Field{Name: "top_k", Zero: "-1"})
//	host.Name, host.MaxStops = "Example Host", 16
//
// A Dialect is a plain value: a copy can be changed.
type Dialect struct {
	// Name is the server's name in error texts.
	Name string

	// MaxStops, MaxLogprobs and MaxChoices are the server's limits. 0 is unlimited. Stop sequences beyond MaxStops are not sent, since
	// sampling.Model cuts at them anyway. For the others, more is an error.
	MaxStops, MaxLogprobs, MaxChoices int

	// Echo reports that the server can return the prompt's log probabilities (echo
	// with logprobs). Score uses it where there is no better way.
	Echo bool

	// Ignores lists fields of Params.Extra that the server silently ignores or
	// refuses. They are an error before anything is sent.
	Ignores []string

	maxTokens, temperature, topP, topK, minP             Field
	frequencyPenalty, presencePenalty, repetitionPenalty Field
	seed, logprobs, stop, choices                        Field

	maxSeed       uint64 // the greatest; 0 is unlimited
	streamOptions string // the JSON object by which a stream reports usage
	native        string // the server whose addresses beside /v1 are known, or ""
	grammar       grammar
	noPromptCache string // the JSON object that has a prompt read anew, or ""
	unknown       string // a parameter of With that there is not
}

// With returns a copy of d with another field for a parameter, named as in
// sampling.Params. "Stop" is Request.Stop, and "Choices" is the number of completions
// that Draw requests. MaxTokens must have a name. Without a name for Stop,
// sampling.Model does all of the cutting. Without a name for Seed, no seed is sent.
// [New] refuses an unknown parameter.
func (d Dialect) With(param string, f Field) Dialect {
	if at := d.field(param); at != nil {
		*at = f
	} else {
		d.unknown = param
	}
	return d
}

// Field returns the server's field for a parameter, as With takes it.
func (d Dialect) Field(param string) Field {
	if at := d.field(param); at != nil {
		return *at
	}
	return Field{}
}

// params are the names of the parameters that have a Field.
var params = []string{"MaxTokens", "Temperature", "TopP", "TopK", "MinP", "FrequencyPenalty", "PresencePenalty",
	"RepetitionPenalty", "Seed", "Logprobs", "Stop", "Choices"}

func (d *Dialect) field(param string) *Field {
	all := [...]*Field{&d.maxTokens, &d.temperature, &d.topP, &d.topK, &d.minP, &d.frequencyPenalty, &d.presencePenalty,
		&d.repetitionPenalty, &d.seed, &d.logprobs, &d.stop, &d.choices}
	if i := slices.Index(params, param); i >= 0 {
		return all[i]
	}
	return nil
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
	maxTokens:        Field{Name: "max_tokens"},
	temperature:      Field{Name: "temperature"},
	topP:             Field{Name: "top_p", Zero: "1"},
	frequencyPenalty: Field{Name: "frequency_penalty", Zero: "0"},
	presencePenalty:  Field{Name: "presence_penalty", Zero: "0"},
	seed:             Field{Name: "seed"},
	// 0 would ask for the drawn tokens' own log probabilities: more than none.
	logprobs:      Field{Name: "logprobs"},
	stop:          Field{Name: "stop"},
	choices:       Field{Name: "n"},
	MaxStops:      4,
	MaxLogprobs:   5,
	MaxChoices:    128,
	maxSeed:       math.MaxInt64,
	streamOptions: `{"include_usage":true}`,
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
	maxTokens:        Field{Name: "max_tokens"},
	temperature:      Field{Name: "temperature"},
	topP:             Field{Name: "top_p", Zero: "1"},
	topK:             Field{Name: "top_k", Zero: "0"},
	minP:             Field{Name: "min_p", Zero: "0"},
	frequencyPenalty: Field{Name: "frequency_penalty", Zero: "0"},
	presencePenalty:  Field{Name: "presence_penalty", Zero: "0"},
	// The penalty looks at the last 64 tokens unless told. Some builds take -1
	// for all of them and some refuse it, so a number beyond most windows.
	repetitionPenalty: Field{Name: "repeat_penalty", Zero: "1", With: `{"repeat_last_n":131072}`},
	seed:              Field{Name: "seed"},
	logprobs:          Field{Name: "logprobs", Zero: "0"},
	stop:              Field{Name: "stop", With: `{"verbose":true}`},
	choices:           Field{Name: "n"},
	maxSeed:           math.MaxUint32 - 1, // the greatest 32-bit number means a random one
	native:            nativeLlamaCpp,
	grammar:           grammar{gbnf: "grammar"},
	noPromptCache:     `{"cache_prompt":false}`,
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
	maxTokens:   Field{Name: "max_tokens"},
	temperature: Field{Name: "temperature"},
	topP:        Field{Name: "top_p", Zero: "1"},
	// Older releases refuse 0; all of them read -1 as off.
	topK:              Field{Name: "top_k", Zero: "-1"},
	minP:              Field{Name: "min_p", Zero: "0"},
	frequencyPenalty:  Field{Name: "frequency_penalty", Zero: "0"},
	presencePenalty:   Field{Name: "presence_penalty", Zero: "0"},
	repetitionPenalty: Field{Name: "repetition_penalty", Zero: "1"},
	seed:              Field{Name: "seed"},
	logprobs:          Field{Name: "logprobs"},
	stop:              Field{Name: "stop", With: `{"include_stop_str_in_output":true}`},
	choices:           Field{Name: "n"},
	MaxStops:          4,  // unless the server was started with another VLLM_MAX_STOP_STRINGS
	MaxLogprobs:       20, // unless with another --max-logprobs
	maxSeed:           math.MaxInt64,
	streamOptions:     `{"include_usage":true,"continuous_usage_stats":true}`,
	Echo:              true,
	native:            nativeVLLM,
	grammar:           grammar{choice: "structured_outputs.choice", regex: "structured_outputs.regex", masked: true},
	Ignores: []string{"suffix", "repeat_penalty", "repeat_last_n", "cache_prompt", "grammar", "regex", "ebnf",
		"n_probs", "mirostat", "samplers", "guided_choice", "guided_decoding_backend", "guided_grammar",
		"guided_json", "guided_regex", "guided_whitespace_pattern"},
}

// SGLang is SGLang's server, by its documentation: it was not tried alive. It
// cuts stop sequences, and may leave the beginning of one that is several tokens
// long, so it is asked to leave them in the text, where sampling.Model cuts.
var SGLang = Dialect{
	Name:              "SGLang",
	maxTokens:         Field{Name: "max_tokens"},
	temperature:       Field{Name: "temperature"},
	topP:              Field{Name: "top_p", Zero: "1"},
	topK:              Field{Name: "top_k", Zero: "-1"},
	minP:              Field{Name: "min_p", Zero: "0"},
	frequencyPenalty:  Field{Name: "frequency_penalty", Zero: "0"},
	presencePenalty:   Field{Name: "presence_penalty", Zero: "0"},
	repetitionPenalty: Field{Name: "repetition_penalty", Zero: "1"},
	seed:              Field{Name: "seed"},
	logprobs:          Field{Name: "logprobs"},
	stop:              Field{Name: "stop", With: `{"no_stop_trim":true}`},
	choices:           Field{Name: "n"},
	grammar:           grammar{regex: "regex", masked: true},
	MaxStops:          32,
	maxSeed:           math.MaxInt64,
	streamOptions:     `{"include_usage":true}`,
	Ignores: []string{"suffix", "best_of", "repeat_penalty", "repeat_last_n", "cache_prompt", "grammar",
		"n_probs", "mirostat", "samplers", "structured_outputs", "guided_choice", "guided_grammar", "guided_json", "guided_regex"},
}

// check finds what would only come out at the first request.
func (d *Dialect) check() error {
	if d.unknown != "" {
		return invalid("Config.Dialect.With has a parameter %q; use one of %q", d.unknown, params)
	}
	if d.maxTokens.Name == "" {
		return invalid("Config.Dialect has no field for MaxTokens; without a limit a base model may never end")
	}
	for _, param := range params {
		f := d.field(param)
		if f.Zero != "" && !json.Valid([]byte(f.Zero)) {
			return invalid("the Zero of Config.Dialect for %s is %q, which is not JSON; write a number such as 0 or -1", param, f.Zero)
		}
		if f.With != "" && json.Unmarshal([]byte(f.With), new(map[string]json.RawMessage)) != nil {
			return invalid(`the With of Config.Dialect for %s is %q; write a JSON object such as {"verbose":true}`, param, f.With)
		}
	}
	return nil
}
