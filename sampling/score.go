package sampling

import (
	"context"
	"fmt"
)

// A Scorer tells how likely given continuations of a prompt are, without
// drawing any. Backends implement it where they can.
//
// Score returns one Score for each continuation, in their order. The prompt may
// be empty, and then each continuation is scored as a text of its own.
// Implementations are safe for concurrent use, and return an error wrapping
// [ErrUnsupported] rather than made-up numbers.
type Scorer interface {
	Score(ctx context.Context, prompt string, continuations []string) ([]Score, error)
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

// Score scores continuations of prompt by the model's backend. It returns an
// error wrapping [ErrUnsupported] when the backend is no [Scorer].
func (m Model) Score(ctx context.Context, prompt string, continuations []string) ([]Score, error) {
	if m.Backend == nil {
		return nil, errNoBackend
	}
	s, ok := m.Backend.(Scorer)
	if !ok {
		return nil, fmt.Errorf("%w: %T does not score text", ErrUnsupported, m.Backend)
	}
	for i, text := range append([]string{prompt}, continuations...) {
		if at := invalidUTF8(text); at >= 0 {
			what := "the prompt"
			if i > 0 {
				what = fmt.Sprintf("continuation %d", i-1)
			}
			return nil, fmt.Errorf("%w: %s is not valid UTF-8 at byte %d", ErrInvalid, what, at)
		}
	}
	scores, err := s.Score(ctx, prompt, continuations)
	if err == nil && len(scores) != len(continuations) {
		return nil, fmt.Errorf("sampling: %T returned %d scores for %d continuations", m.Backend, len(scores), len(continuations))
	}
	return scores, err
}
