package assistant

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A Conversation is a dialogue with a base model in the role of a [Persona]. Its
// fields may be set and changed between calls: what is to hold for one reply
// alone, such as a temperature or a prefill, is set before it and set back
// after. Turns in Transcript may be added, removed and edited.
//
// A Conversation is for one goroutine at a time. Conversations may share a Model
// and a Persona; to go on in two ways from one point, use [Conversation.Clone].
type Conversation struct {
	Model      sampling.Model
	Persona    Persona
	Params     sampling.Params // for replies; the zero Params are greedy, and 256 tokens at most
	Transcript Transcript      // what was said so far

	// Prefill begins every reply, as if the assistant had already said so much:
	// "Sure," or "```go". It is part of the reply.
	Prefill string

	// Summary stands in for the turns that no longer fit the window, as a turn
	// before those that do. It says what the first Summarized turns were about,
	// and where the Transcript has fewer than that, because some were taken back,
	// it is not shown. See [Conversation.Summarize]. The zero Summary is none.
	Summary    Turn
	Summarized int

	// Log, when it is set, is saved to whenever the Transcript changes by a
	// method of the Conversation. Set the Transcript from it at the start.
	Log *Log

	tally *tally
}

// Reply says text to the assistant and returns what it replies. When the reply
// is whole, or was cut off by its token limit, the turn is added to the
// Transcript. On an error the Transcript stays as it was, and Reply returns what
// there is of the reply, which a [*ReplyError] holds too.
//
// A reply with nothing in it is asked for once more, with another seed, and then
// is [ErrEmpty]. One that does nothing but repeat itself is stopped, with
// [ErrLoop].
func (c *Conversation) Reply(ctx context.Context, text string) (string, error) {
	var reply strings.Builder
	for piece, err := range c.Stream(ctx, text) {
		if err != nil {
			return reply.String(), err
		}
		reply.WriteString(piece)
	}
	return reply.String(), nil
}

// Stream is Reply in pieces, as they arrive. Joined, they are what Reply
// returns, the Prefill included. Leaving the loop stops the model, and the turn
// is not added. The sequence is single-use.
func (c *Conversation) Stream(ctx context.Context, text string) iter.Seq2[string, error] {
	return texts(c.Chunks(ctx, text))
}

// Chunks is Stream with all that the backend tells. The text of each chunk is
// that of a piece of the reply, with the layout undone; the tokens are the
// backend's own, as they came, and so may be ahead of the text. Only the last
// chunk carries a Reason, and by then the turn has been added to the Transcript.
func (c *Conversation) Chunks(ctx context.Context, text string) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		user, err := userText(text)
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		c.speak(ctx, c.Transcript, user, c.Params.Seed, yield)
	}
}

// Regenerate replies anew to what the user said last, with the seed that comes
// after the one that the reply had. The new reply takes the place of the old one
// when it is whole; until then, and on an error, the old one stays. With
// Temperature 0 most models say the same again.
//
// Like Stream, it gives out the reply in pieces and is single-use.
func (c *Conversation) Regenerate(ctx context.Context) iter.Seq2[string, error] {
	return texts(func(yield func(sampling.Chunk, error) bool) {
		n := len(c.Transcript)
		if n == 0 {
			yield(sampling.Chunk{}, ErrNoTurn)
			return
		}
		last := c.Transcript[n-1]
		user, err := clean(last.User)
		if err != nil {
			yield(sampling.Chunk{}, &ValueError{Where: turnName(n-1) + ": user text", Err: err})
			return
		}
		seed := c.Params.Seed
		if last.Seed != 0 {
			seed = sampling.SeedAt(last.Seed, 1)
		}
		c.speak(ctx, c.Transcript[:n-1:n-1], user, seed, yield)
	})
}

func texts(chunks iter.Seq2[sampling.Chunk, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for chunk, err := range chunks {
			if err != nil {
				yield("", err)
				return
			}
			if chunk.Text != "" && !yield(chunk.Text, nil) {
				return
			}
		}
	}
}

// Undo takes back the last turn and returns it.
func (c *Conversation) Undo() (Turn, error) {
	n := len(c.Transcript)
	if n == 0 {
		return Turn{}, ErrNoTurn
	}
	last := c.Transcript[n-1]
	return last, c.keep(c.Transcript[: n-1 : n-1])
}

// checkLog refuses to go on where what is in the file has not been read: saving
// would take all of it back.
func (c *Conversation) checkLog() error {
	if c.Log != nil && len(c.Transcript) == 0 && len(c.Log.saved) > 0 {
		return &LogError{Path: c.Log.path, Err: fmt.Errorf("the file has %d turns, and the Transcript none; set it to Log.Transcript(), or call Log.Save(nil) to begin anew", len(c.Log.saved))}
	}
	return nil
}

// keep makes turns the Transcript, once they are saved.
func (c *Conversation) keep(turns Transcript) error {
	if c.Log != nil {
		if err := c.Log.Save(turns); err != nil {
			return err
		}
	}
	c.Transcript = turns
	return nil
}

// Clone returns a conversation that goes on from the same point by itself. It
// has no Log, since a file has one writer.
func (c *Conversation) Clone() *Conversation {
	clone := *c
	clone.Persona.Examples = slices.Clone(c.Persona.Examples)
	for i, example := range clone.Persona.Examples {
		clone.Persona.Examples[i] = slices.Clone(example)
	}
	clone.Params.Extra = maps.Clone(c.Params.Extra)
	clone.Transcript = slices.Clone(c.Transcript)
	clone.Log = nil
	clone.tally = c.tally.clone()
	return &clone
}

// Prompt returns what the model would be given to reply to text. Its Shots are
// the turns of the Transcript that are shown and its Dropped those that are not,
// by their index. Of the Model it uses the Window and the Counter. Each turn is
// counted once, as long as the Counter stays the same; one that cannot be
// compared, such as a function, is another each time.
//
// Description and examples are never left out, and turns only whole, the oldest
// first. When there is no room for one more turn, so many are dropped that two
// thirds of the room are free. Until it is full, every prompt is the one before it
// with something added, and a server that caches prefixes reads just that. What
// is dropped follows from the Transcript, the text, the window and
// Params.MaxTokens alone, so that a conversation that is taken up again has the
// same prompts. If text does not fit by itself, that is [sampling.ErrBudget].
func (c *Conversation) Prompt(text string) (*fewshot.Prompt, error) {
	_, prompt, err := c.ask(text)
	return prompt, err
}

// Parts is Prompt taken apart, to be shown in colours: the description
// ([fewshot.Instruction]), what users say ([fewshot.Input]), what the assistant
// says ([fewshot.Output]), text itself ([fewshot.Query]) and what the layout
// writes between them. Joined, the texts of the parts are the Prompt's.
func (c *Conversation) Parts(text string) ([]fewshot.Part, error) {
	w, _, err := c.ask(text)
	if err != nil {
		return nil, err
	}
	return w.parts, nil
}

func (c *Conversation) ask(text string) (*writer, *fewshot.Prompt, error) {
	user, err := userText(text)
	if err != nil {
		return nil, nil, err
	}
	return c.prompt(c.Transcript, user)
}
