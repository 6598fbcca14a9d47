package sampling

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/foreword-go/foreword/internal/parallel"
	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/internal/whole"
)

// A Model is a [Backend] with its context window and token counter. Its methods
// refuse bad requests before anything is sent, cut at stop sequences, verify the
// [Constraint], and report a broken stream as an error.
//
// A Model is a small value. Copy it freely; it is safe for concurrent use.
type Model struct {
	Backend Backend
	Window  int     // tokens of prompt and completion together; 0 is unlimited
	Counter Counter // nil: the Backend if it counts, or else bytes, an upper bound
}

var errNoBackend = fmt.Errorf("%w: Model.Backend is nil; set it to a backend such as pocket.Default()", ErrInvalid)

// Complete returns the completion of the request's prompt. With an error it also
// returns the text received so far, if any.
func (m Model) Complete(ctx context.Context, req *Request) (*Completion, error) {
	prepared, err := m.prepare(ctx, req)
	if err != nil {
		return nil, err
	}
	c, err := collect(m.stream(whole.Context(ctx), prepared))
	c.Seed = prepared.Params.Seed
	return c, err
}

// Stream yields the completion as it arrives, cut at the first stop sequence. Only
// the last chunk has a Reason. No chunk that violates the Constraint is yielded.
// Leaving the loop stops the backend. The sequence is single-use.
func (m Model) Stream(ctx context.Context, req *Request) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		prepared, err := m.prepare(ctx, req)
		if err != nil {
			yield(Chunk{}, err)
			return
		}
		m.stream(ctx, prepared)(yield)
	}
}

// drawAtOnce limits the samples that Draw requests in parallel.
const drawAtOnce = 8

// Draw returns n completions of one request, with seeds derived from its seed. It
// uses the backend's [Drawer], or else up to 8 parallel samples. At Temperature 0
// all n are equal.
//
// On an error Draw cancels the rest and returns the finished completions, in the
// order of their seeds.
func (m Model) Draw(ctx context.Context, req *Request, n int) ([]*Completion, error) {
	if n < 1 {
		return nil, fmt.Errorf("%w: drawing %d completions; ask for at least 1", ErrInvalid, n)
	}
	prepared, err := m.prepare(ctx, req)
	if err != nil {
		return nil, err
	}
	if n > 1 {
		drawn, err := Forward{m.Backend}.Draw(ctx, prepared, n)
		if !errors.Is(err, ErrUnsupported) {
			return m.finished(ctx, drawn, err, prepared, n)
		}
	}
	return m.drawSingly(ctx, prepared, n)
}

// finished checks a Drawer's completions as if they were streams, and fills in missing
// seeds. A completion that is unfinished or violates the constraint is left out, with
// an error. The next one is then charged for the prompt.
func (m Model) finished(ctx context.Context, drawn []*Completion, err error, req *Request, n int) ([]*Completion, error) {
	var done []*Completion
	var prompt Usage // of completions that are left out
	for i, one := range drawn {
		if one == nil {
			continue
		}
		seed := one.Seed
		if err == nil { // or else some may be missing before it
			seed = cmp.Or(seed, seeds.At(req.Params.Seed, i))
		}
		c, fault := collect(checkStream(ctx, func(yield func(Chunk, error) bool) { yield(*one, nil) }, req))
		if fault != nil {
			err = cmp.Or(err, fault)
			prompt = prompt.Add(Usage{PromptTokens: one.Usage.PromptTokens, CachedTokens: one.Usage.CachedTokens})
			continue
		}
		c.Usage, prompt = c.Usage.Add(prompt), Usage{}
		c.Seed = seed
		done = append(done, c)
	}
	if err == nil && len(done) != n {
		err = fmt.Errorf("sampling: %T drew %d completions where %d were asked for", m.Backend, len(done), n)
	}
	return done, err
}

func (m Model) drawSingly(ctx context.Context, req *Request, n int) (done []*Completion, err error) {
	ctx, cancel := context.WithCancel(whole.Context(ctx))
	defer cancel()
	indexes := func(yield func(int) bool) {
		for i := 0; i < n && ctx.Err() == nil && yield(i); i++ {
		}
	}
	var failed sync.Once // the others are then cancelled
	for c := range parallel.Do(ctx, indexes, drawAtOnce, true, func(ctx context.Context, i int) *Completion {
		one := *req
		one.Params.Seed = seeds.At(req.Params.Seed, i)
		c, fault := collect(m.stream(ctx, &one))
		if fault != nil {
			failed.Do(func() { err = fault; cancel() })
			return nil
		}
		c.Seed = one.Params.Seed
		return c
	}) {
		if c != nil {
			done = append(done, c)
		}
	}
	if err == nil && len(done) < n {
		err = ctx.Err() // cancelled between two samples
	}
	return done, err
}

// freshSeeds limits the seeds that are drawn when a request has none. With it the
// seeds of a whole draw fit a positive 32-bit integer, which some servers need.
const freshSeeds = 1 << 30

// prepare checks the request and fills in MaxTokens and Seed.
func (m Model) prepare(ctx context.Context, req *Request) (*Request, error) {
	if m.Backend == nil {
		return nil, errNoBackend
	}
	if err := req.Validate(); err != nil {
		return nil, err
	}
	if !req.Constraint.IsZero() {
		if err := (Forward{m.Backend}).Constrains(req.Constraint); err != nil {
			return nil, err
		}
	}
	if err := m.fit(ctx, req); err != nil {
		return nil, err
	}
	prepared := *req
	prepared.Params.MaxTokens = cmp.Or(req.Params.MaxTokens, DefaultMaxTokens)
	if prepared.Params.Seed == 0 {
		prepared.Params.Seed = rand.Uint64N(freshSeeds) + 1
	}
	return &prepared, nil
}

// stream runs a prepared request.
func (m Model) stream(ctx context.Context, req *Request) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(Chunk{}, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		checkStream(ctx, m.Backend.Sample(ctx, req), req)(yield)
	}
}

// checkStream yields the chunks up to a stop sequence, verifies the constraint, and checks
// that they end with a reason.
func checkStream(ctx context.Context, chunks iter.Seq2[Chunk, error], req *Request) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		for chunk, err := range verified(Until(chunks, req.Stop), req.Constraint, req.Stop) {
			if chunk.Reason != Unfinished {
				chunk.Seed = req.Params.Seed
			}
			if !yield(chunk, err) || err != nil || chunk.Reason != Unfinished {
				return
			}
		}
		// A cancelled backend may end without an error.
		yield(Chunk{}, cmp.Or(ctx.Err(), ErrTruncated))
	}
}

// collect joins a stream into one completion, which is never nil.
func collect(chunks iter.Seq2[Chunk, error]) (*Completion, error) {
	var c Completion
	var text strings.Builder
	for chunk, err := range chunks {
		if err != nil {
			c.Text = text.String()
			if v := (*violation)(nil); errors.As(err, &v) {
				c.Text = v.text // with the part that a stream does not yield
			}
			return &c, err
		}
		text.WriteString(chunk.Text)
		c.Tokens = append(c.Tokens, chunk.Tokens...)
		if chunk.Usage != (Usage{}) {
			c.Usage = chunk.Usage
		}
		c.Reason, c.Stop = chunk.Reason, chunk.Stop
		c.Model = cmp.Or(chunk.Model, c.Model)
	}
	c.Text = text.String()
	return &c, nil
}
