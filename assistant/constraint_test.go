package assistant_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// TestConstraint asks for replies within a constraint, in every layout: the space
// after a label is not part of it.
func TestConstraint(t *testing.T) {
	colours := sampling.OneOf("blue", "green", "dark red")
	for _, layout := range []assistant.Layout{assistant.Dialogue, assistant.Headings, assistant.Dashes} {
		p := assistant.Helpful()
		p.Layout = layout
		c := assistant.Conversation{Model: sampling.Model{Backend: pocket.Default()}, Persona: p, Params: sampling.Params{Temperature: 1.5}}
		for range 4 {
			reply, err := c.Reply(t.Context(), "What colour is the sky?", assistant.ReplyOptions{Constraint: colours})
			if err != nil || !slices.Contains(colours.Choices(), reply) {
				t.Errorf("%v: %q, %v", layout, reply, err)
			}
		}
		reply, err := c.Reply(t.Context(), "And the sea?", assistant.ReplyOptions{Prefill: "It is", Constraint: sampling.OneOf(" blue.", " green.")})
		if err != nil || reply != "It is blue." && reply != "It is green." {
			t.Errorf("%v: %q, %v", layout, reply, err)
		}
	}
}

// TestConstraintViolated has backends that ignore the constraint: no turn is
// added, and a text that leaves the constraint is not given out.
func TestConstraintViolated(t *testing.T) {
	digits, err := sampling.Matching(`[0-9]+`)
	if err != nil {
		t.Fatal(err)
	}
	for text, reason := range map[string]sampling.Reason{
		" red": sampling.EndOfText, " 12 red": sampling.TokenLimit, " 12\n Human: 3": sampling.EndOfText, " ": sampling.EndOfText,
	} {
		for _, size := range []int{0, 1} {
			script := &samplingtest.Script{Answer: samplingtest.Always(samplingtest.Reply{Text: text, Reason: reason}), ChunkSize: size}
			c := assistant.Conversation{Model: sampling.Model{Backend: script}}
			var last error
			for chunk, err := range c.Stream(t.Context(), "A number?", assistant.ReplyOptions{Constraint: digits}) {
				if last = err; err == nil && (digits.Match(chunk.Text) != nil || chunk.Reason != sampling.Unfinished) {
					t.Errorf("%q: %+v", text, chunk)
				}
			}
			if !errors.Is(last, sampling.ErrConstraint) || len(c.Transcript) > 0 {
				t.Errorf("%q: %v, %+v", text, last, c.Transcript)
			}
		}
	}
}
