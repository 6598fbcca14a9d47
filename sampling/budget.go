package sampling

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
)

// A Counter counts the tokens of a text as the model reads it. An estimate must
// be too high, never too low, or prompts overflow the window. Counters are safe
// for concurrent use.
type Counter interface {
	Count(ctx context.Context, text string) (int, error)
}

// Count returns the number of tokens in text. It asks m.Counter, or else the
// backend. If neither counts, it returns the number of bytes, an upper bound.
func (m Model) Count(ctx context.Context, text string) (int, error) {
	n, _, err := m.count(ctx, text)
	return n, err
}

// count also reports whether the number is one of bytes.
func (m Model) count(ctx context.Context, text string) (n int, bytes bool, err error) {
	if m.Counter != nil {
		n, err = m.Counter.Count(ctx, text)
		return n, false, err
	}
	c, ok := m.Backend.(Counter)
	if !ok { // the common case, in which no error is built
		return len(text), true, nil
	}
	n, err = c.Count(ctx, text)
	if errors.Is(err, ErrUnsupported) {
		return len(text), true, nil
	}
	return n, false, err
}

// PromptBudget returns how many tokens a prompt may have so that p.MaxTokens
// still fit after it: [math.MaxInt] for a model without a Window, and
// [ErrBudget] when MaxTokens alone fills it. A negative number is [ErrInvalid].
func (m Model) PromptBudget(p Params) (int, error) {
	if p.MaxTokens < 0 {
		return 0, p.validate()
	}
	if m.Window < 0 {
		return 0, fmt.Errorf("%w: Model.Window is %d; use 0 for no limit, or the number of tokens", ErrInvalid, m.Window)
	}
	if m.Window == 0 {
		return math.MaxInt, nil
	}
	maxTokens := cmp.Or(p.MaxTokens, DefaultMaxTokens)
	if maxTokens >= m.Window {
		return 0, fmt.Errorf("%w: MaxTokens of %d leaves no room for a prompt in a window of %d tokens; lower MaxTokens", ErrBudget, maxTokens, m.Window)
	}
	return m.Window - maxTokens, nil
}

// fit returns ErrBudget, with the numbers, when the request does not fit.
func (m Model) fit(ctx context.Context, req *Request) error {
	budget, err := m.PromptBudget(req.Params)
	if err != nil || budget == math.MaxInt {
		return err
	}
	n, bytes, err := m.count(ctx, req.Prompt)
	if err != nil {
		return fmt.Errorf("counting the prompt's tokens: %w", err)
	}
	if n <= budget {
		return nil
	}
	hint := "shorten the prompt or lower MaxTokens"
	if bytes {
		hint += "; without a Counter each byte counts as a token, so setting Model.Counter may be enough"
	}
	return fmt.Errorf("%w: the prompt has %d tokens, and %d of the window of %d are left beside MaxTokens; %s",
		ErrBudget, n, budget, m.Window, hint)
}
