package sampling

import "fmt"

// A Completion is a text that a model drew.
type Completion struct {
	Text   string
	Tokens []Token // the tokens of Text, if Params.Logprobs is set
	Reason Reason  // why the text ended
	Stop   string  // the stop sequence that ended it, if known
	Usage  Usage   // what it cost, if the backend reports it
	Model  string  // the model that answered, if the backend reports it
	Seed   uint64  // the seed it was drawn with, even if the request had none
}

// A Chunk is a piece of a completion as it arrives.
//
// Text ends in a whole rune. Tokens are those of this piece; a token that reaches
// into the stop sequence is left out. Usage is the cost so far. Only the last chunk
// has a Reason other than Unfinished, a Stop and a Seed, and its Text may be empty.
type Chunk = Completion

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

// Usage counts the tokens of a call, in the backend's own vocabulary. A number
// that was not reported is 0. Most servers report none for a stream that ended
// early, for example at a stop sequence that the client found.
type Usage struct {
	PromptTokens     int
	CompletionTokens int
	CachedTokens     int // prompt tokens that came from the prefix cache
}

// Add returns the sum of two calls.
func (u Usage) Add(v Usage) Usage {
	return Usage{u.PromptTokens + v.PromptTokens, u.CompletionTokens + v.CompletionTokens, u.CachedTokens + v.CachedTokens}
}

// CachedShare returns the share of the prompt tokens that came from the prefix
// cache, 0 to 1. It is 0 where none were reported.
func (u Usage) CachedShare() float64 {
	return float64(u.CachedTokens) / float64(max(u.PromptTokens, 1))
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

// MarshalText writes the name that String gives, so that stored completions stay
// readable.
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
