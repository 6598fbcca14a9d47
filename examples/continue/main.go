// Command continue asks a base model to continue the same prefix several times.
// 2+2 may begin a sum, a lesson, a song or a description of a car, so each
// continuation differs.
//
//	$ go run ./examples/continue
//	$ go run ./examples/continue -temperature 0.3 "The capital of France is"
//
// Below the continuations it prints the most likely next tokens with their
// probabilities. At temperature 0 the model always takes the first of them.
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"strings"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/sampling"
)

const about = `continue: several continuations of the same text

Usage: continue [flags] [prefix]

The default prefix is 2+2. Below the continuations are the most likely next
tokens with their probabilities. -temperature, -top-p, -top-k and -min-p control
how one of them is drawn.

  go run ./examples/continue -temperature 0
  go run ./examples/continue -temperature 0.3 "The capital of France is"
  go run ./examples/continue -n 3 -seed 0 -max-tokens 40 "Once upon a time"`

func main() { cli.Main("continue", run) }

func run(ctx context.Context, env *cli.Env) error {
	params := sampling.Params{MaxTokens: 16, Temperature: 1, Seed: 4}
	flags := flag.NewFlagSet("continue", flag.ContinueOnError)
	backend := cli.BackendFlags(flags)
	cli.ParamFlags(flags, &params)
	n := flags.Int("n", 5, "number of continuations")
	if err := cli.Parse(env, flags, about); err != nil {
		return err
	}
	if *n > 1000 {
		return cli.Usagef("-n is %d, and nothing is printed before all are drawn; take at most 1,000", *n)
	}
	prefix := "2+2"
	if flags.NArg() > 0 {
		prefix = strings.Join(flags.Args(), " ")
	}
	model, err := backend.Open(ctx, env)
	if err != nil {
		return err
	}

	completions, err := model.Draw(ctx, &sampling.Request{Prompt: prefix, Params: params}, *n)
	if err != nil {
		return err
	}
	paint := cli.PainterFor(env, env.Stdout)
	for i, c := range completions {
		fmt.Fprintf(env.Stdout, "%d. %s%s\n", i+1, paint.Paint(cli.Bold, prefix), paint.Paint(cli.Green, oneLine(c.Text)))
	}
	return distribution(ctx, env, model, prefix)
}

// distribution prints the most likely next tokens with their probabilities.
func distribution(ctx context.Context, env *cli.Env, model sampling.Model, prefix string) error {
	c, err := model.Complete(ctx, &sampling.Request{
		Prompt: prefix,
		Params: sampling.Params{MaxTokens: 1, Logprobs: true, TopLogprobs: 5},
	})
	if err != nil || len(c.Tokens) == 0 {
		return err
	}
	fmt.Fprintf(env.Stdout, "\nAfter %q comes\n", prefix)
	for _, token := range c.Tokens[0].Top {
		p := math.Exp(token.Logprob)
		fmt.Fprintf(env.Stdout, "%12q %5.1f %% %s\n", token.Text, 100*p, strings.Repeat("▇", int(math.Round(40*p))))
	}
	return nil
}

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ⏎ ") }
