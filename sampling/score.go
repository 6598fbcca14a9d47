package sampling

import (
	"context"
	"fmt"
)

// A Scorer is a [Backend] that computes how likely given continuations are.
//
// Score returns one Score for each continuation of req.Prompt, in order. With an
// empty prompt each continuation is scored as a whole text. Scores are taken
// before temperature and truncation: of req.Params only Extra applies, and Stop
// and Constraint do not. Implementations are safe for concurrent use.
type Scorer interface {
	Score(ctx context.Context, req *Request, continuations []string) ([]Score, error)
}

// A Score is the log probability of one continuation.
type Score struct {
	// Logprob is the natural logarithm of the continuation's probability: the
	// sum over its tokens.
	Logprob float64

	// Tokens are the continuation's tokens. A token across the boundary between
	// prompt and continuation belongs to the continuation.
	Tokens []Token

	// Usage is the cost that the backend reports for this continuation. The first one
	// includes the shared cost, so that the sum is the cost of the call.
	Usage Usage
}

// Score scores continuations of req.Prompt as [Scorer] says. If the backend
// cannot, the error wraps [ErrUnsupported].
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
