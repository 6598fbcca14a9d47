package assistant

import (
	"context"
	"errors"
	"fmt"
	"iter"
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

// stream yields what reply yields, and its error.
func stream(reply func(yield func(sampling.Chunk, error) bool) error) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		if err := reply(yield); err != nil && !errors.Is(err, errLeft) {
			yield(sampling.Chunk{}, err)
		}
	}
}

// speak replies to user after the given turns, and keeps the turn.
func (c *Conversation) speak(ctx context.Context, before Transcript, user string, seed uint64, o ReplyOptions, yield func(sampling.Chunk, error) bool) error {
	if err := c.checkFile(); err != nil {
		return err
	}
	w, prompt, err := c.prompt(ctx, before, user, o)
	if err != nil {
		return err
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
		if err == nil && reply == "" {
			spent = a.spent
			continue
		}
		if err == nil {
			err = verify(o.Constraint, strings.TrimPrefix(reply, prefill), a.last.Reason)
		}
		if err != nil {
			if o.KeepCut && len(a.given) > 0 && (err == errLeft || ctx.Err() != nil) {
				if saving := keep(a, string(a.given), true); saving != nil {
					err = fmt.Errorf("%w; the cut reply could not be saved: %w", err, saving)
				}
			}
			return a.failed(err)
		}
		if err := keep(a, reply, a.last.Reason == sampling.TokenLimit); err != nil {
			a.last.Reason = sampling.Unfinished
			if a.last.Text != "" && !yield(a.last, nil) {
				return errLeft
			}
			return fmt.Errorf("assistant: the reply is complete, but could not be saved: %w", err)
		}
		if !yield(a.last, nil) {
			return errLeft
		}
		return nil
	}
	return fmt.Errorf("assistant: no reply: %w", ErrEmpty)
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

	given []byte         // the text that was yielded
	last  sampling.Chunk // the last chunk, not yielded yet
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
	begun := false              // the model has answered
	var silent []sampling.Token // of chunks before any text, which an empty reply drops
	for chunk, err := range m.Stream(ctx, prompt.Request(a.params)) {
		if err != nil && !begun {
			return err
		}
		begun = true
		if chunk.Usage != (sampling.Usage{}) {
			a.spent = a.before.Add(chunk.Usage)
			chunk.Usage = a.spent
		}
		if len(silent) > 0 {
			chunk.Tokens = append(silent, chunk.Tokens...)
			silent = nil
		}
		r.write(chunk.Text)
		if r.ended {
			chunk.Reason = sampling.StopSequence // leaving the loop stops the model
		}
		if err != nil || chunk.Reason != sampling.Unfinished {
			r.close(chunk.Reason)
		}
		chunk.Text = r.take()
		if err == nil && r.loop.found {
			err = ErrLoop
		}
		if err == nil {
			switch chunk.Reason {
			case sampling.Unfinished:
			case sampling.EndOfText, sampling.StopSequence, sampling.TokenLimit:
				chunk.Usage = a.spent // an earlier chunk may have reported it
				a.last = chunk
				return nil
			default:
				err = fmt.Errorf("the reason of its end is %q: %w", chunk.Reason, sampling.ErrTruncated)
			}
		}
		chunk.Reason = sampling.Unfinished
		a.given = append(a.given, chunk.Text...)
		empty := chunk.Text == "" && len(chunk.Tokens) == 0 && chunk.Usage == (sampling.Usage{})
		if len(a.given) == 0 {
			silent = chunk.Tokens
		} else if !empty && !a.yield(chunk, nil) {
			return errLeft
		}
		if err != nil {
			return err
		}
	}
	return sampling.ErrTruncated // Stream says so itself
}
