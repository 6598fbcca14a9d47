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
	known map[countKey]int
}

// A countKey is a turn, a question without a reply, or another part of a page.
type countKey struct {
	kind        countKind
	user, reply string
}

type countKind int

const (
	wholeTurn countKind = iota
	question
	otherText
)

// maxCounts is how many counts are remembered before they are counted again. It is
// far more than the turns that fit a window.
const maxCounts = 1 << 14

// counted returns the counts for the Model and the layout as they are now.
func (c *Conversation) counted(ctx context.Context, p *page) (*counts, error) {
	t := c.counts
	if t != nil && len(t.known) < maxCounts && same(t.model.Counter, c.Model.Counter) && same(t.model.Backend, c.Model.Backend) &&
		t.page.layout == p.layout && t.page.user == p.user && t.page.reply == p.reply {
		return t, nil
	}
	t = &counts{model: c.Model, page: p, known: map[countKey]int{}}
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

func (t *counts) get(key countKey, count func() (int, error)) (int, error) {
	if n, ok := t.known[key]; ok {
		return n, nil
	}
	n, err := count()
	if err == nil {
		t.known[key] = n
	}
	return n, err
}

// followed counts a text before a label. At the end of a prompt it may cost less:
// many tokenizers join line breaks only there.
func (t *counts) followed(ctx context.Context, text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	return t.get(countKey{otherText, text, ""}, func() (int, error) {
		n, err := count(ctx, t.model, text+t.page.user)
		return n - t.label, err
	})
}

// turn counts a turn with what separates it from the next.
func (t *counts) turn(ctx context.Context, turn *Turn, where string) (int, error) {
	return t.get(countKey{wholeTurn, turn.User, turn.Reply}, func() (int, error) {
		w := &writer{page: t.page}
		if err := w.shownTurn(turn, where); err != nil {
			return 0, err
		}
		n, err := count(ctx, t.model, w.String()+t.page.user)
		return n - t.label, err
	})
}

// question counts what asks for a reply to user, up to the reply's label.
func (t *counts) question(ctx context.Context, user string) (int, error) {
	return t.get(countKey{question, user, ""}, func() (int, error) {
		w := &writer{page: t.page}
		w.question(fewshot.Query, user)
		w.open()
		n, err := count(ctx, t.model, w.String())
		return n - t.empty, err
	})
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
