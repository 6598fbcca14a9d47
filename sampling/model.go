package sampling

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/internal/parallel"
)

// A Model is a [Backend] with what a caller should know about it. Its methods
// are the front of this package: they refuse bad requests before anything is
// sent, cut at stop sequences whether or not the backend does, verify that the
// text keeps to the request's [Constraint], and never take a stream that broke
// off for a success.
//
// The zero Window and the nil Counter are useful: no limit, and the backend's
// own count or else bytes. A Model is a small value, safe for concurrent use
// and meant to be copied.
type Model struct {
	Backend Backend
	Window  int     // the context window, in tokens, prompt and continuation together; 0 is unlimited
	Counter Counter // nil: the Backend if it counts, else bytes, an upper bound
}

var errNoBackend = fmt.Errorf("%w: Model.Backend is nil; set it to a backend such as pocket.Default()", ErrInvalid)

// Complete returns the continuation of the request's prompt. On an error it
// also returns the text that had come by then, if any, so that nothing paid for
// is lost.
func (m Model) Complete(ctx context.Context, req *Request) (*Completion, error) {
	prepared, err := m.prepare(ctx, req)
	if err != nil {
		return nil, err
	}
	c, err := collect(m.stream(ctx, prepared))
	c.Seed = prepared.Params.Seed
	return c, err
}

// Stream yields the continuation as it arrives, cut at the first stop sequence.
// Only the last chunk carries a Reason. Each chunk is verified before it is
// yielded, so that no text is given out that violates the request's Constraint.
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

// drawAtOnce is how many single samples Draw keeps under way.
const drawAtOnce = 8

// Draw returns n completions of the same request, drawn with n different seeds
// that follow from the request's. A backend that is a [Drawer] reads the prompt
// once for all of them; with any other, eight samples at most are under way at a
// time.
//
// On an error the rest is cancelled, and Draw returns the completions that were
// finished, in the order of their seeds. With Temperature 0 all n are alike.
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
			return m.finished(drawn, err, prepared, n)
		}
	}
	return m.drawSingly(ctx, prepared, n)
}

// finished cuts what a Drawer drew, says the seeds where the Drawer did not, and
// leaves out what has no end or violates the constraint, which is an error here
// as it is in a stream.
func (m Model) finished(drawn []*Completion, err error, req *Request, n int) ([]*Completion, error) {
	var whole []*Completion
	for i, c := range drawn {
		if c == nil {
			continue
		}
		c.cut(req.Stop)
		if err == nil { // or else some may be missing before it
			c.Seed = cmp.Or(c.Seed, SeedAt(req.Params.Seed, i))
		}
		if c.Reason == Unfinished {
			err = cmp.Or(err, ErrTruncated)
			continue
		}
		var violated error
		c.Text = req.Constraint.withoutHalfStop("", c.Text, c.Reason, req.Stop)
		if c.Reason, violated = req.Constraint.Start().verify(c.Text, 0, c.Reason); violated != nil {
			err = cmp.Or(err, violated)
			continue
		}
		whole = append(whole, c)
	}
	if err == nil && len(whole) != n {
		err = fmt.Errorf("sampling: %T drew %d completions where %d were asked for", m.Backend, len(whole), n)
	}
	return whole, err
}

func (m Model) drawSingly(ctx context.Context, req *Request, n int) ([]*Completion, error) {
	type drawn struct {
		index      int
		completion *Completion
		err        error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	indexes := func(yield func(int) bool) {
		for i := 0; i < n && ctx.Err() == nil && yield(i); i++ {
		}
	}
	var all []drawn
	var err error
	for d := range parallel.Do(ctx, indexes, drawAtOnce, false, func(ctx context.Context, i int) drawn {
		one := *req
		one.Params.Seed = SeedAt(req.Params.Seed, i)
		c, err := collect(m.stream(ctx, &one))
		c.Seed = one.Params.Seed
		return drawn{i, c, err}
	}) {
		switch {
		case d.err == nil:
			all = append(all, d)
		case err == nil:
			err = d.err
			cancel() // and take what is finished by then
		}
	}
	if err == nil && len(all) < n {
		err = ctx.Err() // cancelled between two samples
	}
	slices.SortFunc(all, func(a, b drawn) int { return a.index - b.index })
	completions := make([]*Completion, len(all))
	for i, d := range all {
		completions[i] = d.completion
	}
	return completions, err
}

// SeedAt returns the seed of the i-th sample, from 0, of a draw that starts
// with seed. The first is seed itself, and none is 0.
func SeedAt(seed uint64, i int) uint64 {
	at := seed + uint64(i)
	if at < seed {
		at++ // 0 would ask for a fresh seed
	}
	return at
}

// freshSeeds is the number of seeds that are drawn from when none is given. It
// leaves the i-th of a draw within what servers accept: a positive 32-bit
// integer is the least that any of them takes.
const freshSeeds = 1 << 30

// prepare checks the request and fills in what a backend need not know.
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

// stream runs a prepared request and watches that it ends with a reason.
func (m Model) stream(ctx context.Context, req *Request) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(Chunk{}, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for chunk, err := range verified(Until(m.Backend.Sample(ctx, req), req.Stop), req.Constraint, req.Stop) {
			if chunk.Reason != Unfinished {
				chunk.Seed = req.Params.Seed
			}
			if !yield(chunk, err) || err != nil || chunk.Reason != Unfinished {
				return
			}
		}
		// A backend that just stops when it is cancelled is not to blame.
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
				c.Text = v.text // also what a stream does not give out
			}
			return &c, err
		}
		text.WriteString(chunk.Text)
		c.Tokens = append(c.Tokens, chunk.Tokens...)
		if chunk.Usage != nil {
			c.Usage = *chunk.Usage
		}
		c.Reason, c.Stop = chunk.Reason, chunk.Stop
		c.Model = cmp.Or(chunk.Model, c.Model)
	}
	c.Text = text.String()
	return &c, nil
}

// cut applies the stop sequences to a completion that came whole.
func (c *Completion) cut(stop []string) {
	if len(stop) == 0 {
		return
	}
	k := cutter{match: newFinder(stop)}
	if out, found := k.cut(Chunk{Text: c.Text, Tokens: c.Tokens}); found {
		c.Text, c.Tokens, c.Reason, c.Stop = out.Text, out.Tokens, out.Reason, out.Stop
	}
}
