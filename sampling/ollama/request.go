package ollama

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"math"
	"slices"

	"github.com/foreword-go/foreword/sampling"
)

// mostLogprobs is the number of alternatives that Ollama reports at most.
const mostLogprobs = 20

// body returns the JSON to send for req. It refuses what Ollama would ignore.
func (b *Backend) body(ctx context.Context, req *sampling.Request) ([]byte, error) {
	if err := req.Validate(); err != nil {
		return nil, &sampling.Error{Backend: backendName, Err: err}
	}
	if !req.Constraint.IsZero() {
		return nil, unsupported("Request.Constraint: Ollama enforces none on a raw prompt")
	}
	if req.Prompt == "" {
		return nil, unsupported("an empty prompt, which Ollama reads as a request to load the model; begin with a line break or a word")
	}
	v, err := b.version(ctx)
	if err != nil {
		return nil, err
	}
	switch p := &req.Params; {
	case p.TopLogprobs > mostLogprobs:
		return nil, unsupported("Params.TopLogprobs of %d; Ollama reports at most %d", p.TopLogprobs, mostLogprobs)
	case p.Logprobs && v.before(knowsLogprobs):
		return nil, unsupported("Params.Logprobs in Ollama %v; %v and later report them", v, knowsLogprobs)
	}
	if err := b.checkPenalties(ctx, v, &req.Params); err != nil {
		return nil, err
	}
	if err := b.checkSpecial(ctx, req.Prompt); err != nil {
		return nil, err
	}
	fields := map[string]any{
		"model":  b.config.Model,
		"prompt": req.Prompt,
		"raw":    true, // no template
		"stream": !b.config.NoStreaming,
		// A model that can think would otherwise have its text split into thoughts
		// and the rest by the tags that it contains.
		"think": false,
		// Too long a prompt is refused instead of cut, and a continuation that
		// reaches the end of the window ends instead of losing its beginning.
		"truncate": false,
		"shift":    false,
		"options":  b.options(req),
	}
	if req.Params.Logprobs {
		fields["logprobs"], fields["top_logprobs"] = true, req.Params.TopLogprobs
	}
	if err := merge(fields, req.Params.Extra); err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}

// options are the parameters. All of them are sent, so that neither the Modelfile nor
// the server's defaults (temperature 0.8, top_k 40, top_p 0.9, repeat_penalty 1.1)
// apply.
func (b *Backend) options(req *sampling.Request) map[string]any {
	p := &req.Params
	options := map[string]any{
		"num_predict":       maxTokens(p), // 0 would be no limit
		"temperature":       p.Temperature,
		"top_k":             min(p.TopK, math.MaxInt32), // 0 is off here too
		"top_p":             cmp.Or(p.TopP, 1),
		"min_p":             p.MinP,
		"typical_p":         1,
		"repeat_penalty":    cmp.Or(p.RepetitionPenalty, 1),
		"repeat_last_n":     b.lookBack(req),
		"frequency_penalty": p.FrequencyPenalty,
		"presence_penalty":  p.PresencePenalty,
		"seed":              wireSeed(p.Seed),
		"stop":              sentStops(req.Stop),
	}
	if b.config.Window > 0 {
		options["num_ctx"] = b.config.Window
	}
	return options
}

// maxTokens is the limit on the continuation, within what 32 bits hold.
func maxTokens(p *sampling.Params) int {
	return min(cmp.Or(p.MaxTokens, sampling.DefaultMaxTokens), math.MaxInt32)
}

// farthest is the most that penalties look back, in tokens: further than any
// context window reaches, and little enough for the server to keep.
const farthest = 1 << 20

