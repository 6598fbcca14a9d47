package assistant

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A Conversation is a dialogue with a base model in the role of a [Persona]. Its
// fields may be set and changed between calls. Turns in Transcript may be added,
// removed and edited.
//
// A Conversation is for one goroutine at a time. Conversations may share a Model
// and a Persona. To go on in two ways from one point, use [Conversation.Clone].
type Conversation struct {
	Model      sampling.Model
	Persona    Persona
	Params     sampling.Params // for replies; the zero Params are greedy, and 256 tokens at most
	Transcript Transcript      // what was said so far

	// Summary is a turn that is shown in place of turns that no longer fit the
	// window. It is about the first Summarized turns, and not shown where the
	// Transcript has fewer. [Conversation.Summarize] sets both.
	Summary    Turn
	Summarized int

	// File is saved whenever a method of the Conversation changes the Transcript;
	// nil saves nothing. Set the Transcript to its Transcript at the start.
	File *File

	counts *counts
}

// ReplyOptions are the settings of one reply. The zero ReplyOptions are the
// common case.
type ReplyOptions struct {
	// Prefill begins the reply, as if the assistant had already said it: "Sure,"
	// or "```go". It is part of the reply.
	Prefill string

	// Params replace those of the Conversation; nil does not.
	Params *sampling.Params

	// Constraint restricts the reply after the Prefill, without the space that
	// the layout puts before it. A reply that violates it is
	// [sampling.ErrConstraint], and no turn is added.
	Constraint sampling.Constraint

	// KeepCut keeps the turn of a caller that leaves the stream, or whose context
	// ends, with as much of the reply as there is. Its Turn.Cut is true. Without
	// any text no turn is kept. A caller that left does not learn of an error of
	// the File, and then no turn is kept either.
	KeepCut bool

	// AllowLoops accepts a reply that repeats itself. Set it where repetition was
	// asked for, as in a list of zeros.
	AllowLoops bool
}

// constraint is o.Constraint as the completion has it, which begins with the space
// after the label.
func (o *ReplyOptions) constraint(w *writer, prefill string) sampling.Constraint {
	if w.inline() && prefill == "" {
		return o.Constraint.Wrap(" ", "")
	}
	return o.Constraint
}

func (c *Conversation) params(o ReplyOptions) sampling.Params {
	if o.Params != nil {
		return *o.Params
	}
	return c.Params
}

// Reply says text to the assistant and returns what it replies. When the reply
// is whole, or was cut off by its token limit, the turn is added to the
// Transcript. On an error the Transcript stays as it was, and Reply returns as
// much of the reply as there is.
//
// An empty reply is asked for once more, with the next seed, and then is
// [ErrEmpty]. A reply that repeats itself is stopped and asked for once more, with
// a repetition penalty of 1.1, and then is [ErrLoop].
func (c *Conversation) Reply(ctx context.Context, text string, o ReplyOptions) (string, error) {
	reply, err := join(c.Stream(ctx, text, o))
	if p := c.params(o); errors.Is(err, ErrLoop) && p.RepetitionPenalty <= 1 {
		p.RepetitionPenalty = loopPenalty
		o.Params = &p
		again, second := join(c.Stream(ctx, text, o))
		if !errors.Is(second, sampling.ErrUnsupported) {
			return again, second
		}
	}
	return reply, err
}

// loopPenalty is the repetition penalty with which a reply is asked for again
// that repeated itself.
const loopPenalty = 1.1

func join(chunks iter.Seq2[sampling.Chunk, error]) (string, error) {
	var text strings.Builder
	for chunk, err := range chunks {
		if err != nil {
			return text.String(), err
		}
		text.WriteString(chunk.Text)
	}
	return text.String(), nil
}

// Stream is Reply in chunks, as they arrive. Their texts, joined, are what Reply
// returns, the Prefill included. The tokens of a chunk are the backend's own and
// may be ahead of the text. Only the last chunk has a Reason, and by then the
// turn has been added to the Transcript. Leaving the loop stops the model, and
// the turn is not added unless KeepCut says so. A reply that repeats itself is
// [ErrLoop]: it has begun and cannot be asked for again. The sequence is single-use.
func (c *Conversation) Stream(ctx context.Context, text string, o ReplyOptions) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		user, err := userText(text)
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		c.speak(ctx, c.Transcript, user, c.params(o).Seed, o, yield)
	}
}

