package fewshot

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/foreword-go/foreword/sampling"
)

// An Example is one worked pair: a shot.
type Example[In, Out any] struct {
	In  In
	Out Out
}

// A Task is a function from In to Out, described by examples: none, one or a
// few. The zero Task is useful: zero-shot, in the [Labeled] format.
//
// Fill a Task in, then use it: from its first use on, any number of goroutines
// may call its methods at once, as long as none changes it. Between calls,
// examples may be appended, and Instruction, Shots, Select, Format and Params set
// anew. An example that is overwritten in place, which appending to a shortened
// Examples does too, and another Codec are not noticed, since examples are encoded
// and checked once. Use [Task.Clone] for a variant.
type Task[In, Out any] struct {
	Instruction string             // stands before the shots, parted by an empty line; may be empty
	Examples    []Example[In, Out] // the pool of shots
	Shots       int                // most shown; 0 is all
	Select      Selector           // nil: in order, the first Shots of them; else never the query itself
	Format      Format             // the zero Format is Labeled
	In          Codec[In]
	Out         Codec[Out]
	Params      sampling.Params

	compiled atomic.Pointer[column]
}

// Add appends an example.
func (t *Task[In, Out]) Add(in In, out Out) {
	t.Examples = append(t.Examples, Example[In, Out]{in, out})
}

// Clone returns a copy that can be changed without changing t. The examples
// themselves are copied one level deep.
func (t *Task[In, Out]) Clone() *Task[In, Out] {
	return &Task[In, Out]{
		Instruction: t.Instruction,
		Examples:    slices.Clone(t.Examples),
		Shots:       t.Shots,
		Select:      t.Select,
		Format:      t.Format,
		In:          t.In,
		Out:         t.Out,
		Params:      t.Params,
	}
}

// An Answer is all that happened to one input.
type Answer[Out any] struct {
	Value      Out
	Prompt     *Prompt
	Completion *sampling.Completion
}

// Run answers one input: Prompt, Complete and Parse in one call.
func (t *Task[In, Out]) Run(ctx context.Context, m sampling.Model, in In) (Out, error) {
	a, err := t.Ask(ctx, m, in)
	if err != nil {
		var none Out
		return none, err
	}
	return a.Value, nil
}

// Ask is Run with all that happened. On an error the answer holds as much as
// there is: the prompt when the model failed, the completion too when its text
// could not be read as an Out, which is an [*AnswerError].
func (t *Task[In, Out]) Ask(ctx context.Context, m sampling.Model, in In) (*Answer[Out], error) {
	return t.ask(ctx, m, in, t.Params)
}

func (t *Task[In, Out]) ask(ctx context.Context, m sampling.Model, in In, params sampling.Params) (*Answer[Out], error) {
	prompt, err := t.Prompt(ctx, m, in)
	if err != nil {
		return &Answer[Out]{}, err
	}
	a := &Answer[Out]{Prompt: prompt}
	a.Completion, err = m.Complete(ctx, prompt.Request(params))
	if err != nil {
		return a, err
	}
	a.Value, err = t.Read(a.Completion)
	return a, err
}

// Read reads the answer out of a completion, which may have been drawn by
// [sampling.Model.Draw] or come out of a file. A completion that ran into its
// token limit or was filtered is an [*AnswerError], since nobody knows the rest.
func (t *Task[In, Out]) Read(c *sampling.Completion) (Out, error) {
	var none Out
	switch c.Reason {
	case sampling.EndOfText, sampling.StopSequence:
		return t.Parse(c.Text)
	case sampling.TokenLimit:
		return none, &AnswerError{Text: c.Text, Err: fmt.Errorf("ran into the token limit; raise Params.MaxTokens, or give the Format a stop sequence that ends it: %w", sampling.ErrTokenLimit)}
	}
	return none, &AnswerError{Text: c.Text, Err: fmt.Errorf("ended for the reason %q: %w", c.Reason, sampling.ErrTruncated)}
}

// Parse undoes the layout of a completion and decodes the answer in it. Text
// from the first stop sequence on is not part of the answer, nor is the space
// that parts it from the label. What cannot be decoded is an [*AnswerError].
func (t *Task[In, Out]) Parse(completion string) (Out, error) {
	var none Out
	layout, err := t.layout()
	if err != nil {
		return none, err
	}
	text, err := layout.answer(completion)
	if err != nil {
		return none, &AnswerError{Text: text, Err: err}
	}
	out, err := t.Out.decode(text)
	if err != nil {
		return none, &AnswerError{Text: text, Err: err}
	}
	return out, nil
}

