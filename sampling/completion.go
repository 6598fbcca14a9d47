package sampling

import "fmt"

// A Chunk is a piece of a completion as it arrives.
type Chunk struct {
	// Text ends in a whole rune. It may be empty in the last chunk.
	Text string

	// Tokens are the tokens of Text, if Params.Logprobs asked for them. A token
	// that reaches into the stop sequence is left out.
	Tokens []Token

	// Reason is Unfinished in every chunk but the last.
	Reason Reason

	// Stop is the stop sequence that ended the text, if known.
	Stop string

	// Usage is the cost so far, usually reported in the last chunk.
	Usage *Usage

	// Model and Seed are set in the last chunk: the model that answered, if the
	// backend reports it, and the seed.
	Model string
	Seed  uint64
}

// A Token is one token of a completion with its log probability.
type Token struct {
	Text string

	// Logprob is the natural logarithm of the token's probability, as the
	// server reports it: before temperature and truncation on most servers.
	Logprob float64

	// Top holds the top logprobs at this position, best first: at most
	// Params.TopLogprobs tokens, whose own Top is empty.
	Top []Token
}

// A Completion is a whole text that a model drew.
type Completion struct {
	Text   string
	Reason Reason
	Stop   string  // the stop sequence that ended it, if known
	Seed   uint64  // the seed it was drawn with, even if the request had none
	Model  string  // the model that answered, if the backend reports it
	Tokens []Token // only if Params.Logprobs is set
	Usage  Usage
}

// Usage counts the tokens of a call, in the backend's own vocabulary. A number
// that was not reported is 0. Most servers report none for a stream that ended
// early, for example at a stop sequence that the client found.
type Usage struct {
	PromptTokens     int
	CompletionTokens int
	CachedTokens     int // prompt tokens that came from the prefix cache
}

// A Reason says why a completion ended.
type Reason int

const (
	// Unfinished: more is to come, or the stream broke off.
	Unfinished Reason = iota
	// EndOfText: the model ended the text. Some servers report a stop sequence
	// this way too.
	EndOfText
	// StopSequence: one of Request.Stop was reached.
	StopSequence
	// TokenLimit: Params.MaxTokens or the context window was reached.
	TokenLimit
	// Filtered: a content filter of the server or a guard ended it.
	Filtered
)

var reasonNames = [...]string{"unfinished", "end of text", "stop sequence", "token limit", "filtered"}

// String returns a short lower-case name, such as "stop sequence".
func (r Reason) String() string {
	if r < 0 || int(r) >= len(reasonNames) {
		return fmt.Sprintf("reason %d", int(r))
	}
	return reasonNames[r]
}

// MarshalText writes the name that String gives, so that records of exchanges
// stay readable.
func (r Reason) MarshalText() ([]byte, error) {
	if r < 0 || int(r) >= len(reasonNames) {
		return nil, fmt.Errorf("sampling: %v has no name", r)
	}
	return []byte(reasonNames[r]), nil
}

// UnmarshalText reads the names that MarshalText writes.
func (r *Reason) UnmarshalText(text []byte) error {
	for i, name := range reasonNames {
		if name == string(text) {
			*r = Reason(i)
			return nil
		}
	}
	return fmt.Errorf("sampling: unknown reason %q; the names are %q", text, reasonNames)
}
