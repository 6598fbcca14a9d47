package assistant

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
)

const (
	freshSeeds = 1 << 30 // the random seeds; every server accepts these and the next ones
	attempts   = 2       // before an empty reply is an error
)

// errLeft says that the caller left the loop, so it gets no error.
var errLeft = errors.New("the caller left")

// speak replies to user after the given turns, and keeps the turn.
func (c *Conversation) speak(ctx context.Context, before Transcript, user string, seed uint64, o ReplyOptions, yield func(sampling.Chunk, error) bool) {
	if err := c.checkFile(); err != nil {
		yield(sampling.Chunk{}, err)
		return
	}
	w, prompt, err := c.prompt(ctx, before, user, o)
	if err != nil {
		yield(sampling.Chunk{}, err)
		return
	}
	prefill, _ := clean(o.Prefill) // prompt has checked it
	if seed == 0 {
		seed = rand.Uint64N(freshSeeds) + 1
	}
	keep := func(a *attempt, reply string, cut bool) error {
		turn := Turn{User: user, Reply: reply, Time: time.Now().UTC().Round(0), Seed: a.params.Seed, Cut: cut}
		return c.keep(append(slices.Clip(before), turn)) // the array of before may be the caller's
	}
	var spent sampling.Usage
	for i := range attempts {
		a := &attempt{page: w.page, params: c.params(o), allowLoops: o.AllowLoops, yield: yield, before: spent, spent: spent}
		a.params.Seed = seeds.At(seed, i)
		err := a.run(ctx, c.Model, prompt, prefill)
		reply := string(a.given) + a.last.Text
		if err == nil && reply != "" {
			err = verify(o.Constraint, strings.TrimPrefix(reply, prefill), a.last.Reason)
		}
		switch {
		case err == nil && reply == "":
			spent = a.spent
			continue
		case err == nil:
			if err := keep(a, reply, a.last.Reason == sampling.TokenLimit); err != nil {
				if a.last.Reason = sampling.Unfinished; a.last.Text == "" || yield(a.last, nil) {
					yield(sampling.Chunk{}, fmt.Errorf("assistant: the reply is complete, but could not be saved: %w", err))
				}
				return
			}
			yield(a.last, nil)
			return
		case o.KeepCut && len(a.given) > 0 && (err == errLeft || ctx.Err() != nil):
			if saving := keep(a, string(a.given), true); saving != nil {
				err = fmt.Errorf("%w; the cut reply could not be saved: %w", err, saving)
			}
		}
		if !errors.Is(err, errLeft) {
			yield(sampling.Chunk{}, a.failed(err))
		}
		return
	}
	yield(sampling.Chunk{}, fmt.Errorf("assistant: no reply: %w", ErrEmpty))
}

// verify checks a reply without its layout. [sampling.Model] has checked the completion,
// which may have other white space.
func verify(c sampling.Constraint, reply string, reason sampling.Reason) error {
	switch {
	case c.IsZero():
		return nil
	case reason != sampling.TokenLimit:
		return c.Match(reply)
	case !c.Start().Add(reply):
		return sampling.ErrConstraint
	}
	return nil
}

// An attempt is one request for a reply.
type attempt struct {
	page       *page
	params     sampling.Params
	allowLoops bool
	yield      func(sampling.Chunk, error) bool
	before     sampling.Usage // of earlier attempts
	spent      sampling.Usage // of all attempts, if the backend reports it

	begun  bool             // the model has answered
	given  []byte           // the text that was yielded
	silent []sampling.Token // of chunks before any text, dropped with an empty reply
	last   sampling.Chunk   // the last chunk, not yielded yet
}

func (a *attempt) failed(err error) error {
	if len(a.given) == 0 {
		return fmt.Errorf("assistant: no reply: %w", err)
	}
	return fmt.Errorf("assistant: the reply broke off after %d bytes: %w", len(a.given), err)
}

// run yields the reply but for its last chunk.
func (a *attempt) run(ctx context.Context, m sampling.Model, prompt *fewshot.Prompt, prefill string) error {
	r := newReplyReader(a.page, prefill)
	r.loop.off = a.allowLoops
	for chunk, err := range m.Stream(ctx, prompt.Request(a.params)) {
		if err != nil {
			if a.begun {
				r.close()
				if chunk.Text = r.take(); !a.give(chunk) {
					return errLeft
				}
			}
			return err
		}
		a.begun = true
		a.account(&chunk)
		r.write(chunk.Text)
		if r.ended {
			chunk.Reason = sampling.StopSequence // leaving the loop stops the model
		}
		if chunk.Reason != sampling.Unfinished {
			r.close()
		}
		if chunk.Reason == sampling.TokenLimit && !r.ended {
			r.loop.close()
		}
		chunk.Text = r.take()
		if r.loop.found {
			err = ErrLoop
		} else if chunk.Reason != sampling.Unfinished {
			if err = a.end(chunk); err == nil {
				return nil
			}
		}
		if err != nil {
			chunk.Reason = sampling.Unfinished
		}
		if !a.give(chunk) {
			return errLeft
		}
		if err != nil {
			return err
		}
	}
	return sampling.ErrTruncated // Stream says so itself
}

// account adds the cost of earlier attempts to a chunk's.
func (a *attempt) account(chunk *sampling.Chunk) {
	if chunk.Usage == (sampling.Usage{}) {
		return
	}
	total := chunk.Usage
	total.PromptTokens += a.before.PromptTokens
	total.CompletionTokens += a.before.CompletionTokens
	total.CachedTokens += a.before.CachedTokens
	a.spent, chunk.Usage = total, total
}

// give yields a chunk that is not empty, and reports whether the caller wants more.
func (a *attempt) give(chunk sampling.Chunk) bool {
	a.given = append(a.given, chunk.Text...)
	if len(a.given) == 0 {
		a.silent = append(a.silent, chunk.Tokens...)
		return true
	}
	if chunk.Text == "" && len(chunk.Tokens) == 0 && chunk.Usage == (sampling.Usage{}) {
		return true
	}
	return a.yield(a.withSilent(chunk), nil)
}

func (a *attempt) withSilent(chunk sampling.Chunk) sampling.Chunk {
	if len(a.silent) > 0 {
		chunk.Tokens = append(a.silent, chunk.Tokens...)
		a.silent = nil
	}
	return chunk
}

// end keeps the last chunk. A reason other than those of a complete reply is an error.
func (a *attempt) end(chunk sampling.Chunk) error {
	switch chunk.Reason {
	case sampling.EndOfText, sampling.StopSequence, sampling.TokenLimit:
	default:
		return fmt.Errorf("the reason of its end is %q: %w", chunk.Reason, sampling.ErrTruncated)
	}
	if a.spent != (sampling.Usage{}) { // an earlier chunk may have reported it
		chunk.Usage = a.spent
	}
	a.last = a.withSilent(chunk)
	return nil
}
