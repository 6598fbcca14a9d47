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
	if c.File != nil && len(c.Transcript) == 0 && len(c.File.saved) > 0 {
		return &ValueError{Where: c.File.path, Err: fmt.Errorf("has %d turns, but the Transcript has none; set it to that of OpenFile, or call File.Save(nil) to start again", len(c.File.saved))}
	}
	w, prompt, err := c.prompt(ctx, before, user, o)
	if err != nil {
		return err
	}
	prefill, _ := clean(o.Prefill) // prompt has checked it
	if seed == 0 {
		seed = rand.Uint64N(freshSeeds) + 1
	}
	params := c.params(o)
	d := &draw{yield: yield}
	for i := range attempts {
		params.Seed = seeds.At(seed, i)
		r := newReplyReader(w.page, prefill)
		r.loop.off = o.AllowLoops
		if err = d.run(c.Model.Stream(ctx, prompt.Request(params)), r); err != ErrEmpty {
			break
		}
	}
	keep := func(reply string, cut bool) error {
		turn := Turn{User: user, Reply: reply, Time: time.Now().UTC().Round(0), Seed: params.Seed, Cut: cut}
		turns := append(slices.Clip(before), turn) // the array of before may be the caller's
		if c.File != nil {
			if err := c.File.Save(turns); err != nil {
				return err
			}
		}
		c.Transcript = turns
		return nil
	}
	given := string(d.given)
	reply := given + d.last.Text
	if err == nil {
		err = verify(o.Constraint, strings.TrimPrefix(reply, prefill), d.last.Reason)
	}
	if err != nil {
		if o.KeepCut && given != "" && (err == errLeft || ctx.Err() != nil) {
			if saving := keep(given, true); saving != nil {
				err = fmt.Errorf("%w; the cut reply could not be saved: %w", err, saving)
			}
		}
		if given == "" {
			return fmt.Errorf("assistant: no reply: %w", err)
		}
		return fmt.Errorf("assistant: the reply broke off after %d bytes: %w", len(given), err)
	}
	if err := keep(reply, d.last.Reason == sampling.TokenLimit); err != nil {
		d.last.Reason = sampling.Unfinished
		if d.last.Text != "" && !yield(d.last, nil) {
			return errLeft
		}
		return fmt.Errorf("assistant: the reply is complete, but could not be saved: %w", err)
	}
	yield(d.last, nil)
	return nil
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

// A draw is a reply as it is drawn, perhaps in several attempts.
type draw struct {
	yield func(sampling.Chunk, error) bool
	spent sampling.Usage // of all attempts, if the backend reports it
	given []byte         // the text that was yielded
	last  sampling.Chunk // the last chunk, not yielded yet
}

// run yields the reply of one attempt but for its last chunk.
func (d *draw) run(chunks iter.Seq2[sampling.Chunk, error], r *replyReader) error {
	before := d.spent
	begun := false              // the model has answered
	var silent []sampling.Token // of chunks before any text, which an empty reply drops
	for chunk, err := range chunks {
		if err != nil && !begun {
			return err
		}
		begun = true
		if chunk.Usage != (sampling.Usage{}) {
			d.spent = before.Add(chunk.Usage)
			chunk.Usage = d.spent
		}
		chunk.Tokens, silent = append(silent, chunk.Tokens...), nil
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
				chunk.Usage = d.spent // an earlier chunk may have reported it
				d.last = chunk
				if len(d.given) == 0 && chunk.Text == "" {
					return ErrEmpty
				}
				return nil
			default:
				err = fmt.Errorf("the reason of its end is %q: %w", chunk.Reason, sampling.ErrTruncated)
			}
		}
		chunk.Reason = sampling.Unfinished
		d.given = append(d.given, chunk.Text...)
		empty := chunk.Text == "" && len(chunk.Tokens) == 0 && chunk.Usage == (sampling.Usage{})
		if len(d.given) == 0 {
			silent = chunk.Tokens
		} else if !empty && !d.yield(chunk, nil) {
			return errLeft
		}
		if err != nil {
			return err
		}
	}
	return sampling.ErrTruncated // Stream says so itself
}
