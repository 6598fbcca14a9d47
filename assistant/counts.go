package assistant

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// counts remembers the tokens of texts, so that each is counted once while the model and
// the layout stay the same. Copies of a Conversation share it.
type counts struct {
	model sampling.Model
	page  *page
	empty int // tokens that a Counter adds to each text, such as one that begins it
	label int // tokens of the user's label

	known sync.Map // from countKey to int
	size  atomic.Int32
}

type countKey struct{ kind, user, reply string }

// maxCounts limits the memory for counts. It is far more than fit a window.
const maxCounts = 1 << 14

// counted returns the counts for the current Model and layout.
func (c *Conversation) counted(ctx context.Context, p *page) (*counts, error) {
	t := c.counts
	if t != nil && t.size.Load() < maxCounts && same(t.model.Counter, c.Model.Counter) &&
		(c.Model.Counter != nil || same(t.model.Backend, c.Model.Backend)) &&
		t.page.layout == p.layout && t.page.user == p.user && t.page.reply == p.reply {
		return t, nil
	}
	t = &counts{model: c.Model, page: p}
	var err error
	if t.empty, err = count(ctx, t.model, ""); err != nil {
		return nil, err
	}
	if t.label, err = count(ctx, t.model, p.user); err != nil {
		return nil, err
	}
	c.counts = t
	return t, nil
}

// same reports whether two values are equal. Values that cannot be compared, such as
// functions, are not.
func same(a, b any) bool {
	return a == nil && b == nil || reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

func count(ctx context.Context, m sampling.Model, text string) (int, error) {
	n, err := m.Count(ctx, text)
	if err != nil {
		return 0, fmt.Errorf("assistant: counting tokens: %w", err)
	}
	return n, nil
}

func (t *counts) once(key countKey, count func() (int, error)) (int, error) {
	if n, ok := t.known.Load(key); ok {
		return n.(int), nil
	}
	n, err := count()
	if err == nil {
		t.known.Store(key, n)
		t.size.Add(1)
	}
	return n, err
}

// followed counts a text before a label. At the end of a prompt the text may cost less,
// since many tokenizers join line breaks only there.
func (t *counts) followed(ctx context.Context, text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := count(ctx, t.model, text+t.page.user)
	return n - t.label, err
}

// head counts the description and the examples.
func (t *counts) head(ctx context.Context, text string) (int, error) {
	return t.once(countKey{"head", text, ""}, func() (int, error) { return t.followed(ctx, text) })
}

// question counts a text of the user with its labels, and the beginning of the reply.
func (t *counts) question(ctx context.Context, user, prefill string) (int, error) {
	return t.once(countKey{"question", user, prefill}, func() (int, error) {
		w := &writer{page: t.page}
		w.question(fewshot.Query, user)
		w.open()
		w.text(fewshot.Output, prefill)
		n, err := count(ctx, t.model, w.String())
		return n - t.empty, err
	})
}

// turn counts a turn and the separator after it.
func (t *counts) turn(ctx context.Context, turn *Turn) (int, error) {
	return t.once(countKey{"turn", turn.User, turn.Reply}, func() (int, error) {
		w := &writer{page: t.page}
		w.turn(turn)
		w.add(fewshot.Layout, betweenTurns)
		return t.followed(ctx, w.String())
	})
}