// lookBack is how many tokens the penalties look back over. Ollama has one number for
// all penalties, counts the prompt's tokens too, and treats -1 as none. So it is the
// limit of the continuation, or for RepetitionPenalty the most tokens that prompt and
// continuation can have: as many as bytes, and one before them.
func (b *Backend) lookBack(req *sampling.Request) int {
	n := 0
	switch p := &req.Params; {
	case repeats(p):
		n = len(req.Prompt) + 1 + maxTokens(p)
	case p.FrequencyPenalty != 0 || p.PresencePenalty != 0:
		n = maxTokens(p)
	}
	return min(n, cmp.Or(b.config.Window, farthest))
}

func repeats(p *sampling.Params) bool { return p.RepetitionPenalty != 0 && p.RepetitionPenalty != 1 }

// wireSeed folds a seed into 32 bits. Their largest number asks Ollama for a random
// seed, as does the 0 of a caller without a Model.
func wireSeed(seed uint64) int64 {
	if seed == 0 {
		return -1
	}
	return int64(seed % math.MaxUint32)
}

// goEngine lists the architectures that Ollama runs on its own engine, whose
// sampler has no penalties and ignores them in silence, before it handed all of
// them to llama.cpp.
var goEngine = []string{
	"deepseek2", "deepseekocr", "gemma3", "gemma3n", "gemma4", "glm4moelite", "glmocr", "gptoss", "gpt-oss", "lfm2", "lfm2moe",
	"llama4", "mistral3", "mllama", "nemotron_h", "nemotron_h_moe", "olmo3", "qwen25vl", "qwen3", "qwen3moe", "qwen35",
	"qwen35moe", "qwen3next", "qwen3vl", "qwen3vlmoe",
}

func (b *Backend) checkPenalties(ctx context.Context, v version, p *sampling.Params) error {
	if !repeats(p) && p.FrequencyPenalty == 0 && p.PresencePenalty == 0 || v.known() && !v.before(usesLlamaCpp) {
		return nil
	}
	m, err := b.model(ctx)
	if err != nil {
		return err
	}
	if slices.Contains(goEngine, m.architecture) {
		return unsupported("penalties with %s: Ollama %v ignores them for models of the architecture %s", b.config.Model, v, m.architecture)
	}
	return nil
}

// Where a field of Params.Extra goes, when it is not an option of the model.
var (
	// topFields are sent beside the options.
	topFields = []string{"format", "images", "keep_alive"}

	// ownFields are set by this package. The text is where to set them instead.
	ownFields = map[string]string{
		"model": "Config.Model", "num_ctx": "Config.Window", "stream": "Config.NoStreaming",
		"prompt": "Request.Prompt", "stop": "Request.Stop",
		"num_predict": "Params.MaxTokens", "temperature": "Params.Temperature", "top_k": "Params.TopK", "top_p": "Params.TopP",
		"min_p": "Params.MinP", "repeat_penalty": "Params.RepetitionPenalty", "frequency_penalty": "Params.FrequencyPenalty",
		"presence_penalty": "Params.PresencePenalty", "seed": "Params.Seed", "logprobs": "Params.Logprobs", "top_logprobs": "Params.Logprobs",
		"options": "Params.Extra itself, one field for each option",
	}

	// deafFields are fields that Ollama refuses or ignores for a raw prompt, or that
	// would silently change the text.
	deafFields = []string{"raw", "template", "system", "context", "suffix", "think", "truncate", "shift"}
)

// merge puts the extra fields where Ollama reads them.
func merge(fields, extra map[string]any) error {
	options := fields["options"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		own, taken := ownFields[name]
		switch {
		case taken:
			return invalid("Params.Extra has %q, which this backend sets itself; set it by %s", name, own)
		case slices.Contains(deafFields, name):
			return unsupported("Params.Extra has %q, which does not apply to a raw prompt", name)
		case slices.Contains(topFields, name):
			fields[name] = extra[name]
		default:
			options[name] = extra[name]
		}
		if _, err := json.Marshal(extra[name]); err != nil {
			return invalid("Params.Extra[%q] cannot be written as JSON: %v", name, err)
		}
	}
	return nil
}
