package samplingtest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/foreword-go/foreword/internal/whole"
	"github.com/foreword-go/foreword/sampling"
)

// edited changes the toy's chunks. It is told the number of each.
func edited(f func(req *sampling.Request, i int, c *sampling.Chunk)) func(*testing.T) sampling.Backend {
	return of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
		i := -1
		return mapped(b.Sample(ctx, req), func(c sampling.Chunk) sampling.Chunk {
			i++
			f(req, i, &c)
			return c
		})
	})
}

// lastly changes the toy's last chunk.
func lastly(f func(req *sampling.Request, c *sampling.Chunk)) func(*testing.T) sampling.Backend {
	return edited(func(req *sampling.Request, _ int, c *sampling.Chunk) {
		if c.Reason != sampling.Unfinished {
			f(req, c)
		}
	})
}

// tokens changes the toy's tokens, at temperature 0 or above it.
func tokens(greedy bool, f func(*sampling.Token)) func(*testing.T) sampling.Backend {
	return edited(func(req *sampling.Request, _ int, c *sampling.Chunk) {
		for i := range c.Tokens {
			if greedy == (req.Params.Temperature == 0) && len(c.Tokens[i].Top) == 2 {
				f(&c.Tokens[i])
			}
		}
	})
}

// unless answers the requests that are not odd, and yields chunks and an error for the others.
func unless(odd func(context.Context, *sampling.Request) bool, err error, chunks ...sampling.Chunk) func(*testing.T) sampling.Backend {
	return of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
		if !odd(ctx, req) {
			return b.Sample(ctx, req)
		}
		return func(yield func(sampling.Chunk, error) bool) {
			for _, c := range chunks {
				if !yield(c, nil) {
					return
				}
			}
			if err != nil {
				yield(sampling.Chunk{}, err)
			}
		}
	})
}

// strips cuts the text at a stop sequence as some servers do, and ends it in its own way.
func strips(reason sampling.Reason, stop string) func(*testing.T) sampling.Backend {
	return of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
		if len(req.Stop) == 0 {
			return b.Sample(ctx, req)
		}
		return func(yield func(sampling.Chunk, error) bool) {
			whole := *req
			whole.Stop = nil
			var all sampling.Chunk
			for chunk, err := range b.Sample(ctx, &whole) {
				if err != nil {
					yield(all, err)
					return
				}
				all.Text += chunk.Text
				all.Reason = chunk.Reason
			}
			if text, found := sampling.Cut(all.Text, req.Stop); found != "" {
				all = sampling.Chunk{Text: text, Reason: reason, Stop: stop}
			}
			yield(all, nil)
		}
	})
}

// A hypocrite says that it constrains and refuses to.
type hypocrite struct{ toy }

func (b *hypocrite) Sample(ctx context.Context, req *sampling.Request) seq {
	if req.Constraint.IsZero() {
		return b.toy.Sample(ctx, req)
	}
	return func(yield func(sampling.Chunk, error) bool) { yield(sampling.Chunk{}, sampling.ErrUnsupported) }
}

// An endless backend constrains, ignores the stops that should close the constraint,
// and reaches the token limit.
type endless struct{ toy }

func (b *endless) Sample(ctx context.Context, req *sampling.Request) seq {
	if req.Constraint.IsZero() {
		return b.toy.Sample(ctx, req)
	}
	open := *req
	open.Stop = nil
	return mapped(b.toy.Sample(ctx, &open), func(c sampling.Chunk) sampling.Chunk {
		if c.Reason == sampling.EndOfText {
			c.Reason = sampling.TokenLimit
		}
		return c
	})
}

