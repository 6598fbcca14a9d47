package assistant

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A tally remembers what was counted, so that each text is counted once for as
// long as the Counter and the layout stay the same.
type tally struct {
	model    sampling.Model
	counter  any
	page     *page
	constant int // what a Counter adds to each text, such as a token that begins it
	label    int // the label that follows a turn
	pieces   map[string]int
	turns    []turnTokens
}

// turnTokens is what a turn costs. A text is told by its address first, so that
// finding that it is the same takes no time.
type turnTokens struct {
	user, reply string
	asked       int // its question and the label of the reply
	whole       int // -1 while there is no reply yet
}

func (t *tally) clone() *tally {
	if t == nil {
		return nil
	}
	clone := *t
	clone.pieces = nil
	clone.turns = slices.Clone(t.turns)
	return &clone
}

// counterOf is what counts for a Model; nil when that is bytes.
func counterOf(m sampling.Model) any {
	if m.Counter != nil {
		return m.Counter
	}
	if own, ok := m.Backend.(sampling.Counter); ok {
		return own
	}
	return nil
}

// same compares two Counters, of which some cannot be compared, such as one that
// is a function or has one in it.
func same(a, b any) bool {
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

// tallied returns the tally for the Model and the layout as they are now.
func (c *Conversation) tallied(ctx context.Context, p *page) (*tally, error) {
	if t := c.tally; t != nil && same(t.counter, counterOf(c.Model)) &&
		t.page.layout == p.layout && t.page.user == p.user && t.page.reply == p.reply {
		return t, nil
	}
	t := &tally{model: c.Model, counter: counterOf(c.Model), page: p}
	var err error
	if t.constant, err = count(ctx, t.model, ""); err != nil {
		return nil, err
	}
	if t.label, err = count(ctx, t.model, p.user); err != nil {
		return nil, err
	}
	c.tally = t
	return t, nil
}

func count(ctx context.Context, m sampling.Model, text string) (int, error) {
	n, err := m.Count(ctx, text)
	if err != nil {
		return 0, fmt.Errorf("assistant: counting tokens: %w", err)
	}
	return n, nil
}

// followed counts a text as it stands before a label, which may differ from how
// it stands at the end: many tokenizers join line breaks only there.
func (t *tally) followed(ctx context.Context, text string) (int, error) {
	n, err := count(ctx, t.model, text+t.page.user)
	return n - t.label, err
}

func (t *tally) piece(ctx context.Context, text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	if n, ok := t.pieces[text]; ok {
		return n, nil
	}
	if t.pieces == nil || len(t.pieces) > 4 {
		t.pieces = map[string]int{} // for the few that are in use at a time
	}
	n, err := t.followed(ctx, text)
	if err == nil {
		t.pieces[text] = n
	}
	return n, err
}

// turn makes t.turns[i] the cost of turn.
func (t *tally) turn(ctx context.Context, i int, turn *Turn) error {
	if i < len(t.turns) && t.turns[i].whole >= 0 && t.turns[i].user == turn.User && t.turns[i].reply == turn.Reply {
		return nil
	}
	user, _, err := turn.clean(turnName(i))
	if err != nil {
		return err
	}
	if _, err := t.asked(ctx, i, user, ""); err != nil {
		return err
	}
	w := &writer{page: t.page}
	if err := w.shownTurn(turn, turnName(i)); err != nil {
		return err
	}
	whole, err := t.followed(ctx, w.String())
	if err != nil {
		return err
	}
	cost := &t.turns[i]
	cost.user, cost.reply, cost.whole = turn.User, turn.Reply, whole
	return nil
}

// asked counts what asks for the reply of turn i and remembers it there, as the
// turn will be asked about again once it has its reply. What a prefill adds is
// not remembered.
func (t *tally) asked(ctx context.Context, i int, user, prefill string) (int, error) {
	if i == len(t.turns) || t.turns[i].user != user {
		w := &writer{page: t.page}
		w.question(fewshot.Query, user)
		w.open()
		n, err := count(ctx, t.model, w.String())
		if err != nil {
			return 0, err
		}
		t.turns = append(t.turns[:i], turnTokens{user: user, asked: n - t.constant, whole: -1})
	}
	asked := t.turns[i].asked
	if prefill == "" {
		return asked, nil
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
	return asked + with - without, err
}
