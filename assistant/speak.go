package assistant

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

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

// freshSeeds is the number of seeds that are drawn from when none is given: as
// many as every server takes, with room for those that follow from one.
const freshSeeds = 1 << 30

// attempts is how often the model is asked before an empty reply is an error.
const attempts = 2

// speak replies to what the user says after the given turns, and keeps the turn.
func (c *Conversation) speak(ctx context.Context, before Transcript, user string, seed uint64, yield func(sampling.Chunk, error) bool) {
	if err := c.checkLog(); err != nil {
		yield(sampling.Chunk{}, err)
		return
	}
	w, prompt, err := c.prompt(before, user)
	if err != nil {
		yield(sampling.Chunk{}, err)
		return
	}
	if seed == 0 {
		seed = rand.Uint64N(freshSeeds) + 1
	}
	var spent sampling.Usage
	for attempt := range attempts {
		s := &speech{page: w.page, params: c.Params, yield: yield, before: spent, spent: spent}
		s.params.Seed = sampling.SeedAt(seed, attempt)
		turn, ok := s.hear(ctx, c.Model, prompt, c.opening(w))
		if !ok {
			return
		}
		if turn.Reply == "" {
			spent = s.spent
			continue
		}
		turn.User = user
		if err := c.keep(append(slices.Clip(before), turn)); err != nil { // what lies behind before may be the caller's
			if s.last.Reason = sampling.Unfinished; s.last.Text == "" || yield(s.last, nil) {
				s.fail(turn.Reply, fmt.Errorf("the reply is whole, but could not be saved: %w", err))
			}
			return
		}
		yield(s.last, nil)
		return
	}
	yield(sampling.Chunk{}, &ReplyError{Seed: sampling.SeedAt(seed, attempts-1), Err: ErrEmpty})
}

// opening is the prefill as it stands in the prompt.
func (c *Conversation) opening(w *writer) string {
	prefill, _ := clean(c.Prefill) // prompt has looked at it
	if prefill == "" {
		return ""
	}
	rendered := w.stuff(prefill)
	if w.inline() {
		rendered = " " + rendered
	}
	return rendered
}

// A speech is one attempt at a reply.
type speech struct {
	page   *page
	params sampling.Params
	yield  func(sampling.Chunk, error) bool
	before sampling.Usage // spent by earlier attempts
	spent  sampling.Usage // by those and by this one, as far as the backend has told

	heard  bool             // the model has begun
	said   []byte           // given out so far
	silent []sampling.Token // those of chunks before any text, which an empty reply takes with it
	last   sampling.Chunk   // the last chunk, which the caller has not seen yet
}

// hear gives out the reply but for its last chunk. It returns a turn without a
// Reply when there was nothing in it, and false when the caller has left or has
// been told of an error.
func (s *speech) hear(ctx context.Context, m sampling.Model, prompt *fewshot.Prompt, opening string) (Turn, bool) {
	r := newReplyReader(s.page)
	r.writePrefill(opening)
	for chunk, err := range m.Stream(ctx, prompt.Request(s.params)) {
		if err != nil {
			if s.heard {
				r.close()
				if chunk.Text = r.take(); !s.give(chunk) {
					return Turn{}, false
				}
			}
			return Turn{}, s.fail(string(s.said), err)
		}
		s.heard = true
		s.account(&chunk)
		r.write(chunk.Text)
		if r.ended {
			chunk.Reason = sampling.StopSequence // leaving the loop stops the model
		}
		if chunk.Reason != sampling.Unfinished {
			r.close()
		}
		chunk.Text = r.take()
		if r.loop.found {
			chunk.Reason = sampling.Unfinished
			if !s.give(chunk) {
				return Turn{}, false
			}
			return Turn{}, s.fail(string(s.said), ErrLoop)
		}
		if chunk.Reason != sampling.Unfinished {
			return s.end(chunk)
		}
		if !s.give(chunk) {
			return Turn{}, false
		}
	}
	return Turn{}, s.fail(string(s.said), sampling.ErrTruncated) // Stream says so itself
}

// account adds what earlier attempts cost to what a chunk tells of this one.
func (s *speech) account(chunk *sampling.Chunk) {
	if chunk.Usage == nil {
		return
	}
	total := *chunk.Usage
	total.PromptTokens += s.before.PromptTokens
	total.CompletionTokens += s.before.CompletionTokens
	total.CachedTokens += s.before.CachedTokens
	s.spent, chunk.Usage = total, &total
}

// give yields a chunk that has something in it.
func (s *speech) give(chunk sampling.Chunk) bool {
	s.said = append(s.said, chunk.Text...)
	if len(s.said) == 0 {
		s.silent = append(s.silent, chunk.Tokens...)
		return true
	}
	if chunk.Text == "" && len(chunk.Tokens) == 0 && chunk.Usage == nil {
		return true
	}
	return s.yield(s.withSilent(chunk), nil)
}

func (s *speech) withSilent(chunk sampling.Chunk) sampling.Chunk {
	if len(s.silent) > 0 {
		chunk.Tokens = append(s.silent, chunk.Tokens...)
		s.silent = nil
	}
	return chunk
}

// end looks at how the reply came to its end.
func (s *speech) end(chunk sampling.Chunk) (Turn, bool) {
	if s.spent != (sampling.Usage{}) { // which may have been told in a chunk that nobody saw
		total := s.spent
		chunk.Usage = &total
	}
	switch chunk.Reason {
	case sampling.EndOfText, sampling.StopSequence, sampling.TokenLimit:
	default:
		err := fmt.Errorf("it ended for the reason %q: %w", chunk.Reason, sampling.ErrTruncated)
		chunk.Reason = sampling.Unfinished
		if !s.give(chunk) {
			return Turn{}, false
		}
		return Turn{}, s.fail(string(s.said), err)
	}
	s.last = s.withSilent(chunk)
	return Turn{
		Reply: string(s.said) + chunk.Text,
		Time:  time.Now().UTC().Round(0),
		Seed:  s.params.Seed,
		Cut:   chunk.Reason == sampling.TokenLimit,
	}, true
}

// fail tells the caller what went wrong. It returns false for hear to pass on.
func (s *speech) fail(text string, err error) bool {
	var own *ReplyError
	if !errors.As(err, &own) {
		err = &ReplyError{Text: text, Seed: s.params.Seed, Err: err}
	}
	s.yield(sampling.Chunk{}, err)
	return false
}
