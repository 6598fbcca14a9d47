package main

import (
	"context"
	"iter"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// beyond is a Backend around a Backend that lets the model go on for a while
// after a stop sequence, to show what the stop kept from the caller: the next
// pair of a list, or the user's next turn. It hands the caller the same text as
// the backend would by itself.
//
// No program would want this. It pays for tokens that are thrown away.
type beyond struct {
	backend sampling.Backend
	tokens  int               // how far it goes on, in chunks, most of which are a token
	show    func(text string) // gets the stop sequence and what comes after it
}

// Sample asks for a continuation without stop sequences, since a server would
// find them.
func (b *beyond) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	if !req.Constraint.IsZero() {
		return b.backend.Sample(ctx, req) // which the stop closes: nothing comes after it
	}
	return func(yield func(sampling.Chunk, error) bool) {
		asked := *req
		asked.Stop = nil
		var text strings.Builder
		left := -1 // chunks still to be read after the stop; -1 while the caller reads
		for chunk, err := range b.backend.Sample(ctx, &asked) {
			if left >= 0 {
				if err != nil {
					return // nobody needs to hear of it
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
