package sampling

import "fmt"

// A Chunk is a piece of a continuation as it arrives.
type Chunk struct {
	// Text continues the text of the chunks before it. It ends in a whole rune,
	// and it is empty in a chunk that only closes the stream.
	Text string

	// Tokens are the tokens that Text was made of, when Params.Logprobs asked
	// for them. While a possible stop sequence is held back so are its tokens;
	// a token that reaches into the stop sequence is left out.
	Tokens []Token

	// Reason is Unfinished in every chunk but the last.
	Reason Reason

	// Stop is the stop sequence that ended the text, when it is known.
	Stop string

	// Usage is what the backend says it cost so far, usually in the last chunk.
	Usage *Usage

	// Model and Seed are told in the last chunk: the model that answered, where
	// the backend says it, and the seed, which sampling.Model fills in.
	Model string
	Seed  uint64
}

// A Token is one token of a continuation with its log probability.
type Token struct {
	Text string

	// Logprob is the natural logarithm of the token's probability under the
	// model, before temperature and truncation, as servers report it.
	Logprob float64

	// Top holds the most likely tokens at this place, the best first, at most
	// Params.TopLogprobs of them. Their own Top is empty.
	Top []Token
}

// A Completion is a whole continuation.
type Completion struct {
	Text   string
	Reason Reason
	Stop   string  // the stop sequence that ended it, when known
	Seed   uint64  // the seed it was drawn with, also when none was asked for
	Model  string  // the model that answered, where the backend says it
	Tokens []Token // present when Params.Logprobs asked for them
	Usage  Usage
}

// Usage counts what a call cost, in tokens of the backend's own vocabulary. A
// number that the backend did not tell is 0. A stream that was left early, as
// happens when a stop sequence is found, has no final count from most servers.
type Usage struct {
	PromptTokens     int
	CompletionTokens int
	CachedTokens     int // those of the prompt's that came out of a prefix cache
}

// A Reason tells why a continuation ended.
type Reason int

const (
	// Unfinished: more is to come, or the stream broke off.
	Unfinished Reason = iota
	// EndOfText: the model itself ended the text. Servers that do not tell an
	// end of text from a stop sequence of their own are read this way.
	EndOfText
	// StopSequence: one of Request.Stop was reached.
	StopSequence
	// TokenLimit: Params.MaxTokens or the context window was reached.
	TokenLimit
	// Filtered: a filter on the server or a guard around the backend ended it.
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
