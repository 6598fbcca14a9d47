package httpwire

import (
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// reasons are the words in which servers say why a text ended, in lower case.
// They hold for streams, whole answers and batch files alike.
var reasons = map[string]sampling.Reason{
	"length": sampling.TokenLimit, "max_tokens": sampling.TokenLimit, // "MAX_TOKENS" is Gemini's and Cohere's
	"max_length": sampling.TokenLimit, "model_length": sampling.TokenLimit, // Mistral: the context window

	"stop": sampling.EndOfText, "eos": sampling.EndOfText, "eos_token": sampling.EndOfText, // TGI, Fireworks
	"end_of_text": sampling.EndOfText, "stop_sequence": sampling.EndOfText, // TGI
	"end_turn": sampling.EndOfText, "complete": sampling.EndOfText, // Bedrock, Cohere

	"content_filter": sampling.Filtered, "safety": sampling.Filtered, "recitation": sampling.Filtered,
}

// Finish reads a finish reason. A stop that the server's word does not tell from
// the model's own end is EndOfText. A word that is not known, such as "repetition",
// says that the text was cut: the error wraps [sampling.ErrTruncated]. It is
// temporary, but where the request itself is the cause.
func (s Source) Finish(word string) (sampling.Reason, error) {
	lower := strings.ToLower(word)
	if reason, ok := reasons[lower]; ok {
		return reason, nil
	}
	e := s.Truncated("the server ended the text for the reason %q", plain(s.scrubText(word)))
	if word == "" {
		e = s.Truncated("the server ended the text and did not say why")
	}
	e.Temporary = lower != "repetition"
	if lower == "load" || lower == "unload" {
		e = s.Truncated("the server only loaded the model, as it does when the prompt is empty; begin the prompt with some text")
		e.Temporary = false
	}
	return sampling.Unfinished, e
}
