package fewshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
)

// A Prompter is a compiled [Task]. It is immutable and safe for concurrent use.
type Prompter[In, Out any] struct {
	in       Codec[In]
	out      Codec[Out]
	params   sampling.Params
	retries  int
	column   *column
	picker   Picker // nil shows all examples
	warnings []string

	constrain  Constrain
	constraint sampling.Constraint // of a completion: the space before the answer, and what Out writes
}

// An Answer is the result for one input, with everything that led to it.
type Answer[Out any] struct {
	Value      Out
	Prompt     *Prompt              // its Constraint is zero if the answer was not constrained
	Completion *sampling.Completion // the last one that was drawn
	Retries    int                  // how many invalid answers came before it
	Usage      sampling.Usage       // the cost of all of them
}

// Run answers one input: Prompt, Complete and Parse in one call.
func (p *Prompter[In, Out]) Run(ctx context.Context, m sampling.Model, in In) (Out, error) {
	a, err := p.Do(ctx, m, in)
	if err != nil {
		var none Out
		return none, err
	}
	return a.Value, nil
}

// Do is Run with the whole [Answer], which is never nil. On an error it holds what
// there is: the Prompt when the model failed, and the Completion too when its text
// is not a valid Out. That error is an [*AnswerError].
func (p *Prompter[In, Out]) Do(ctx context.Context, m sampling.Model, in In) (*Answer[Out], error) {
	prompt, err := p.Prompt(ctx, m, in)
	if err != nil {
		return &Answer[Out]{}, err
	}
	return p.ask(ctx, m, prompt, p.params)
}

// ask completes a prompt, again where the answer is invalid and retries are left.
func (p *Prompter[In, Out]) ask(ctx context.Context, m sampling.Model, prompt *Prompt, params sampling.Params) (*Answer[Out], error) {
	a := &Answer[Out]{Prompt: prompt}
	if p.retries > 0 && params.Seed == 0 {
		params.Seed = rand.Uint64N(1<<30) + 1
	}
	first := params.Seed
	for {
		var err error
		a.Completion, err = m.Complete(ctx, prompt.Request(params))
		if a.Completion != nil {
			a.Usage = a.Usage.Add(a.Completion.Usage)
		}
		if err != nil {
			return a, err
		}
		var invalid *AnswerError
		a.Value, err = p.Parse(a.Completion)
		if !errors.As(err, &invalid) {
			return a, err
		}
		if drawn, most := a.Completion.Usage.CompletionTokens, cmp.Or(params.MaxTokens, sampling.DefaultMaxTokens); errors.Is(err, sampling.ErrTokenLimit) && 0 < drawn && drawn+1 < most {
			// Servers lower MaxTokens in silence where the prompt leaves less room.
			invalid.Err = fmt.Errorf("ran into the end of the context window after %d of %d tokens; set Model.Window, so that fewer examples are shown, or shorten the input: %w",
				drawn, most, sampling.ErrTokenLimit)
		}
		if a.Retries == p.retries {
			return a, err
		}
		a.Retries++
		params.Seed = seeds.At(first, a.Retries)
	}
}

// Parse reads the answer from a completion, for example one that
// [sampling.Model.Draw] or a batch file returned. It cuts the text at the first
// stop sequence and trims the layout's white space.
//
// A text that cannot be decoded is an [*AnswerError]. So is a completion that did
// not end by itself: errors.Is takes it for [sampling.ErrTokenLimit], or for
// [sampling.ErrTruncated] where the reason is another.
func (p *Prompter[In, Out]) Parse(c *sampling.Completion) (Out, error) {
	var none Out
	layout := p.column.layout
	switch _, stop := sampling.Cut(c.Text, layout.stops); {
	case stop != "", c.Reason == sampling.EndOfText, c.Reason == sampling.StopSequence:
	case c.Reason == sampling.TokenLimit:
		return none, &AnswerError{Text: c.Text, Err: fmt.Errorf("ran into the token limit; raise Params.MaxTokens, or give the Format a stop sequence that ends it: %w", sampling.ErrTokenLimit)}
	default:
		return none, &AnswerError{Text: c.Text, Err: fmt.Errorf("ended for the reason %q: %w", c.Reason, sampling.ErrTruncated)}
	}
	text, err := layout.answer(c.Text)
	if err != nil {
		return none, &AnswerError{Text: text, Err: err}
	}
	out, err := p.out.decode(text)
	if err != nil {
		return none, &AnswerError{Text: text, Err: err}
	}
	return out, nil
}

// Prompt returns the text that m is to continue for the input in. Where the
// examples and Params.MaxTokens do not fit m.Window, whole examples are dropped,
// the least valuable first. It returns [sampling.ErrBudget] when the query alone
// does not fit.
//
// An example whose input is the query itself is not shown, since its output would
// give the answer away.
func (p *Prompter[In, Out]) Prompt(ctx context.Context, m sampling.Model, in In) (*Prompt, error) {
	// Small enough to be inlined: a Prompt that is only read stays on the caller's stack.
	return p.constrained(ctx, new(Prompt), m, in)
}

// constrained fills in and returns a Prompt with its constraint.
func (p *Prompter[In, Out]) constrained(ctx context.Context, prompt *Prompt, m sampling.Model, in In) (*Prompt, error) {
	input, err := p.query(in)
	if err != nil {
		return nil, err
	}
	if err := p.fill(ctx, prompt, m, input); err != nil {
		return nil, err
	}
	if prompt.Constraint, err = p.constrain.constrained(m, p.constraint); err != nil {
		return nil, err
	}
	return prompt, nil
}

// query returns an input as text for the prompt that asks for its answer.
func (p *Prompter[In, Out]) query(in In) (string, error) {
	text, err := p.in.encode(in)
	if err == nil {
		text, err = p.column.layout.input(text, true)
	}
	if err != nil {
		return "", &ValueError{Example: noExample, Field: "input", Err: err}
	}
	return text, nil
}

// output returns an output as it is written in a shot.
func (p *Prompter[In, Out]) output(out Out) (string, error) {
	text, err := p.out.encode(out)
	if err != nil {
		return "", err
	}
	return p.column.layout.output(text)
}

// fill picks the examples for a query and lays out the prompt.
func (p *Prompter[In, Out]) fill(ctx context.Context, prompt *Prompt, m sampling.Model, query string) error {
	picks, err := p.pick(ctx, query)
	if err != nil {
		return err
	}
	budget, err := m.PromptBudget(p.params)
	if err != nil {
		return err
	}
	return p.column.fill(ctx, prompt, m, budget, query, picks)
}

// pick returns the examples to show, as indexes into the column.
func (p *Prompter[In, Out]) pick(ctx context.Context, input string) (Picks, error) {
	c := p.column
	picks := Picks{Chosen: c.all}
	if p.picker != nil {
		var err error
		if picks, err = p.picker(ctx, input); err != nil {
			return Picks{}, fmt.Errorf("fewshot: selecting examples: %w", err)
		}
		if err := picks.check(len(c.pairs)); err != nil {
			return Picks{}, err
		}
	}
	if _, ok := c.seen[input]; ok {
		isQuery := func(i int) bool { return c.pairs[i].In == input }
		picks.Pinned = slices.DeleteFunc(slices.Clone(picks.Pinned), isQuery)
		picks.Chosen = slices.DeleteFunc(slices.Clone(picks.Chosen), isQuery)
	}
	return picks, nil
}

// Warnings returns what Compile found that often lowers accuracy: inputs with two
// different outputs, outputs that are all the same, repeated examples. Each text
// names the examples.
func (p *Prompter[In, Out]) Warnings() []string { return slices.Clone(p.warnings) }
