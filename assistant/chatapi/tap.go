package chatapi

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
)

// A tap is a backend between a reply and the server's own backend. It adds the
// client's stop sequences to the layout's and counts tokens.
type tap struct {
	sampling.Forward // the server's backend
	counter          sampling.Counter
	stop             []string
	group            *group
	index            int // in the group
	calls            int
	spent            sampling.Usage
	filtered         bool // a filter ended the last continuation
}

// A group is the replies to one prompt. Whole answers are drawn together, so that the
// backend reads the prompt once. Streams are not, since a [sampling.Drawer] returns all
// of them at the end.
type group struct {
	n     int
	whole bool
	once  sync.Once
	drawn []*sampling.Completion
	err   error
}

// draw returns the replies of the group. The error wraps [sampling.ErrUnsupported] if
// they must be drawn one by one.
func (g *group) draw(ctx context.Context, b sampling.Forward, req *sampling.Request) ([]*sampling.Completion, error) {
	if !g.whole {
		return nil, sampling.ErrUnsupported
	}
	g.once.Do(func() {
		defer func() {
			if v := recover(); v != nil { // for all replies of the group
				g.err = caught(v)
			}
		}()
		g.drawn, g.err = b.Draw(ctx, req, g.n)
		if g.err == nil && (len(g.drawn) != g.n || slices.Contains(g.drawn, nil)) {
			g.err = fmt.Errorf("%w: %d of %d completions arrived", sampling.ErrTruncated, len(g.drawn), g.n)
		}
	})
	return g.drawn, g.err
}

// Sample asks the backend.
func (t *tap) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		if t.calls++; t.calls > 1 && len(t.stop) > 0 {
			// The Conversation asks again after an empty reply. But the reply may be
			// empty because it began with a stop of the client, and not every server
			// says so.
			yield(sampling.Chunk{}, assistant.ErrEmpty)
			return
		}
		asked := *req
		for _, s := range t.stop {
			if !slices.Contains(asked.Stop, s) {
				asked.Stop = append(slices.Clip(asked.Stop), s)
			}
		}
		if t.calls == 1 {
			all, err := t.group.draw(ctx, t.Forward, &asked)
			if !errors.Is(err, sampling.ErrUnsupported) {
				t.one(ctx, req.Prompt, all, err, yield)
				return
			}
		}
		var told sampling.Usage
		var text strings.Builder
		defer func() { t.count(ctx, req.Prompt, text.String(), told) }()
		for chunk, err := range t.Forward.Sample(ctx, &asked) {
			if chunk.Usage != (sampling.Usage{}) {
				told = chunk.Usage
			}
			text.WriteString(chunk.Text)
			t.filtered = chunk.Reason == sampling.Filtered
			if !yield(chunk, err) {
				return
			}
		}
	}
}

// one yields a reply of a group that was drawn together. The first reply carries the
// cost of all.
func (t *tap) one(ctx context.Context, prompt string, all []*sampling.Completion, err error, yield func(sampling.Chunk, error) bool) {
	if t.index == 0 && len(all) > 0 {
		var told sampling.Usage
		var text strings.Builder
		for _, c := range all {
			told = told.Add(c.Usage)
			text.WriteString(c.Text)
		}
		t.count(ctx, prompt, text.String(), told)
	}
	if err != nil {
		yield(sampling.Chunk{}, err)
		return
	}
	c := all[t.index]
	t.filtered = c.Reason == sampling.Filtered
	yield(sampling.Chunk{Text: c.Text, Tokens: c.Tokens, Reason: c.Reason, Stop: c.Stop, Model: c.Model}, nil)
}

// countingTime limits the time of counting what a call cost.
const countingTime = 2 * time.Second

// count adds what a call cost. It counts the tokens that the backend did not report,
// such as those of a stream that was left, if the model has a counter.
func (t *tap) count(ctx context.Context, prompt, text string, told sampling.Usage) {
	counter := t.counter
	if counter == nil {
		counter = t.Forward
	}
	// The tokens of a client that has left are counted too.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countingTime)
	defer cancel()
	if told.PromptTokens == 0 {
		told.PromptTokens, _ = counter.Count(ctx, prompt) // 0 without a counter
	}
	if told.CompletionTokens == 0 {
		told.CompletionTokens, _ = counter.Count(ctx, text)
	}
	t.spent = t.spent.Add(told)
}
