package assistant

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// prompt writes the prompt that asks for a reply to user, which is clean, after
// the given turns.
func (c *Conversation) prompt(ctx context.Context, turns Transcript, user string, o ReplyOptions) (*writer, *fewshot.Prompt, error) {
	w, err := c.Persona.write()
	if err != nil {
		return nil, nil, err
	}
	w.dialogue(len(c.Persona.Examples) == 0)
	prefill, err := clean(o.Prefill)
	if err != nil {
		return nil, nil, &ValueError{Where: "prefill", Err: err}
	}
	budget, err := c.Model.PromptBudget(c.params(o))
	if err != nil {
		return nil, nil, fmt.Errorf("assistant: %w", err)
	}
	if budget == math.MaxInt {
		if err := c.finish(w, turns, 0, user, prefill); err != nil {
			return nil, nil, err
		}
		return w, &fewshot.Prompt{Text: w.String(), Stop: w.stops(), Shots: indexes(0, len(turns)), Constraint: o.constraint(w, prefill)}, nil
	}
	f, err := c.fitting(ctx, w, turns, user, prefill, budget)
	if err != nil {
		return nil, nil, err
	}
	head := *w
	for {
		dropped, sum, err := f.drop()
		if err != nil {
			return nil, nil, err
		}
		*w = head
		w.parts = slices.Clone(head.parts)
		if err := c.finish(w, turns, dropped, user, prefill); err != nil {
			return nil, nil, err
		}
		text := w.String()
		tokens, err := count(ctx, c.Model, text)
		if err != nil {
			return nil, nil, err
		}
		if tokens <= budget {
			return w, &fewshot.Prompt{
				Text: text, Stop: w.stops(), Tokens: tokens, Budget: budget,
				Shots: indexes(dropped, len(turns)), Dropped: indexes(0, dropped), Constraint: o.constraint(w, prefill),
			}, nil
		}
		// The parts add up to less than the whole, since a tokenizer may split more
		// where they meet. Where the difference would take all of the room, the
		// user's text is tried alone.
		excess := max(1, tokens-sum)
		if f.room > f.asked {
			excess = min(excess, f.room-f.asked)
		}
		f.room -= excess
	}
}

// finish writes the dialogue from turn first on, up to where the model goes on.
func (c *Conversation) finish(w *writer, turns Transcript, first int, user, prefill string) error {
	if first > 0 && c.summarized(turns) > 0 {
		if err := w.shownTurn(&c.Summary, "summary"); err != nil {
			return err
		}
	}
	for i := first; i < len(turns); i++ {
		if err := w.shownTurn(&turns[i], turnName(i)); err != nil {
			return err
		}
	}
	w.question(fewshot.Query, user)
	w.open()
	w.text(fewshot.Output, prefill)
	return nil
}

// shownTurn writes a turn and what separates it from the next.
func (w *writer) shownTurn(t *Turn, where string) error {
	user, reply, err := t.clean(where)
	if err == nil {
		w.turn(user, reply)
		w.add(fewshot.Layout, betweenTurns)
	}
	return err
}

func indexes(from, to int) []int {
	if from == to {
		return nil
	}
	all := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		all = append(all, i)
	}
	return all
}

// A fitting has what the parts of a conversation cost, in tokens.
type fitting struct {
	turns []turnCost
	asked int // the user's text with its labels, and the prefill
	room  int // for turns and asked, beside description, examples and summary

	head, budget int  // for the error
	bytes        bool // for the error: each byte counts as a token
}

// fitting counts what has not been counted yet.
func (c *Conversation) fitting(ctx context.Context, w *writer, turns Transcript, user, prefill string, budget int) (*fitting, error) {
	t, err := c.counted(ctx, w.page)
	if err != nil {
		return nil, err
	}
	f := &fitting{budget: budget, bytes: t.label == len(t.page.user), turns: make([]turnCost, len(turns))}
	if f.head, err = t.followed(ctx, w.String()); err != nil {
		return nil, err
	}
	f.head += t.empty
	if c.summarized(turns) > 0 {
		summary, err := t.turn(ctx, &c.Summary, func() string { return "summary" })
		if err != nil {
			return nil, err
		}
		f.head += summary.whole
	}
	for i := range turns {
		if f.turns[i], err = t.turn(ctx, &turns[i], func() string { return turnName(i) }); err != nil {
			return nil, err
		}
	}
	if f.asked, err = t.question(ctx, user); err != nil {
		return nil, err
	}
	extra, err := t.prefill(ctx, prefill)
	if err != nil {
		return nil, err
	}
	f.asked += extra
	f.room = budget - f.head
	return f, nil
}

// bytesHint is one more way out where a text does not fit.
const bytesHint = "; without a Counter each byte counts as a token, so setting Model.Counter may be enough"

// drop returns how many of the oldest turns to leave out, and the tokens of the
// prompt by the sum of its parts.
//
// It goes through the prompts that the conversation has had, one for each turn.
// Whenever one of them was full, it drops turns until those left fill a third of the
// room. So only a full prompt loses its prefix. Dropping one turn at a time would
// change the beginning of every prompt after the first full one.
//
// With turns of t tokens, a room of r and a head of h, a share of 1-t/(2h/3+4r/9)
// of all prompt tokens is in the prefix shared with the prompt before. Keeping half of
// the room would make that 1-t/(h/2+3r/8): more is remembered and less is cached.
func (f *fitting) drop() (first, tokens int, err error) {
	sum := 0 // tokens of the turns from first to i
	for i := range len(f.turns) + 1 {
		asked := f.asked
		if i < len(f.turns) {
			asked = f.turns[i].asked
		}
		if sum+asked > f.room {
			for first < i && sum > (f.room-asked)/3 {
				sum -= f.turns[first].whole
				first++
			}
		}
		if i < len(f.turns) {
			sum += f.turns[i].whole
		}
	}
	if f.asked > f.room {
		hint := "shorten it, or ask for fewer tokens"
		if f.bytes {
			hint += bytesHint
		}
		return 0, 0, fmt.Errorf("assistant: %w: the user's text has %d tokens, and %d are left beside MaxTokens and the %d of description and examples; %s",
			sampling.ErrBudget, f.asked, max(0, f.budget-f.head), f.head, hint)
	}
	return first, f.budget - f.room + sum + f.asked, nil
}
