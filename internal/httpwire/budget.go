package httpwire

import (
	"regexp"
	"strings"
)

// tooLong are the ways in which servers say that the prompt, or the prompt and
// the tokens asked for, do not fit the context window. The text is
// in lower case.
var tooLong = regexp.MustCompile(strings.Join([]string{
	// OpenAI, vLLM, DeepSeek, OpenRouter, xAI: "maximum context length is 4097 tokens".
	`maximum (context|model|prompt) length (is|of|:)`,
	// llama.cpp, Ollama, SGLang, oMLX, Anthropic: "exceeds the available context size".
	`(exceed|longer than|larger than|greater than|too long|too large|too many|overflow).*(context|model) (length|size|window|limit)`,
	// Fireworks, vLLM: "prompt is too long: 9000, model maximum context length".
	`(context|model) (length|size|window|limit).*(exceed|overflow|too long|too small|not enough|is only \d)`,
	// Mistral: "too large for model with 32768 maximum context length".
	`too large for model with \d+`,
	// LM Studio: "loaded with context length of only 4096 tokens, which is not enough".
	`context length of only \d+`,
	// Kimi: "exceeded model token limit: 8192".
	`exceed(s|ed)? (the )?model('s)? token limit`,
	// vLLM, TabbyAPI: "max_tokens=4000 cannot be greater than max_model_len=2048".
	`(greater than|exceed(s|ed)?|longer than) (the )?max_(model|seq)_len`,
	// TGI, Together, DeepInfra: "`inputs` tokens + `max_new_tokens` must be <= 8193".
	"inputs?`? tokens \\+ `?max_new_tokens`? must be",
	"`inputs` must have less than \\d+ tokens",
	// Gemini, TensorRT-LLM: "input token count (1200000) exceeds the maximum".
	`(input|prompt) (token count|token length|length)[^.]*(exceed|too long)`,
	// Cohere: "total number of tokens in the prompt cannot exceed 4081".
	`tokens in the prompt cannot exceed`,
	// Anthropic, Bedrock: "prompt is too long: 200001 tokens > 200000 maximum".
	`(prompt|input) is too long`,
	`prompt too long`,
	// Groq, Cerebras: "reduce the length of the messages or completion".
	`reduce the length of (the|your) (messages|prompt|input)`,
}, "|"))

// throttled are the words of limits on the rate or the bill, which speak of
// tokens too.
var throttled = regexp.MustCompile(`per[ -](minute|min|day|hour|second)|rate.?limit|\btp[md]\b|quota|too many requests|credit|billing`)

// budget reports whether the server says that the prompt does not fit. An error type,
// code or parameter decides if there is one, and otherwise the words do.
func (w Words) budget() bool {
	switch {
	case w.Type == "exceed_context_size_error" || w.Code == "context_length_exceeded" || w.Code == "string_above_max_length":
		return true
	case w.Param == "input_tokens": // vLLM
		return true
	}
	text := strings.ToLower(w.Text)
	return tooLong.MatchString(text) && !throttled.MatchString(text)
}
