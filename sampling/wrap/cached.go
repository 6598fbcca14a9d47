package wrap

import (
	"context"
	"errors"
	"iter"
	"slices"

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
		defer note(ctx, t.pass)
		var seen []sampling.Chunk
		for chunk, err := range c.Backend.Sample(inner, req) {
			if err != nil {
				if len(seen) == 0 {
					e.refuse(err, t)
				}
				yield(chunk, err)
				return
			}
			seen = append(seen, ownCopy(chunk))
			if !yield(chunk, nil) || chunk.Reason != sampling.Unfinished {
				break
			}
		}
		if pieces, ok := complete(seen, req); ok {
			e.put(&answer{Chunks: pieces}, t)
		}
	}
}

// ownCopy copies the parts of a chunk that its consumer could change.
func ownCopy(c sampling.Chunk) sampling.Chunk {
	c.Tokens = slices.Clone(c.Tokens)
	for i := range c.Tokens {
		c.Tokens[i].Top = slices.Clone(c.Tokens[i].Top)
	}
	return c
}

// complete returns the chunks up to the first stop sequence, and whether they are
// worth keeping.
func complete(chunks []sampling.Chunk, req *sampling.Request) (pieces []piece, ok bool) {
	seen := func(yield func(sampling.Chunk, error) bool) {
		for _, c := range chunks {
			if !yield(c, nil) {
				return
			}
		}
	}
	text, reason := "", sampling.Unfinished
	for c := range sampling.Until(seen, req.Stop) {
		pieces = append(pieces, writeCompletion(&c))
		text, reason = text+c.Text, c.Reason
	}
	return pieces, worthKeeping(text, reason, req.Constraint)
}

// worthKeeping reports whether an answer is complete and satisfies its constraint.
func worthKeeping(text string, reason sampling.Reason, constraint sampling.Constraint) bool {
	switch {
	case reason == sampling.Unfinished || reason == sampling.Filtered:
		return false
	case constraint.IsZero():
		return true
	}
	m := constraint.Start()
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
	return remembered(ctx, c, q, err, func(a *answer) []*sampling.Completion { return readCompletions(a.Completions, req) },
		func(ctx context.Context) (*answer, []*sampling.Completion, error) {
			all, err := c.Forward.Draw(ctx, req, n)
			if err != nil || len(all) != n || slices.ContainsFunc(all, func(c *sampling.Completion) bool {
				return c == nil || !worthKeeping(before(c.Text, req.Stop), c.Reason, req.Constraint)
			}) {
				return nil, all, err
			}
			return &answer{Completions: writeCompletions(all)}, all, nil
		})
}

func before(text string, stop []string) string {
	text, _ = sampling.Cut(text, stop)
	return text
}

func (c *cached) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	q, err := ask("score", req, 0)
	if q != nil {
		q.Continuations, q.Stop, q.Constraint = continuations, nil, ""
		q.Params = &params{Extra: q.Params.Extra} // nothing else matters to a score
		err = errors.Join(err, q.check())
	}
	return remembered(ctx, c, q, err, func(a *answer) []sampling.Score { return readScores(a.Scores) },
		func(ctx context.Context) (*answer, []sampling.Score, error) {
			scores, err := c.Forward.Score(ctx, req, continuations)
			if err != nil || len(scores) != len(continuations) {
				return nil, scores, err
			}
			return &answer{Scores: writeScores(scores)}, scores, nil
		})
}

// Count keeps counts in a Store only, since a Counter in the process is about as fast
// as memory.
func (c *cached) Count(ctx context.Context, text string) (int, error) {
	if c.cache.Store == nil {
		return c.Forward.Count(ctx, text)
	}
	q := &question{Method: "count", Prompt: text}
	return remembered(ctx, c, q, q.check(), func(a *answer) int { return *a.Tokens }, func(ctx context.Context) (*answer, int, error) {
		n, err := c.Forward.Count(ctx, text)
		return &answer{Tokens: &n}, n, err
	})
}

// Describe keeps the description if a Namespace names the model, so that a strict
// Cache knows the window.
func (c *cached) Describe(ctx context.Context) (sampling.Info, error) {
	if c.cache.Store == nil || c.cache.Namespace == "" {
		return c.Forward.Describe(ctx)
	}
	q := &question{Method: "describe"}
	return remembered(ctx, c, q, nil, func(a *answer) sampling.Info { return *a.Info }, func(ctx context.Context) (*answer, sampling.Info, error) {
		info, err := c.Forward.Describe(ctx)
		return &answer{Info: &info}, info, err
	})
}

// Constrains accepts any constraint if the Cache is strict: recorded answers satisfy
// theirs.
func (c *cached) Constrains(constraint sampling.Constraint) error {
	if c.cache.Strict {
		return nil
	}
	return c.Forward.Constrains(constraint)
}

// remembered answers a question that is not a stream. call returns a nil answer if it
// should not be kept.
func remembered[T any](ctx context.Context, c *cached, q *question, err error, read func(*answer) T, call func(context.Context) (*answer, T, error)) (T, error) {
	var none T
	e, a, err := c.find(ctx, q, err)
	if err != nil {
		return none, err
	}
	if a != nil {
		return read(a), nil
	}
	inner, t := withTrace(ctx)
	defer note(ctx, t.pass)
	a, value, err := call(inner)
	switch {
	case err == nil && a != nil:
		e.put(a, t)
	case err != nil && q.Method != "count": // there is one for each text
		e.refuse(err, t)
	}
	return value, err
}
