package wrap

import (
	"cmp"
	"context"
	"iter"

	"github.com/foreword-go/foreword/internal/whole"
	"github.com/foreword-go/foreword/sampling"
)

// A stream yields the chunks of a sample to the consumer. It may hold back the first
// ones. While it has yielded nothing, a handler may make another attempt.
type stream struct {
	yield func(sampling.Chunk, error) bool
	held  []sampling.Chunk // not yielded yet
	given bool             // something was yielded
	left  bool             // the consumer left the loop before the end, or panicked in it

	untilText bool // chunks are held back until there is text
	untilEnd  bool // or until the end, since the consumer waits for the whole answer
}

// holdBack makes other attempts possible.
func (s *stream) holdBack(ctx context.Context) {
	s.untilText, s.untilEnd = true, whole.Wanted(ctx)
}

// holds reports whether a chunk is held back.
func (s *stream) holds(c *sampling.Chunk) bool {
	if s.given || c.Reason != sampling.Unfinished {
		return false
	}
	return s.untilEnd || s.untilText && c.Text == "" && len(c.Tokens) == 0
}

// pass passes the chunks of one attempt on and adds them up in t. It returns nil if
// they came to their end or the consumer left, and otherwise the fault.
func (s *stream) pass(ctx context.Context, t *tally, chunks iter.Seq2[sampling.Chunk, error], stop []string) error {
	if s.untilEnd { // the consumer cannot leave at a stop sequence
		chunks = sampling.Until(chunks, stop)
	}
	t.text.Grow(1 << 10) // most answers fit
	s.held = s.held[:0]
	for chunk, err := range chunks {
		if err != nil {
			return err
		}
		t.add(&chunk)
		s.held = append(s.held, chunk)
		if s.holds(&chunk) {
			continue
		}
		s.given = true
		wanted := s.flush()
		if chunk.Reason != sampling.Unfinished {
			s.left = false // a consumer always leaves at the last chunk
			return nil
		}
		if !wanted {
			return nil
		}
	}
	return cmp.Or(ctx.Err(), sampling.ErrTruncated)
}

// flush yields the held chunks, and reports whether the consumer wants more.
func (s *stream) flush() bool {
	for _, chunk := range s.held {
		s.left = true // stays if the loop's body panics
		if !s.yield(chunk, nil) {
			return false
		}
		s.left = false
	}
	s.held = s.held[:0]
	return true
}
