package wrap

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

func (c *cached) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		q, err := ask("sample", req, 0)
		e, a, err := c.find(ctx, q, err)
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		if a != nil {
			a.replay(ctx, yield)
			return
		}
		inner, t := withTrace(ctx)
		var all []piece
		var text strings.Builder
		reason := sampling.Unfinished
		for chunk, err := range sampling.Until(c.Backend.Sample(inner, req), req.Stop) {
			if err != nil {
				if len(all) == 0 {
					e.refuse(err, t)
				}
				yield(chunk, err)
				return
			}
			all = append(all, writeCompletion(&chunk))
			text.WriteString(chunk.Text)
			reason = chunk.Reason
			if !yield(chunk, nil) || reason != sampling.Unfinished {
				break
			}
		}
		if worthKeeping(text.String(), reason, req) {
			e.put(&answer{Chunks: all}, t)
		}
	}
}

// worthKeeping reports whether an answer is complete and satisfies its constraint.
func worthKeeping(text string, reason sampling.Reason, req *sampling.Request) bool {
	switch {
	case reason == sampling.Unfinished || reason == sampling.Filtered:
		return false
	case req.Constraint.IsZero():
		return true
	}
	text, _ = sampling.Cut(text, req.Stop)
	m := req.Constraint.Start()
	return m.Add(text) && (m.Done() || reason == sampling.TokenLimit)
}

// replay yields the chunks of an answer.
func (a *answer) replay(ctx context.Context, yield func(sampling.Chunk, error) bool) {
	for i := range a.Chunks {
		if err := ctx.Err(); err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		if !yield(a.Chunks[i].completion(), nil) {
			return
		}
	}
}

func (c *cached) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	q, err := ask("draw", req, n)
	return remembered(ctx, c, q, err, func(ctx context.Context) ([]*sampling.Completion, error) { return c.Forward.Draw(ctx, req, n) },
		func(all []*sampling.Completion) *answer {
			if len(all) != n || slices.ContainsFunc(all, func(c *sampling.Completion) bool {
				return c == nil || !worthKeeping(c.Text, c.Reason, req)
			}) {
				return nil
			}
			return &answer{Completions: writeCompletions(all)}
		},
		func(a *answer) []*sampling.Completion { return readCompletions(a.Completions, req) })
}

func (c *cached) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	q, err := ask("score", req, 0)
	if q != nil {
		q.Continuations, q.Stop, q.Constraint = continuations, nil, ""
		q.Params = &params{Extra: q.Params.Extra} // nothing else matters to a score
		err = errors.Join(err, q.check())
	}
	return remembered(ctx, c, q, err, func(ctx context.Context) ([]sampling.Score, error) { return c.Forward.Score(ctx, req, continuations) },
		func(scores []sampling.Score) *answer {
			if len(scores) != len(continuations) {
				return nil
			}
			return &answer{Scores: writeScores(scores)}
		},
		func(a *answer) []sampling.Score { return readScores(a.Scores) })
}

// Count keeps counts in a Store only, since a Counter in the process is about as fast
// as memory.
func (c *cached) Count(ctx context.Context, text string) (int, error) {
	if c.cache.Store == nil {
		return c.Forward.Count(ctx, text)
	}
	q := &question{Method: "count", Prompt: text}
	return remembered(ctx, c, q, q.check(), func(ctx context.Context) (int, error) { return c.Forward.Count(ctx, text) },
		func(n int) *answer { return &answer{Tokens: &n} },
		func(a *answer) int { return *a.Tokens })
}

// Describe keeps the description if a Namespace names the model, so that a strict
// Cache knows the window.
func (c *cached) Describe(ctx context.Context) (sampling.Info, error) {
	if c.cache.Store == nil || c.cache.Namespace == "" {
		return c.Forward.Describe(ctx)
	}
	return remembered(ctx, c, &question{Method: "describe"}, nil, c.Forward.Describe,
		func(info sampling.Info) *answer { return &answer{Info: &info} },
		func(a *answer) sampling.Info { return *a.Info })
}

// Constrains accepts any constraint if the Cache is strict: recorded answers satisfy
// theirs.
func (c *cached) Constrains(constraint sampling.Constraint) error {
	if c.cache.Strict {
		return nil
	}
	return c.Forward.Constrains(constraint)
}

// remembered answers a question that is not a stream. write returns nil for what should
// not be kept.
func remembered[T any](ctx context.Context, c *cached, q *question, err error, call func(context.Context) (T, error), write func(T) *answer, read func(*answer) T) (T, error) {
	var none T
	e, a, err := c.find(ctx, q, err)
	if err != nil {
		return none, err
	}
	if a != nil {
		return read(a), nil
	}
	inner, t := withTrace(ctx)
	value, err := call(inner)
	if err == nil {
		if a := write(value); a != nil {
			e.put(a, t)
		}
	} else if q.Method != "count" { // there is one for each text
		e.refuse(err, t)
	}
	return value, err
}
