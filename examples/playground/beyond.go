package main

import (
	"context"
	"iter"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// beyond is a Backend that lets another one continue for a while after a stop sequence.
// The page shows this text, such as the next pair of a list or the user's next turn. The
// caller gets the same text as without it.
//
// Programs should not do this: they would pay for tokens that nobody uses.
type beyond struct {
	backend sampling.Backend
	tokens  int               // the limit after the stop, in chunks, most of which are a token
	show    func(text string) // gets the stop sequence and what comes after it
}

// Sample asks for a continuation without stop sequences, since a server would stop at
// them.
func (b *beyond) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	if !req.Constraint.IsZero() {
		return b.backend.Sample(ctx, req) // a constraint allows no text after the stop
	}
	return func(yield func(sampling.Chunk, error) bool) {
		asked := *req
		asked.Stop = nil
		var text strings.Builder
		left := -1 // chunks still to be read after the stop; -1 while the caller reads
		for chunk, err := range b.backend.Sample(ctx, &asked) {
			if left >= 0 {
				if err != nil {
					return // the caller has its answer
				}
				b.show(chunk.Text)
				if left--; left <= 0 {
					return
				}
				continue
			}
			text.WriteString(chunk.Text)
			if yield(chunk, err) {
				continue
			}
			before, found := sampling.Cut(text.String(), req.Stop)
			if err != nil || found == "" || ctx.Err() != nil {
				return // the caller left for another reason
			}
			b.show(text.String()[len(before):])
			left = b.tokens
		}
	}
}

// Constrains implements [sampling.Constrainer].
func (b *beyond) Constrains(c sampling.Constraint) error {
	return sampling.Forward{Backend: b.backend}.Constrains(c)
}
