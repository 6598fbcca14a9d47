package sampling

import (
	"context"
	"fmt"
)

// Forward passes every ability of Backend on. Embed it in a wrapper and override
// the methods that the wrapper changes. An ability that Backend lacks is an error
// wrapping [ErrUnsupported]. Forward is as safe for concurrent use as Backend.
type Forward struct {
	Backend
}

// Count implements [Counter].
func (f Forward) Count(ctx context.Context, text string) (int, error) {
	if c, ok := f.Backend.(Counter); ok {
		return c.Count(ctx, text)
	}
	return 0, f.lacks("counts tokens")
}

// Score implements [Scorer].
func (f Forward) Score(ctx context.Context, req *Request, continuations []string) ([]Score, error) {
	if s, ok := f.Backend.(Scorer); ok {
		return s.Score(ctx, req, continuations)
	}
	return nil, f.lacks("scores text")
}

// Draw implements [Drawer].
func (f Forward) Draw(ctx context.Context, req *Request, n int) ([]*Completion, error) {
	if d, ok := f.Backend.(Drawer); ok {
		return d.Draw(ctx, req, n)
	}
	return nil, f.lacks("draws several completions at once")
}

// Describe implements [Describer].
func (f Forward) Describe(ctx context.Context) (Info, error) {
	if d, ok := f.Backend.(Describer); ok {
		return d.Describe(ctx)
	}
	return Info{}, f.lacks("describes itself")
}

// Constrains implements [Constrainer].
func (f Forward) Constrains(c Constraint) error {
	if b, ok := f.Backend.(Constrainer); ok {
		return b.Constrains(c)
	}
	return f.lacks("constrains decoding")
}

func (f Forward) lacks(ability string) error {
	return fmt.Errorf("%w: %T has no method that %s", ErrUnsupported, f.Backend, ability)
}
