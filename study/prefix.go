package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/choose"
	"github.com/foreword-go/foreword/sampling"
)

// fixedReply replaces the model's replies, so that all conversations have the same length.
const fixedReply = "That is a good question. I would begin with what you know already, and look up the rest."

// anew is the naive loop: other shots for each query.
func anew(k int) fewshot.Selector {
	return func(pool []pair) (fewshot.Picker, error) {
		r := rand.New(rand.NewPCG(1, 1))
		return func(context.Context, string) (fewshot.Picks, error) {
			return fewshot.Picks{Chosen: r.Perm(len(pool))[:k]}, nil
		}, nil
	}
}

// prefixCache is part 10.
func prefixCache(ctx context.Context, r *run) (*section, error) {
	s := &section{
		Title: "The prefix cache",
		Text: `How many prompt tokens come from the server's prefix cache, by its own counters. The first table asks for one token after eight shots. The
naive loop draws other shots for each query. The second table is a conversation that is longer than its window. The naive loop drops the oldest turn each time,
and the library drops many turns when the window is full. Some of its requests count tokens. Tokens are means of a query. Time is relative to the naive loop.`,
	}
	shots := table{Caption: "Eight shots.", Head: []string{"shots", "queries", "requests", "tokens read", "tokens cached", "cached", "time"}}
	queries := reviewCases[:r.cases(20, 8)]
	add := func(t *table, name string, n int, c, naive *cost) {
		each := func(tokens int64) string { return fmt.Sprintf("%.0f", float64(tokens)/float64(n)) }
		t.add(name, fmt.Sprint(n), fmt.Sprint(c.Requests), each(c.Read), each(c.Cached), fmt.Sprintf("%.0f %%", 100*c.share()), fmt.Sprintf("%.2f", c.Seconds/naive.Seconds))
	}
	var naive *cost
	for _, w := range []struct {
		name     string
		selector fewshot.Selector
	}{
		{"others for each query", anew(8)},
		{"the same for all", fewshot.First(8)},
		{"similar: BM25", choose.BM25(8)},
		{"4 of a backbone, 4 similar", choose.Backbone(4, choose.Words{}, choose.BM25(4))},
	} {
		c, err := r.measured(ctx, "part 10, "+w.name, func(m sampling.Model) error {
			task := sentiment()
			task.Select, task.Params.MaxTokens = w.selector, 1
			p, err := task.Compile()
			if err != nil {
				return err
			}
			for i, q := range queries {
				prompt, err := p.Prompt(ctx, m, q.In)
				if err != nil {
					return err
				}
				if _, err := m.Complete(ctx, prompt.Request(task.Params)); err != nil {
					return err
				}
				r.progress(w.name)(fewshot.Progress{Done: i + 1, All: len(queries)})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if naive == nil {
			naive = c
		}
		add(&shots, w.name, len(queries), c, naive)
	}

	talks := table{Caption: "A conversation.", Head: []string{"turns dropped", "queries", "requests", "tokens read", "tokens cached", "cached", "time"}}
	turns := r.cases(30, 12)
	naive = nil
	for _, w := range []struct {
		name string
		last int // turns that the naive loop keeps
	}{{"the oldest, each time", 4}, {"many at once, when the window is full", 0}} {
		c, err := r.measured(ctx, "part 10, "+w.name, func(m sampling.Model) error {
			c := assistant.Conversation{Model: m, Persona: assistant.Helpful(), Params: sampling.Params{MaxTokens: 16}}
			if w.last == 0 {
				c.Model.Window = 800
			}
			for i := range turns {
				if w.last > 0 {
					c.Transcript = c.Transcript[max(0, len(c.Transcript)-w.last):]
				}
				prompt, err := c.Prompt(ctx, questions[i], assistant.ReplyOptions{})
				if err != nil {
					return err
				}
				if _, err := m.Complete(ctx, prompt.Request(c.Params)); err != nil {
					return err
				}
				c.Transcript = append(c.Transcript, assistant.Turn{User: questions[i], Reply: fixedReply})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if naive == nil {
			naive = c
		}
		add(&talks, w.name, turns, c, naive)
	}
	s.Tables = []table{shots, talks}
	return s, nil
}