// Regenerate replies again to what the user said last, with the seed after that of
// the old reply. The new reply replaces the old one when it is whole,
// or is kept as cut. Until then, and on an error, the old one stays. At temperature 0 most models
// say the same again.
//
// Like Stream, it yields the reply in chunks and is single-use.
func (c *Conversation) Regenerate(ctx context.Context, o ReplyOptions) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		n := len(c.Transcript)
		if n == 0 {
			yield(sampling.Chunk{}, errNoTurn)
			return
		}
		last := c.Transcript[n-1]
		user, err := clean(last.User)
		if err != nil {
			yield(sampling.Chunk{}, &ValueError{Where: turnName(n-1) + ": user text", Err: err})
			return
		}
		seed := c.params(o).Seed
		if last.Seed != 0 {
			seed = sampling.SeedAt(last.Seed, 1)
		}
		c.speak(ctx, c.Transcript[:n-1:n-1], user, seed, o, yield)
	}
}

// Undo removes the last turn and returns it.
func (c *Conversation) Undo() (Turn, error) {
	n := len(c.Transcript)
	if n == 0 {
		return Turn{}, errNoTurn
	}
	last := c.Transcript[n-1]
	return last, c.keep(c.Transcript[: n-1 : n-1])
}

// checkFile refuses to overwrite a file whose turns were not taken over.
func (c *Conversation) checkFile() error {
	if c.File != nil && len(c.Transcript) == 0 && len(c.File.saved) > 0 {
		return &ValueError{Where: c.File.path, Err: fmt.Errorf("has %d turns, and the Transcript has none; set it to File.Transcript(), or call File.Save(nil) to begin again", len(c.File.saved))}
	}
	return nil
}

// keep makes turns the Transcript, once they are saved.
func (c *Conversation) keep(turns Transcript) error {
	if c.File != nil {
		if err := c.File.Save(turns); err != nil {
			return err
		}
	}
	c.Transcript = turns
	return nil
}

// Clone returns a conversation that goes on from the same point by itself. It has
// no File, since a file has one writer.
func (c *Conversation) Clone() *Conversation {
	clone := *c
	clone.Persona.Examples = slices.Clone(c.Persona.Examples)
	for i, example := range clone.Persona.Examples {
		clone.Persona.Examples[i] = slices.Clone(example)
	}
	clone.Params.Extra = maps.Clone(c.Params.Extra)
	clone.Transcript = slices.Clone(c.Transcript)
	clone.File, clone.counts = nil, nil
	return &clone
}

// Prompt returns the prompt with which the model would be asked to reply to text.
// Its Shots are the turns of the Transcript that are shown, and its Dropped those
// that are not, by their index. Of the Model it uses the Window and the Counter.
// Each turn is counted once.
//
// The description and the examples are always shown. Turns are dropped whole, the
// oldest first. When the window is full, so many are dropped that two thirds of the
// room for turns are free. Until it is full again, every prompt is the one before it
// with something added, and a server that caches prefixes reads only that. What is
// dropped depends only on the Transcript, the text, the window and MaxTokens, so a
// conversation that is continued later has the same prompts. A text that does not
// fit alone is [sampling.ErrBudget].
func (c *Conversation) Prompt(ctx context.Context, text string, o ReplyOptions) (*fewshot.Prompt, error) {
	_, prompt, err := c.ask(ctx, text, o)
	return prompt, err
}

// Parts is Prompt in pieces, to be shown in colours: the description
// ([fewshot.Instruction]), users' texts ([fewshot.Input]), replies
// ([fewshot.Output]), text itself ([fewshot.Query]) and what the layout writes
// between them. The texts of the parts, joined, are the text of the Prompt.
func (c *Conversation) Parts(ctx context.Context, text string, o ReplyOptions) ([]fewshot.Part, error) {
	w, _, err := c.ask(ctx, text, o)
	if err != nil {
		return nil, err
	}
	return w.parts, nil
}

// userText makes what the user typed ready for the prompt.
func userText(text string) (string, error) {
	user, err := clean(text)
	if err == nil && user == "" {
		err = errors.New("is empty; there is nothing to reply to")
	}
	if err != nil {
		return "", &ValueError{Where: "user text", Err: err}
	}
	return user, nil
}

func (c *Conversation) ask(ctx context.Context, text string, o ReplyOptions) (*writer, *fewshot.Prompt, error) {
	user, err := userText(text)
	if err != nil {
		return nil, nil, err
	}
	return c.prompt(ctx, c.Transcript, user, o)
}
