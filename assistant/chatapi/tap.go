package chatapi

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
)

// A tap is a backend between a reply and the server's own backend. It adds the
// client's stop sequences to the layout's, turns panics into errors, and counts
// tokens.
type tap struct {
	sampling.Forward // the other abilities of the model's backend
	model            sampling.Model
	stop             []string
	group            *group
	index            int // in the group
	calls            int
	spent            usage
	filtered         bool // the last continuation was ended by a filter
}

// countingTime is how long counting for the bill may take.
const countingTime = 2 * time.Second

// A usage is what was spent on a reply, in tokens.
type usage struct{ prompt, completion, cached int }

func (u *usage) add(other usage) {
	u.prompt += other.prompt
	u.cached += other.cached
	u.completion += other.completion
}

// groupUsage is the usage of replies to one prompt, which counts once.
func groupUsage(replies []*reply) (u usage) {
	for _, a := range replies {
		spent := a.tap.spent
		u.prompt = max(u.prompt, spent.prompt)
		u.cached = max(u.cached, spent.cached)
		u.completion += spent.completion
	}
	return u
}

// Sample asks the backend.
func (t *tap) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		if t.calls++; t.calls > 1 && len(t.stop) > 0 {
			// An empty reply would be asked for anew; but it may be empty because
			// the server found one of the client's stops at its beginning, and
			// not every server tells.
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
			all, err := t.group.draw(ctx, t.model.Backend, &asked)
			if !errors.Is(err, sampling.ErrUnsupported) {
				t.one(ctx, req.Prompt, all, err, yield)
				return
			}
		}
		var told sampling.Usage
		var text strings.Builder
		outside, left := false, false // whether the code that runs is the caller's; whether it wants no more
		defer func() {
			if outside {
				return // its own panic
			}
			if v := recover(); v != nil {
				if err := caught(v); !left {
					yield(sampling.Chunk{}, err)
				}
			}
		}()
		defer func() { t.count(ctx, req.Prompt, text.String(), told) }()
		for chunk, err := range t.model.Backend.Sample(ctx, &asked) {
			if chunk.Usage != nil {
				told = *chunk.Usage
			}
			text.WriteString(chunk.Text)
			t.filtered = chunk.Reason == sampling.Filtered
			outside = true
			more := yield(chunk, err)
			outside = false
			if left = !more; left {
				return
			}
		}
	}
}

// one yields the reply of a group that was drawn together. The first reply of
// the group carries the cost of all.
func (t *tap) one(ctx context.Context, prompt string, all []*sampling.Completion, err error, yield func(sampling.Chunk, error) bool) {
	if t.index == 0 && len(all) > 0 {
		var told sampling.Usage
		var text strings.Builder
		for _, c := range all {
			told.PromptTokens += c.Usage.PromptTokens
			told.CachedTokens += c.Usage.CachedTokens
			told.CompletionTokens += c.Usage.CompletionTokens
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

// count adds what a call cost. What the backend did not tell is counted, if
// there is something to count with; a stream that was left at a stop sequence
// has no figures from most servers.
func (t *tap) count(ctx context.Context, prompt, text string, told sampling.Usage) {
	u := usage{told.PromptTokens, told.CompletionTokens, told.CachedTokens}
	counter := t.model.Counter
	if counter == nil {
		counter = t.Forward
	}
	// A client that has left is billed too, but a slow counter holds nobody up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countingTime)
	defer cancel()
	for figure, text := range map[*int]string{&u.prompt: prompt, &u.completion: text} {
		if *figure == 0 {
			*figure, _ = counter.Count(ctx, text) // 0 where nothing counts
		}
	}
	t.spent.prompt += u.prompt
	t.spent.completion += u.completion
	t.spent.cached += u.cached
}
