package assistant

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A dialogue is what a prompt has after the persona. Its texts are clean.
type dialogue struct {
	summary *Turn // of turns that were dropped, or nil
	turns   Transcript
	user    string
	prefill string
}

func (c *Conversation) dialogue(turns Transcript, user, prefill string) (d *dialogue, err error) {
	d = &dialogue{user: user}
	if d.turns, err = turns.clean(""); err != nil {
		return nil, err
	}
	if d.prefill, err = clean(prefill); err != nil {
		return nil, &ValueError{Where: "prefill", Err: err}
	}
	if c.summarized(turns) > 0 {
		summary := c.Summary
		if err := summary.clean(); err != nil {
			err.Where = "summary: " + err.Where
			return nil, err
		}
		d.summary = &summary
	}
	return d, nil
}

// prompt writes the prompt that asks for a reply to user, which is clean, after
// the given turns.
func (c *Conversation) prompt(ctx context.Context, turns Transcript, user string, o ReplyOptions) (*writer, *fewshot.Prompt, error) {
	w, err := c.Persona.write()
	if err != nil {
		return nil, nil, err
	}
	w.dialogue()
	d, err := c.dialogue(turns, user, o.Prefill)
	if err != nil {
		return nil, nil, err
	}
	budget, err := c.Model.PromptBudget(c.params(o))
	if err != nil {
		return nil, nil, fmt.Errorf("assistant: %w", err)
	}
	p := &fewshot.Prompt{Stop: w.stops(), Constraint: o.Constraint}
	if w.inline() && d.prefill == "" {
		p.Constraint = o.Constraint.Wrap(" ", "") // the space after the label
	}
	if budget == math.MaxInt {
		d.write(w, p, 0)
		return w, p, nil
	}
	f, err := c.fitting(ctx, w, d, budget)
	if err != nil {
		return nil, nil, err
	}
	for head := *w; ; *w = head {
		dropped, sum, err := f.drop()
		if err != nil {
			return nil, nil, err
		}
		w.parts = slices.Clone(head.parts)
		d.write(w, p, dropped)
		p.Budget = budget
		if p.Tokens, err = count(ctx, c.Model, p.Text); err != nil {
			return nil, nil, err
		}
		if p.Tokens <= budget {
			return w, p, nil
		}
		// The sum of the parts is less than the whole, since a tokenizer may split more
		// where they meet. If the difference would take all of the room, the user's
		// text is tried alone.
		excess := max(1, p.Tokens-sum)
		if f.room > f.asked() {
			excess = min(excess, f.room-f.asked())
		}
		f.room -= excess
	}
}

// write writes the dialogue from turn first on, up to the prefill, and completes p.
func (d *dialogue) write(w *writer, p *fewshot.Prompt, first int) {
	p.Shots, p.Dropped = nil, nil
	if first > 0 && d.summary != nil {
		w.turn(d.summary)
		w.add(fewshot.Layout, betweenTurns)
	}
	for i := range d.turns {
		if i < first {
			p.Dropped = append(p.Dropped, i)
			continue
		}
		p.Shots = append(p.Shots, i)
		w.turn(&d.turns[i])
		w.add(fewshot.Layout, betweenTurns)
	}
	w.ask(fewshot.Query, d.user, d.prefill)
	p.Text = w.String()
}

// A fitting has the tokens of the parts of a conversation.
type fitting struct {
	turns []int // whole turns
	asks  []int // the questions of the turns, and the current one with the prefill
	room  int   // for turns and the current question

	head, budget int  // for the error
	bytes        bool // each byte counts as a token; for the error
}

func (c *Conversation) fitting(ctx context.Context, w *writer, d *dialogue, budget int) (*fitting, error) {
	counts := c.counted(w.page)
	var err error
	count := func(kind countedKind, user, reply string) (n int) {
		if err == nil {
			n, err = counts.of(ctx, countedPart{kind, user, reply})
		}
		return n
	}
	empty := count(plainText, "", "") // what a Counter adds to each text, such as a token that begins it
	// A text that is not the last is counted with a label after it. At the end of a prompt
	// it may cost less, since many tokenizers join line breaks only there.
	label := count(plainText, w.user, "")
	f := &fitting{budget: budget, bytes: label == len(w.user), head: empty}
	if head := w.String(); head != "" {
		f.head += count(plainText, head+w.user, "") - label
	}
	if d.summary != nil {
		f.head += count(wholeTurn, d.summary.User, d.summary.Reply) - label
	}
	for _, t := range d.turns {
		f.turns = append(f.turns, count(wholeTurn, t.User, t.Reply)-label)
		f.asks = append(f.asks, count(openQuestion, t.User, "")-empty)
	}
	f.asks = append(f.asks, count(openQuestion, d.user, d.prefill)-empty)
	f.room = budget - f.head
	return f, err
}

// asked returns the tokens of the current question.
func (f *fitting) asked() int { return f.asks[len(f.turns)] }

// drop returns how many of the oldest turns to leave out, and the tokens of the
// prompt by the sum of its parts.
//
// It simulates the prompts of the conversation so far, one for each turn. When one was
// full, it drops turns until the rest fills a third of the room. So only a full prompt
// loses its prefix. Dropping one turn at a time would change the beginning of every
// prompt after the first full one. Keeping half of the room would remember more and
// cache less.
func (f *fitting) drop() (first, tokens int, err error) {
	sum := 0 // tokens of the turns from first to i
	for i, asked := range f.asks {
		if sum+asked > f.room {
			for first < i && sum > (f.room-asked)/3 {
				sum -= f.turns[first]
				first++
			}
		}
		if i < len(f.turns) {
			sum += f.turns[i]
		}
	}
	if f.asked() > f.room {
		hint := "shorten them, or lower MaxTokens"
		if f.bytes {
			hint += "; without a Counter each byte counts as a token, so setting Model.Counter may be enough"
		}
		return 0, 0, fmt.Errorf("assistant: %w: the user's text has %d tokens, and description and examples have %d, but only %d are left after MaxTokens; %s",
			sampling.ErrBudget, f.asked(), f.head, f.budget, hint)
	}
	return first, f.budget - f.room + sum + f.asked(), nil
}
