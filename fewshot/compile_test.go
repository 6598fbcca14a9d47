package fewshot_test

import (
	"context"
	"iter"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A compiler is a Task, or a pointer to one.
type compiler[In, Out any] interface {
	Compile() (*fewshot.Prompter[In, Out], error)
}

// promptOf, doOf and the like compile a Task and use it, for tests in which it
// does not matter which of the two fails.
func promptOf[In, Out any](ctx context.Context, task compiler[In, Out], m sampling.Model, in In) (*fewshot.Prompt, error) {
	p, err := task.Compile()
	if err != nil {
		return nil, err
	}
	return p.Prompt(ctx, m, in)
}

func runOf[In, Out any](ctx context.Context, task compiler[In, Out], m sampling.Model, in In) (out Out, err error) {
	p, err := task.Compile()
	if err != nil {
		return out, err
	}
	return p.Run(ctx, m, in)
}

func doOf[In, Out any](ctx context.Context, task compiler[In, Out], m sampling.Model, in In) (*fewshot.Answer[Out], error) {
	p, err := task.Compile()
	if err != nil {
		return &fewshot.Answer[Out]{}, err
	}
	return p.Do(ctx, m, in)
}

func voteOf[In, Out any](ctx context.Context, task compiler[In, Out], m sampling.Model, in In, o fewshot.VoteOptions[Out]) (*fewshot.Votes[Out], error) {
	p, err := task.Compile()
	if err != nil {
		return nil, err
	}
	return p.Vote(ctx, m, in, o)
}

func mapOf[In, Out any](ctx context.Context, task compiler[In, Out], m sampling.Model, inputs iter.Seq[In], o fewshot.MapOptions) iter.Seq2[fewshot.Result[In, Out], error] {
	p, err := task.Compile()
	if err != nil {
		return func(yield func(fewshot.Result[In, Out], error) bool) { yield(fewshot.Result[In, Out]{}, err) }
	}
	return p.Map(ctx, m, inputs, o)
}

// parseOf parses a text as if the model had ended it there.
func parseOf[In, Out any](task compiler[In, Out], text string) (out Out, err error) {
	return readOf(task, &sampling.Completion{Text: text, Reason: sampling.EndOfText})
}

func readOf[In, Out any](task compiler[In, Out], c *sampling.Completion) (out Out, err error) {
	p, err := task.Compile()
	if err != nil {
		return out, err
	}
	return p.Parse(c)
}
