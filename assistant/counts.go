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
	known sync.Map // from countedPart to int
	size  atomic.Int32
}

// A countedPart is a part of a prompt. It is the key for its tokens, so that most parts need
// not be written again.
type countedPart struct {
	kind        countedKind
	user, reply string
}

type countedKind int

const (
	plainText    countedKind = iota // user, as it is
	wholeTurn                       // up to the next label
	openQuestion                    // with the beginning of the reply
)

// maxCounts limits the memory for counts. It is far more than fit a window.
const maxCounts = 1 << 14

// counted returns the counts for the current Model and layout.
func (c *Conversation) counted(p *page) *counts {
	t := c.counts
	if t == nil || t.size.Load() >= maxCounts || !same(t.model.Counter, c.Model.Counter) ||
		c.Model.Counter == nil && !same(t.model.Backend, c.Model.Backend) ||
		t.page.layout != p.layout || t.page.user != p.user || t.page.reply != p.reply {
		t = &counts{model: c.Model, page: p}
		c.counts = t
	}
	return t
}

// same reports whether two values are equal. Values that cannot be compared, such as
// functions, are not.
func same(a, b any) bool {
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

func (t *counts) of(ctx context.Context, part countedPart) (int, error) {
	if n, ok := t.known.Load(part); ok {
		return n.(int), nil
	}
	text := part.user
	w := &writer{page: t.page}
	switch part.kind {
	case wholeTurn:
		w.turn(&Turn{User: part.user, Reply: part.reply})
		text = w.String() + betweenTurns + t.page.user
	case openQuestion:
		w.ask(fewshot.Query, part.user, part.reply)
		text = w.String()
	}
	n, err := count(ctx, t.model, text)
	if err == nil {
		t.known.Store(part, n)
		t.size.Add(1)
	}
	return n, err
}

func count(ctx context.Context, m sampling.Model, text string) (int, error) {
	n, err := m.Count(ctx, text)
	if err != nil {
		return 0, fmt.Errorf("assistant: counting tokens: %w", err)
	}
	return n, nil
}
