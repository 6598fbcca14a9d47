package assistant

import (
	"context"
	"fmt"
	"reflect"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// counts remembers what texts cost, in tokens, so that each is counted once for as
// long as the model and the layout stay the same.
type counts struct {
	model sampling.Model
	page  *page
	empty int // what a Counter adds to each text, such as a token that begins it
	label int // the label that follows a turn
	turns map[turnTexts]turnCost
	texts map[string]int // of other parts of a page
}

type turnTexts struct{ user, reply string }

type turnCost struct {
	asked int // its question and the label of the reply
	whole int
}

// maxCounts is how many turns are remembered before they are counted again. It is far
// more than fit a window.
const maxCounts = 1 << 14

// counted returns the counts for the Model and the layout as they are now.
func (c *Conversation) counted(ctx context.Context, p *page) (*counts, error) {
	t := c.counts
	if t != nil && len(t.turns) < maxCounts && same(t.model.Counter, c.Model.Counter) &&
		(c.Model.Counter != nil || same(t.model.Backend, c.Model.Backend)) &&
		t.page.layout == p.layout && t.page.user == p.user && t.page.reply == p.reply {
		return t, nil
	}
	t = &counts{model: c.Model, page: p, turns: map[turnTexts]turnCost{}, texts: map[string]int{}}
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

// same compares two values of which some cannot be compared, such as functions.
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

// text returns the remembered count of a text, or counts it.
func (t *counts) text(key string, count func() (int, error)) (int, error) {
	if n, ok := t.texts[key]; ok {
		return n, nil
	}
	n, err := count()
	if err == nil {
		t.texts[key] = n
	}
	return n, err
}

// followed counts a text before a label. At the end of a prompt it may cost less:
// many tokenizers join line breaks only there.
func (t *counts) followed(ctx context.Context, text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	return t.text(text, func() (int, error) {
		n, err := count(ctx, t.model, text+t.page.user)
		return n - t.label, err
	})
}

// question counts what asks for a reply to user, up to the reply's label.
func (t *counts) question(ctx context.Context, user string) (int, error) {
	return t.text("\x00"+user, func() (int, error) {
		w := &writer{page: t.page}
		w.question(fewshot.Query, user)
		w.open()
		n, err := count(ctx, t.model, w.String())
		return n - t.empty, err
	})
}

// turn counts a turn with what separates it from the next.
func (t *counts) turn(ctx context.Context, turn *Turn, where func() string) (turnCost, error) {
	texts := turnTexts{turn.User, turn.Reply}
	if cost, ok := t.turns[texts]; ok {
		return cost, nil
	}
	w := &writer{page: t.page}
	if err := w.shownTurn(turn, where()); err != nil {
		return turnCost{}, err
	}
	var cost turnCost
	user, err := clean(turn.User)
	if err == nil {
		cost.asked, err = t.question(ctx, user)
	}
	if err == nil {
		cost.whole, err = count(ctx, t.model, w.String()+t.page.user)
		cost.whole -= t.label
	}
	if err == nil {
		t.turns[texts] = cost
	}
	return cost, err
}

// prefill counts what a prefill adds to the label of the reply.
func (t *counts) prefill(ctx context.Context, prefill string) (int, error) {
	if prefill == "" {
		return 0, nil
	}
	w := &writer{page: t.page}
	w.open()
	bare := w.String()
	w.text(fewshot.Output, prefill)
	with, err := count(ctx, t.model, w.String())
	if err != nil {
		return 0, err
	}
	without, err := count(ctx, t.model, bare)
	return with - without, err
}