// Each backend yields chunks that break one rule.
func TestBrokenChunks(t *testing.T) {
	text := sampling.Chunk{Text: " a"}
	for _, test := range []broken{
		{"yields a chunk after the deadline", "cancel", unless(func(ctx context.Context, _ *sampling.Request) bool {
			return errors.Is(ctx.Err(), context.DeadlineExceeded)
		}, context.DeadlineExceeded, text)},
		{"yields nothing for one token", "reasons", unless(func(_ context.Context, req *sampling.Request) bool {
			return req.Params.MaxTokens == 1
		}, nil)},
		{"gives no reason after an empty prompt", "empty-prompt", unless(func(_ context.Context, req *sampling.Request) bool {
			return req.Prompt == ""
		}, nil, text)},
		{"refuses TopK after some text", "top-k", unless(func(_ context.Context, req *sampling.Request) bool {
			return req.Params.TopK == 1
		}, errors.New("no TopK"), text)},
		{"fails after a text without its stop", "stops", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			if len(req.Stop) == 0 {
				return b.Sample(ctx, req)
			}
			return func(yield func(sampling.Chunk, error) bool) {
				for chunk, err := range b.Sample(ctx, req) {
					chunk.Reason = sampling.Unfinished
					if !yield(chunk, err) || err != nil {
						return
					}
				}
				yield(sampling.Chunk{}, errors.New("no stop"))
			}
		})},
		{"names a stop early", "reasons", edited(func(_ *sampling.Request, i int, c *sampling.Chunk) {
			if i == 0 && c.Reason == sampling.Unfinished {
				c.Stop = "x"
			}
		})},
		{"names a stop without stops", "reasons", lastly(func(_ *sampling.Request, c *sampling.Chunk) { c.Stop = "x" })},
		{"reports fewer cached tokens than none", "usage", lastly(func(_ *sampling.Request, c *sampling.Chunk) { c.Usage.CachedTokens = -1 })},
		{"reports more cached tokens than tokens", "usage", lastly(func(_ *sampling.Request, c *sampling.Chunk) { c.Usage.CachedTokens = 1000 })},
		{"reports a cost that shrinks", "usage", edited(func(_ *sampling.Request, i int, c *sampling.Chunk) {
			if i == 0 && c.Reason == sampling.Unfinished {
				c.Usage.CompletionTokens = 1000
			}
		})},
		{"reports a longer prompt", "usage", lastly(func(_ *sampling.Request, c *sampling.Chunk) { c.Usage.PromptTokens += 1000 })},
		{"charges for one token", "usage", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			chunks := b.Sample(ctx, with(req, func(p *sampling.Params) { p.Logprobs = true }))
			return mapped(chunks, func(c sampling.Chunk) sampling.Chunk {
				c.Usage.CompletionTokens = min(c.Usage.CompletionTokens, 1)
				return c
			})
		})},
		{"charges for more than MaxTokens", "max-tokens", lastly(func(_ *sampling.Request, c *sampling.Chunk) { c.Usage.CompletionTokens += 100 })},
		{"begins otherwise for two tokens", "max-tokens", edited(func(req *sampling.Request, i int, c *sampling.Chunk) {
			if i == 0 && req.Params.MaxTokens == 2 {
				c.Text = " x"
			}
		})},
		{"reports less for a greedy token", "logprobs", tokens(true, func(t *sampling.Token) { t.Logprob-- })},
		{"reports other tokens", "logprobs", edited(func(_ *sampling.Request, _ int, c *sampling.Chunk) {
			for i := range c.Tokens { // in ASCII, since other text may be reported in parts of runes
				c.Text, c.Tokens[i].Text = "x", "?"
			}
		})},
		{"reports too many alternatives", "logprobs", tokens(false, func(t *sampling.Token) {
			t.Top = append(t.Top, sampling.Token{Text: "?", Logprob: -20})
		})},
		{"reports an alternative above 1", "logprobs", tokens(false, func(t *sampling.Token) { t.Top[0].Logprob = 1 })},
		{"reports the best alternative last", "logprobs", tokens(false, func(t *sampling.Token) {
			t.Top[0], t.Top[1] = t.Top[1], t.Top[0]
		})},
		{"says something else before a stop", "stops", edited(func(req *sampling.Request, i int, c *sampling.Chunk) {
			if i == 0 && len(req.Stop) > 0 {
				c.Text = "x" + c.Text
			}
		})},
		{"says something else before a stop in a stream", "stops", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			first := "x"
			return mapped(b.Sample(ctx, req), func(c sampling.Chunk) sampling.Chunk {
				if len(req.Stop) > 0 && !whole.Wanted(ctx) {
					c.Text, first = first+c.Text, ""
				}
				return c
			})
		})},
		{"calls a stop a limit in a stream", "stops", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			if whole.Wanted(ctx) {
				return b.Sample(ctx, req)
			}
			return strips(sampling.TokenLimit, "")(nil).Sample(ctx, req)
		})},
		{"calls a limit a stop", "stops", lastly(func(req *sampling.Request, c *sampling.Chunk) {
			if len(req.Stop) == 1 && c.Reason != sampling.StopSequence {
				c.Reason, c.Stop = sampling.StopSequence, req.Stop[0]
			}
		})},
		{"calls a stop a limit", "stops", strips(sampling.TokenLimit, "")},
		{"names another stop", "stops", strips(sampling.StopSequence, "x")},
		{"constrains and does not end", "constrainer", func(*testing.T) sampling.Backend { return new(endless) }},
		{"says that it constrains and refuses", "constrainer", func(*testing.T) sampling.Backend { return new(hypocrite) }},
	} {
		test.run(t)
	}
}
