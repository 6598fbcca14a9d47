package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// Draws counts how many of many answers to the same inputs are valid.
type Draws struct {
	Constrain   bool
	N           int
	Temperature float64
}

// DrawFlags defines the flags.
func DrawFlags(flags *flag.FlagSet) *Draws {
	d := new(Draws)
	flags.BoolVar(&d.Constrain, "constrain", false, "restrict decoding to valid answers; an error if the server cannot")
	flags.IntVar(&d.N, "draws", 0, "draw this many answers and print how many are valid")
	flags.Float64Var(&d.Temperature, "temperature", 1.5, "temperature of -draws")
	return d
}

// Mode is Task.Constrain.
func (d *Draws) Mode() fewshot.Constrain {
	if d.Constrain {
		return fewshot.ConstrainRequired
	}
	return fewshot.ConstrainOff
}

// CountValid draws the answers, each with another seed. It prints how many are valid,
// how many the token limit cut, and how many are invalid.
func CountValid[In, Out any](ctx context.Context, env *Env, d *Draws, p *fewshot.Prompter[In, Out], m sampling.Model, inputs []In, most int) error {
	valid, cut := 0, 0
	for i := range d.N {
		prompt, err := p.Prompt(ctx, m, inputs[i%len(inputs)])
		if err != nil {
			return err
		}
		c, err := m.Complete(ctx, prompt.Request(sampling.Params{MaxTokens: most, Temperature: d.Temperature, Seed: uint64(i + 1)}))
		if err == nil {
			_, err = p.Parse(c)
		}
		var invalid *fewshot.AnswerError
		switch {
		case err == nil:
			valid++
		case errors.Is(err, sampling.ErrTokenLimit):
			cut++
		case !errors.As(err, &invalid):
			return err
		}
	}
	_, err := fmt.Fprintf(env.Stdout, "%d answers at temperature %v: %d valid, %d cut by the token limit, %d invalid\n", d.N, d.Temperature, valid, cut, d.N-valid-cut)
	return err
}
