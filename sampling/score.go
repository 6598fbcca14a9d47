package sampling

import (
	"context"
	"fmt"
)

// A Scorer tells how likely given continuations of a prompt are, without
// drawing any. Backends implement it where they can.
//
// Score returns one Score for each continuation of req.Prompt, in their order.
// The prompt may be empty, and then each continuation is scored as a text of its
// own. Of req.Params only Extra matters: a score is taken before temperature and
// truncation. Stop and Constraint do not apply.
// Implementations are safe for concurrent use, and return an error wrapping
// [ErrUnsupported] rather than made-up numbers.
type Scorer interface {
	Score(ctx context.Context, req *Request, continuations []string) ([]Score, error)
}

// A Score is how likely one continuation is.
type Score struct {
	// Logprob is the natural logarithm of the probability that the model goes
	// on with just this text: the sum over its tokens.
	Logprob float64

	// Tokens are the continuation's tokens with a log probability each. A token
	// that stands across the border between prompt and continuation belongs to
	// the continuation.
	Tokens []Token
}

// Score scores continuations of req.Prompt by the model's backend, as [Scorer]
// says. It returns an error wrapping [ErrUnsupported] when the backend cannot.
func (m Model) Score(ctx context.Context, req *Request, continuations []string) ([]Score, error) {
	if m.Backend == nil {
		return nil, errNoBackend
	}
	if err := req.Validate(); err != nil {
		return nil, err
	}
	for i, text := range continuations {
		if at := invalidUTF8(text); at >= 0 {
			return nil, fmt.Errorf("%w: continuation %d is not valid UTF-8 at byte %d", ErrInvalid, i, at)
		}
	}
	scores, err := Forward{m.Backend}.Score(ctx, req, continuations)
	if err == nil && len(scores) != len(continuations) {
		return nil, fmt.Errorf("sampling: %T returned %d scores for %d continuations", m.Backend, len(scores), len(continuations))
	}
	return scores, err
}
