package httpwire

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

// What servers say of a prompt that is too long, as their users and their source
// have it.
func TestBudgetTexts(t *testing.T) {
	for server, words := range map[string]string{
		"OpenAI":            "This model's maximum context length is 4097 tokens, however you requested 5000 tokens (4000 in your prompt; 1000 for the completion). Please reduce your prompt; or completion length.",
		"OpenAI, newer":     "Your input exceeds the context window of this model. Please adjust your input and try again.",
		"llama.cpp":         "request (4001 tokens) exceeds the available context size (2048 tokens), try increasing it",
		"llama.cpp, older":  "the request exceeds the available context size. try increasing the context size or enable context shift",
		"vLLM, older":       "This model's maximum context length is 2048 tokens. However, you requested 3000 tokens (2900 in the messages, 100 in the completion).",
		"vLLM 0.6":          "The prompt (total length 2100) is too long to fit into the model (context length 2048).",
		"vLLM, the decoder": "The decoder prompt (length 3000) is longer than the maximum model length of 2048. Make sure that `max_model_len` is no smaller than the number of text tokens.",
		"vLLM of 2026":      "You passed 27905 input tokens and requested 4096 output tokens. However, the model's context length is only 32000 tokens, resulting in a maximum input length of 27904 tokens. Please reduce the length of the input prompt.",
		"vLLM 0.32":         "This model's maximum context length is 2048 tokens. However, your prompt contains at least 2049 input tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input prompt. (parameter=input_tokens, value=2049)",
		"vLLM 0.32, output": "max_tokens=4000 cannot be greater than max_model_len=2048. Please request fewer output tokens. (parameter=max_tokens, value=4000)",
		"SGLang":            "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
		"SGLang, sum":       "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 5000 tokens: 4900 tokens from the input messages and 100 tokens for the completion.",
		"Ollama":            "the input length exceeds the context length",
		"Ollama, runner":    "prompt too long; exceeded max context length by 100 tokens",
		"LM Studio":         "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough. Try to load the model with a larger context length, or provide a shorter input",
		"LM Studio, other":  "The number of tokens to keep from the initial prompt is greater than the context length. Try to load the model with a larger context length, or provide a shorter input",
		"Together, TGI":     "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000 `inputs` tokens and 100 `max_new_tokens`",
		"TGI":               "Input validation error: `inputs` must have less than 1024 tokens. Given: 5000",
		"Mistral":           "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
		"Kimi":              "Invalid request: Your request exceeded model token limit: 8192 (requested: 9000)",
		"OpenRouter":        "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000 tokens (139000 of text input, 1000 in the output). Please reduce the length of either one.",
		"Fireworks":         "The prompt is too long: 9000, model maximum context length: 8192",
		"Groq, Cerebras":    "Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192",
		"Anthropic":         "prompt is too long: 200001 tokens > 200000 maximum",
		"Anthropic, sum":    "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again",
		"Bedrock":           "Input is too long for requested model.",
		"Gemini":            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
		"Cohere":            "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000. Try using a shorter prompt",
		"xAI":               "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
		"TabbyAPI":          "Prompt length 5000 is greater than max_seq_len 4096",
		"TensorRT-LLM":      "Prompt length (5000) exceeds maximum input length (4096).",
		"oMLX":              "Prompt too long: 5000 tokens exceeds max context window of 4096 tokens",
	} {
		if !(Words{Text: words}).budget() {
			t.Errorf("%s: not recognized: %s", server, words)
		}
	}
	for server, words := range map[string]string{
		"OpenAI, tokens a minute":  "Rate limit reached for davinci-002 in organization x on tokens per min (TPM): Limit 10000, Used 9000, Requested 12000. Please try again in 6s.",
		"OpenAI, too large a step": "Request too large for gpt-4 in organization x on tokens per min (TPM): Limit 10000, Requested 12000. The input or output tokens must be reduced in order to run successfully.",
		"OpenAI, the bill":         "You exceeded your current quota, please check your plan and billing details.",
		"Groq, tokens a day":       "Rate limit reached for model `x` on tokens per day (TPD): Limit 500000, Used 499000, Requested 2000.",
		"Anthropic":                "This request would exceed your organization's rate limit of 40,000 input tokens per minute.",
		"OpenRouter":               "This request requires more credits, or fewer max_tokens. You requested up to 4096 tokens, but can only afford 100.",
		"OpenAI, output":           "max_tokens is too large: 5000. This model supports at most 4096 completion tokens",
		"vLLM, no output":          "max_tokens must be at least 1",
		"a stop sequence":          "the stop sequence is too long",
		"a rate":                   "rate limit exceeded",
		"vLLM, stops":              "List should have at most 4 items after validation, not 5",
		"vLLM, logprobs":           "Requested sample logprobs of 25, which is greater than max allowed: 20",
		"llama.cpp, n":             "Field 'n': Value must be between 1 <= value <= 4, but got 10",
		"a model":                  "The model `x` does not exist",
		"a body":                   "Request Entity Too Large",
		"a server":                 "the model is overloaded: too many requests in the queue",
	} {
		if (Words{Text: words}).budget() {
			t.Errorf("%s: taken for too long a prompt: %s", server, words)
		}
	}
}

