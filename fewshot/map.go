package fewshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"net/http"

	"github.com/foreword-go/foreword/internal/parallel"
	"github.com/foreword-go/foreword/sampling"
)

// MapOptions are the options of [Prompter.Map]. The zero MapOptions runs four
// calls at once and yields the results in the order of the inputs.
type MapOptions struct {
	Parallel  int  // how many inputs are under way at once; 0 is 4
	Unordered bool // yield each result as it comes

	// KeepGoing makes Map continue after an error that every other input would get
	// too: a refused key, a missing model, an unsupported parameter.
	KeepGoing bool
}

// Progress counts the results so far.
type Progress struct {
	Done   int
	Failed int // those with an error
	All    int // how many there will be; 0 where that is not known
}

// A Result is the result for one of many inputs.
type Result[In, Out any] struct {
	Index int // of the input, counting from 0
	In    In
	Out   Out
	Usage sampling.Usage // what the backend told of its cost
}

// ErrStopped says that [Prompter.Map] stopped before the last input. Map wraps it
// together with the reason.
var ErrStopped = errors.New("fewshot: stopped before the last input")

// Map answers many inputs, several at once. An error belongs to the input beside
// it, and the other inputs continue. An error that wraps [ErrStopped] ends the
// sequence: every input would fail in the same way, as with a refused key, or ctx is
// done. Leaving the loop cancels the calls under way, and no goroutine stays. The
// sequence is single-use.
//
// Inputs are read from the loop's goroutine, as they are needed. With a
// Params.Seed each input gets its own seed, made from Params.Seed and a hash of the
// prompt, so an inserted input changes no other. To resume interrupted work, call
// Map again with a Model whose backend is a wrap.Cache.
func (p *Prompter[In, Out]) Map(ctx context.Context, m sampling.Model, inputs iter.Seq[In], o MapOptions) iter.Seq2[Result[In, Out], error] {
	return func(yield func(Result[In, Out], error) bool) {
		stop := func(why error) { yield(Result[In, Out]{}, fmt.Errorf("%w: %w", ErrStopped, why)) }
		limit := cmp.Or(o.Parallel, 4)
		if limit < 0 {
			stop(mistake("MapOptions.Parallel is %d; use 0 for the default, or a positive number", o.Parallel))
			return
		}
		type outcome struct {
			result Result[In, Out]
			err    error
		}
		for out := range parallel.Do(ctx, numbered[In, Out](ctx, inputs), limit, !o.Unordered, func(ctx context.Context, in Result[In, Out]) outcome {
			a, err := p.seeded(ctx, m, in.In)
			in.Out, in.Usage = a.Value, a.Usage
			return outcome{in, err}
		}) {
			if ctx.Err() != nil {
				break
			}
			if !yield(out.result, out.err) {
				return
			}
			if out.err != nil && !o.KeepGoing && meetsAll(out.err) {
				stop(fmt.Errorf("input %d: %w", out.result.Index, out.err))
				return
			}
		}
		if err := ctx.Err(); err != nil {
			stop(err)
		}
	}
}

// seeded is Do with the input's own seed. The answer's Value is zero on an error.
func (p *Prompter[In, Out]) seeded(ctx context.Context, m sampling.Model, in In) (*Answer[Out], error) {
	prompt, err := p.Prompt(ctx, m, in)
	if err != nil {
		return &Answer[Out]{}, err
	}
	params := p.params
	if params.Seed != 0 {
		params.Seed = seedOf(params.Seed, prompt.Text)
	}
	return p.ask(ctx, m, prompt, params)
}

// seedOf returns a seed for one prompt. It is a positive 31-bit integer, the
// least that any server takes.
func seedOf(seed uint64, prompt string) uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, seed, " ", prompt)
	return h.Sum64()>>34 + 1
}

// meetsAll reports whether the next input would get the same error.
func meetsAll(err error) bool {
	var answer *AnswerError
	if errors.As(err, &answer) || errors.Is(err, sampling.ErrBudget) || errors.Is(err, sampling.ErrConstraint) {
		return false
	}
	var e *sampling.Error
	if errors.As(err, &e) && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden || e.Status == http.StatusNotFound) {
		return true
	}
	return errors.Is(err, sampling.ErrUnsupported)
}

// numbered gives each input its index, until ctx is done.
func numbered[In, Out any](ctx context.Context, inputs iter.Seq[In]) iter.Seq[Result[In, Out]] {
	return func(yield func(Result[In, Out]) bool) {
		n := 0
		for in := range inputs {
			if ctx.Err() != nil || !yield(Result[In, Out]{Index: n, In: in}) {
				return
			}
			n++
		}
	}
}
