package sampling

import (
	"fmt"
	"iter"
	"strings"
)

// verified yields chunks while their text keeps to c, and then an error.
func verified(chunks iter.Seq2[Chunk, error], c Constraint, stop []string) iter.Seq2[Chunk, error] {
	if c.IsZero() {
		return chunks
	}
	return func(yield func(Chunk, error) bool) {
		m := c.Start()
		var text strings.Builder
		for chunk, err := range chunks {
			if err == nil {
				from := text.Len()
				chunk.Text = c.withoutHalfStop(text.String(), chunk.Text, chunk.Reason, stop)
				text.WriteString(chunk.Text)
				chunk.Reason, err = m.verify(text.String(), from, chunk.Reason)
			}
			if err != nil {
				yield(Chunk{}, err)
				return
			}
			if !yield(chunk, nil) {
				return
			}
		}
	}
}

// withoutHalfStop drops the beginning of a stop sequence after a whole match. A
// server closes the constraint with the stop, and the token limit may let a part
// of it through.
func (c Constraint) withoutHalfStop(before, last string, reason Reason, stop []string) string {
	if reason != TokenLimit || c.Start().Add(before+last) {
		return last
	}
	for _, s := range stop {
		for n := min(len(s)-1, len(last)); n > 0; n-- {
			if whole := last[:len(last)-n]; strings.HasSuffix(last, s[:n]) && c.Match(before+whole) == nil {
				return whole
			}
		}
	}
	return last
}

// verify reads text from a position on, as Request.Constraint says, and returns
// the reason to report.
func (m *Matcher) verify(text string, from int, reason Reason) (Reason, error) {
	if at := from + m.advance(text[from:]); at < len(text) {
		return reason, &violation{text, at}
	}
	switch {
	case (reason == EndOfText || reason == StopSequence) && !m.Done():
		return reason, &violation{text, len(text)}
	case reason == TokenLimit && m.full():
		return EndOfText, nil
	}
	return reason, nil
}

// A violation is the error of a text that leaves a Constraint at a place.
type violation struct {
	text string
	at   int
}

func (v *violation) Error() string {
	if v.at == len(v.text) {
		return fmt.Sprintf("%v: %q ends too early", ErrConstraint, v.text)
	}
	return fmt.Sprintf("%v: %q leaves it at byte %d, at %s", ErrConstraint, v.text, v.at, quoteShort(v.text[v.at:]))
}

func (v *violation) Unwrap() error { return ErrConstraint }
