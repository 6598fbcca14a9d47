package wrap

import (
	"cmp"
	"context"
	"iter"

	"github.com/foreword-go/foreword/internal/whole"
	"github.com/foreword-go/foreword/sampling"
)

// A relay passes the stream of one attempt on, and knows whether another attempt
// may follow. It holds chunks back until there is text, or until the end if the
// caller waits for the whole answer.
type relay struct {
	ctx   context.Context
	req   *sampling.Request
	yield func(sampling.Chunk, error) bool
	whole bool

	held  []sampling.Chunk
	given bool // something was yielded, so no other attempt may follow
}

func newRelay(ctx context.Context, req *sampling.Request, yield func(sampling.Chunk, error) bool) *relay {
	return &relay{ctx: ctx, req: req, yield: yield, whole: whole.Wanted(ctx)}
}

// pass returns nil if the stream came to its end or the caller left the loop, and
// otherwise the fault that ended it.
func (r *relay) pass(chunks iter.Seq2[sampling.Chunk, error]) error {
	if r.whole { // the caller cannot leave at a stop sequence
		chunks = sampling.Until(chunks, r.req.Stop)
	}
	r.held = r.held[:0]
	for chunk, err := range chunks {
		if err != nil {
			return err
		}
		r.held = append(r.held, chunk)
		end := chunk.Reason != sampling.Unfinished
		if !end && !r.given && (r.whole || chunk.Text == "" && len(chunk.Tokens) == 0) {
			continue
		}
		r.given = true
		if !r.flush() || end {
			return nil
		}
	}
	return cmp.Or(r.ctx.Err(), sampling.ErrTruncated)
}

func (r *relay) flush() (more bool) {
	for _, chunk := range r.held {
		if !r.yield(chunk, nil) {
			return false
		}
	}
	r.held = r.held[:0]
	return true
}

// end yields the held chunks of the last attempt and then its fault, if any.
func (r *relay) end(fault error) {
	if fault != nil && r.flush() {
		r.yield(sampling.Chunk{}, fault)
	}
}