// Prompt returns the text that m is to continue for the input in. Of m it uses
// the Window and the Counter: where both the examples and Params.MaxTokens do
// not fit, whole examples are left out, those that stand first, and
// [sampling.ErrBudget] is returned when the query fits with none of them.
//
// The first call encodes and checks every example; the next ones copy text. Each
// example is counted once, as long as the Counter stays the same; one that cannot
// be compared, such as a function, is another each time.
func (t *Task[In, Out]) Prompt(ctx context.Context, m sampling.Model, in In) (*Prompt, error) {
	return t.fill(ctx, m, in, new(Prompt))
}

// fill is Prompt with the memory for what it returns. Prompt is no more than its
// call so that it is inlined: a caller that only reads the Prompt then has it on
// its own stack.
func (t *Task[In, Out]) fill(ctx context.Context, m sampling.Model, in In, p *Prompt) (*Prompt, error) {
	c, input, order, err := t.choose(ctx, in)
	if err != nil {
		return nil, err
	}
	return c.fill(ctx, m, t.Params, input, order, p)
}

// choose returns the input as text and the examples to show for it.
func (t *Task[In, Out]) choose(ctx context.Context, in In) (c *column, input string, order []int, err error) {
	if c, err = t.column(); err != nil {
		return nil, "", nil, err
	}
	if input, err = t.In.encode(in); err != nil {
		return nil, "", nil, &ValueError{Example: noExample, Field: "input", Err: err}
	}
	input = c.layout.quoteInput(input)
	order, err = t.order(ctx, c, input)
	return c, input, order, err
}

// order returns the examples to show, as indexes into the column.
func (t *Task[In, Out]) order(ctx context.Context, c *column, input string) ([]int, error) {
	if t.Shots < 0 {
		return nil, fmt.Errorf("fewshot: Shots is %d; use 0 for all examples, or a positive number", t.Shots)
	}
	if t.Select == nil {
		n := len(c.pairs)
		if t.Shots > 0 {
			n = min(n, t.Shots)
		}
		return c.all[:n], nil
	}
	if len(c.pairs) == 0 {
		return nil, nil
	}
	order, err := t.Select(ctx, input, c.pairs)
	if err != nil {
		return nil, fmt.Errorf("fewshot: selecting examples: %w", err)
	}
	if err := checkOrder(order, len(c.pairs)); err != nil {
		return nil, err
	}
	// An example that is the query itself would give the answer away.
	isQuery := func(i int) bool { return c.pairs[i].In == input }
	if slices.ContainsFunc(order, isQuery) {
		order = slices.DeleteFunc(slices.Clone(order), isQuery)
	}
	if t.Shots > 0 && len(order) > t.Shots {
		order = order[len(order)-t.Shots:]
	}
	return order, nil
}

// layout returns the resolved Format, from the column if there is one.
func (t *Task[In, Out]) layout() (*layout, error) {
	if c := t.compiled.Load(); c != nil && c.layout.is(&t.Format) {
		return c.layout, nil
	}
	return newLayout(&t.Format)
}

// column returns the examples as text, made anew when the Task has changed.
func (t *Task[In, Out]) column() (*column, error) {
	var first any
	if len(t.Examples) > 0 {
		first = &t.Examples[0]
	}
	if c := t.compiled.Load(); c != nil && c.first == first && len(c.pairs) == len(t.Examples) &&
		c.instruction == t.Instruction && c.layout.is(&t.Format) {
		return c, nil
	}
	layout, err := newLayout(&t.Format)
	if err != nil {
		return nil, err
	}
	pairs := make([]pair, len(t.Examples))
	for i, e := range t.Examples {
		if pairs[i].In, err = t.In.encode(e.In); err != nil {
			return nil, &ValueError{Example: i, Of: len(pairs), Field: "input", Err: err}
		}
		if pairs[i].Out, err = t.Out.encode(e.Out); err != nil {
			return nil, &ValueError{Example: i, Of: len(pairs), Field: "output", Err: err}
		}
		pairs[i] = pair{layout.quoteInput(pairs[i].In), layout.quoteOutput(pairs[i].Out)}
	}
	c, err := newColumn(layout, t.Instruction, pairs)
	if err != nil {
		return nil, err
	}
	c.first = first
	t.compiled.Store(c)
	return c, nil
}
