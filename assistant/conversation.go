package assistant

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
)

// A Conversation is a dialogue with a base model in the role of a [Persona]. It is a
// plain value: set and edit its fields between calls. To go on in two ways from one
// point, copy it. Copies share turns, so clone the Transcript before editing a turn.
//
// A Conversation is for one goroutine at a time. Its copies may be used concurrently, and
// any number may share a Model.
type Conversation struct {
	Model      sampling.Model
	Persona    Persona
	Params     sampling.Params // for replies; the zero Params are greedy, with at most 256 tokens
	Transcript Transcript      // the turns so far

	// Summary is a turn that replaces the first Summarized turns once they do not fit the
	// window. It is not shown if the Transcript has fewer. [Conversation.Summarize] sets
	// both.
	Summary    Turn
	Summarized int

	// File, if not nil, saves the Transcript whenever a reply changes it. Call
	// [File.Save] after other changes. Set the Transcript to that of [OpenFile] first.
	File *File

	counts *counts
}

// ReplyOptions are the settings of one reply. The zero ReplyOptions are the
// common case.
type ReplyOptions struct {
	// Prefill is the beginning of the reply, such as "Sure," or "```go". The model
	// continues it, and it is part of the reply. White space around it is removed.
	Prefill string

	// Params, if not nil, replace those of the Conversation.
	Params *sampling.Params

	// Constraint restricts the reply after the Prefill. A reply that violates it is
	// [sampling.ErrConstraint], and no turn is added.
	Constraint sampling.Constraint

	// KeepCut keeps an unfinished reply when the caller leaves the stream or the context
	// ends. Its Turn.Cut is true. Without any text no turn is kept. A caller that has left
	// does not learn of an error of the File; then no turn is kept either.
	KeepCut bool

	// AllowLoops accepts a reply that repeats itself, such as a list of zeros.
	AllowLoops bool
}

func (c *Conversation) params(o ReplyOptions) sampling.Params {
	if o.Params != nil {
		return *o.Params
	}
	return c.Params
}

// Reply sends text to the assistant and returns its reply. When the reply is complete or
// reaches its token limit, Reply adds the turn to the Transcript. On an error the
// Transcript stays as it was, and Reply returns the text so far.
//
// Reply asks again once after an empty reply, with the next seed, before it returns
// [ErrEmpty]. It stops a reply that repeats itself and asks again once, with a
// repetition penalty of 1.1, before it returns [ErrLoop].
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

// loopPenalty is the repetition penalty after a reply that repeated itself.
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

// Stream yields the reply in chunks as they arrive. Joined, their texts are what Reply
// returns, including the Prefill. The tokens of a chunk may be ahead of the text. Only
// the last chunk has a Reason, and it comes after the turn was added to the
// Transcript. Leaving the loop stops the model and adds no turn, unless KeepCut is set.
// A reply that repeats itself ends with [ErrLoop] and is not asked for again. The
// sequence is single-use.
func (c *Conversation) Stream(ctx context.Context, text string, o ReplyOptions) iter.Seq2[sampling.Chunk, error] {
	return stream(func(yield func(sampling.Chunk, error) bool) error {
		user, err := userText(text)
		if err != nil {
			return err
		}
		return c.speak(ctx, c.Transcript, user, c.params(o).Seed, o, yield)
	})
}

// Regenerate replies again to the last turn, with the seed after that of the old reply.
// The new reply replaces the old one when it is complete or is kept as cut. On an error
// the old one stays. At temperature 0 most models repeat the old reply.
//
// Like Stream, it yields the reply in chunks and is single-use.
func (c *Conversation) Regenerate(ctx context.Context, o ReplyOptions) iter.Seq2[sampling.Chunk, error] {
	return stream(func(yield func(sampling.Chunk, error) bool) error {
		n := len(c.Transcript)
		if n == 0 {
			return &ValueError{Where: "transcript", Err: errors.New("has no turn to regenerate; send a text first")}
		}
		turns, err := c.Transcript.clean("")
		if err != nil {
			return err
		}
		seed := c.params(o).Seed
		if last := turns[n-1]; last.Seed != 0 {
			seed = seeds.At(last.Seed, 1)
		}
		return c.speak(ctx, c.Transcript[:n-1:n-1], turns[n-1].User, seed, o, yield)
	})
}

// Prompt returns the prompt that asks for a reply to text. Its Shots are the indexes of
// the turns in it, and its Dropped those of the others. It uses the Model's Window and
// counter, and counts each turn once.
//
// The description and the examples are always in the prompt. If the window is full, the
// oldest turns are dropped until two thirds of the room for turns are free. Until it is
// full again, each prompt extends the one before it, so that a server with a prefix
// cache reads only the new part. A conversation that is continued later has the same
// prompts. A text that does not fit alone is [sampling.ErrBudget].
func (c *Conversation) Prompt(ctx context.Context, text string, o ReplyOptions) (*fewshot.Prompt, error) {
	_, prompt, err := c.ask(ctx, text, o)
	return prompt, err
}

// Parts returns the parts of the Prompt, for showing it in color: the description
// ([fewshot.Instruction]), users' texts ([fewshot.Input]), replies ([fewshot.Output]),
// text ([fewshot.Query]) and the layout. Joined, their texts are the Prompt's.
func (c *Conversation) Parts(ctx context.Context, text string, o ReplyOptions) ([]fewshot.Part, error) {
	w, _, err := c.ask(ctx, text, o)
	if err != nil {
		return nil, err
	}
	return w.parts, nil
}

func (c *Conversation) ask(ctx context.Context, text string, o ReplyOptions) (*writer, *fewshot.Prompt, error) {
	user, err := userText(text)
	if err != nil {
		return nil, nil, err
	}
	return c.prompt(ctx, c.Transcript, user, o)
}

func userText(text string) (string, error) {
	user, err := clean(text)
	if err == nil && user == "" {
		err = errors.New("is empty")
	}
	if err != nil {
		return "", &ValueError{Where: "user text", Err: err}
	}
	return user, nil
}