// The words may be anywhere in the body.
func TestBudgetPlaces(t *testing.T) {
	const said = "This endpoint's maximum context length is 8192 tokens."
	quoted := func(v any) string { b, _ := json.Marshal(v); return string(b) }
	raw := map[string]any{"error": map[string]any{"message": said, "code": "context_length_exceeded"}}
	for place, body := range map[string]string{
		"metadata.raw as text":      `{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":` + quoted(quoted(raw)) + `,"provider_name":"x"}}}`,
		"metadata.raw as words":     `{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":` + quoted(said) + `}}}`,
		"metadata.raw as an object": `{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":` + quoted(raw) + `}}}`,
		"details":                   `{"error":"Bad request","details":` + quoted(said) + `}`,
		"a choice":                  `{"id":"x","choices":[{"error":{"message":` + quoted(said) + `,"code":400}}]}`,
		"vLLM's param":              `{"error":{"message":"no","type":"BadRequestError","param":"input_tokens","code":400}}`,
		"llama.cpp's type":          `{"error":{"code":400,"message":"no","type":"exceed_context_size_error"}}`,
	} {
		e := Source{Backend: "test"}.Refusal(response(400, nil, body))
		if !errors.Is(e, sampling.ErrBudget) || e.Temporary {
			t.Errorf("%s: %v", place, e)
		}
	}
}

// A bill that somebody has to pay is not mended by waiting. What a proxy or a
// router says of a server that is gone is.
func TestTemporaryRefusals(t *testing.T) {
	for _, test := range []struct {
		status int
		body   string
		want   bool
	}{
		{429, `{"error":{"message":"Budget has been exceeded! Current cost: 10, Max budget: 5","type":"budget_exceeded"}}`, false},
		{400, `{"error":{"message":"Budget has been exceeded!","type":"budget_exceeded","code":"400"}}`, false},
		{429, `{"error":{"message":"You exceeded your current quota, please check your plan and billing details."}}`, false},
		{429, `{"error":{"message":"slow down","code":"quota_exceeded"}}`, false},
		{503, `{"error":{"message":"x","code":"insufficient_balance"}}`, false},
		{429, `{"error":{"message":"Rate limit reached"}}`, true},
		{524, `<html><title>A timeout occurred</title>`, true},
	} {
		e := Source{Backend: "test"}.Refusal(response(test.status, http.Header{}, test.body))
		if e.Temporary != test.want || e.Status != test.status {
			t.Errorf("%d %s: temporary %v", test.status, test.body, e.Temporary)
		}
	}
}
