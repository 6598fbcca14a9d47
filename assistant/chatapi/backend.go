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
	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
)

// A group is the replies to one prompt. Whole answers are drawn together, so that the
// backend reads the prompt once. Streams are not, since a [sampling.Drawer] returns all
// of them at the end.
type group struct {
	n     int
	once  sync.Once
	drawn []*sampling.Completion
	err   error
}

// draw returns the replies of the group, whose requests are the same. The error wraps
// [sampling.ErrUnsupported] if they must be drawn one by one.
func (g *group) draw(ctx context.Context, b sampling.Forward, req sampling.Request) ([]*sampling.Completion, error) {
	g.once.Do(func() {
		defer func() {
			if v := recover(); v != nil { // for all replies of the group
				g.err = caught(v)
			}
		}()
		g.drawn, g.err = b.Draw(ctx, &req, g.n)
		if g.err == nil && (len(g.drawn) != g.n || slices.Contains(g.drawn, nil)) {
			g.drawn, g.err = nil, fmt.Errorf("%w: %d of %d completions arrived", sampling.ErrTruncated, len(g.drawn), g.n)
		}
	})
	return g.drawn, g.err
}

// Sample makes a reply the backend of its own model. It asks the server's backend, adds
// the client's stop sequences to the layout's, and counts tokens. Not every backend cuts
// at a stop, and a reply must end in the same way with each of them.
func (a *reply) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	// A stop that may complete within a label, such as ":", would leave the beginning of
	// the label in the reply.
	a.early = slices.DeleteFunc(a.early, func(s string) bool {
		return slices.ContainsFunc(req.Stop, func(mark string) bool {
			return strings.Index(strings.TrimSpace(mark), s) > 0
		})
	})
	return sampling.Until(a.sample(ctx, req), a.early)
}

func (a *reply) sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		if a.calls++; a.calls > 1 && len(a.early) > 0 {
			// The Conversation asks again after an empty reply. But the reply may be
			// empty because it began with a stop of the client, and not every server
			// says so.
			yield(sampling.Chunk{}, assistant.ErrEmpty)
			return
		}
		asked := *req
		for _, s := range a.early {
			if !slices.Contains(asked.Stop, s) {
				asked.Stop = append(slices.Clip(asked.Stop), s)
			}
		}
		if a.group != nil && a.calls == 1 {
			all, err := a.group.draw(ctx, a.Forward, asked)
			if !errors.Is(err, sampling.ErrUnsupported) {
				a.yield(ctx, req.Prompt, all, err, yield)
				return
			}
		}
		asked.Params.Seed = seeds.At(asked.Params.Seed, a.choice)
		var seen sampling.Completion
		var text strings.Builder
		defer func() {
			seen.Text = text.String()
			a.count(ctx, req.Prompt, &seen)
		}()
		for chunk, err := range a.Forward.Sample(ctx, &asked) {
			if chunk.Usage != (sampling.Usage{}) {
				seen.Usage = chunk.Usage
			}
			text.WriteString(chunk.Text)
			a.filtered = chunk.Reason == sampling.Filtered
			if !yield(chunk, err) {
				return
			}
		}
	}
}

// yield yields the reply's completion of those that were drawn together. The first reply
// carries the cost of all.
func (a *reply) yield(ctx context.Context, prompt string, all []*sampling.Completion, err error, yield func(sampling.Chunk, error) bool) {
	if a.choice == 0 && len(all) > 0 {
		a.count(ctx, prompt, all...)
	}
	if err != nil {
		yield(sampling.Chunk{}, err)
		return
	}
	c := all[a.choice]
	a.filtered = c.Reason == sampling.Filtered
	yield(sampling.Chunk{Text: c.Text, Tokens: c.Tokens, Reason: c.Reason, Stop: c.Stop, Model: c.Model}, nil)
}

// countingTime limits the time of counting what a call cost.
const countingTime = 2 * time.Second

// count adds what a call cost. It counts the tokens that the backend did not report,
// such as those of a stream that was left, if the model has a counter.
func (a *reply) count(ctx context.Context, prompt string, completions ...*sampling.Completion) {
	var told sampling.Usage
	var text strings.Builder
	for _, c := range completions {
		told = told.Add(c.Usage)
		text.WriteString(c.Text)
	}
	a.answered = a.answered || text.Len() > 0
	counter := a.request.h.config.Model.Counter
	if counter == nil {
		counter = a.Forward
	}
	// The tokens of a client that has left are counted too.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countingTime)
	defer cancel()
	if told.PromptTokens == 0 {
		told.PromptTokens, _ = counter.Count(ctx, prompt) // 0 without a counter
	}
	if told.CompletionTokens == 0 {
		told.CompletionTokens, _ = counter.Count(ctx, text.String())
	}
	a.spent = a.spent.Add(told)
}
