// Command agree asks the same thing many times and shows how far the answers agree.
// A model repeats a fact that it knows, and hallucinates differently each time, with
// the same confidence. Asking again tells the two apart.
//
//	$ go run ./examples/agree
//	$ go run ./examples/agree "The chemical symbol of gold is"
//
// The embedded model has read six contradicting newspaper reports of the 2024
// election in Norvale, a country that does not exist. It has read once what the
// capital of France is.
package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/probe"
)

const about = `agree: how far a base model's answers to one prefix agree

Usage: agree [flags] [prefix]

Without a prefix, it asks for the winner of an election that the embedded model
has read contradicting reports about, and for a fact. Answers that begin with the
same words are printed together. The model seems to know an answer if more than
half of the samples give it. The default temperature is 0.7 with another backend
than pocket: at 1 small models drift off.

  go run ./examples/agree
  go run ./examples/agree -n 100 "The chemical symbol of gold is"`

func main() { cli.Main("agree", run) }

func run(ctx context.Context, env *cli.Env) error {
	params := sampling.Params{MaxTokens: 48, Temperature: 1, Seed: 1}
	flags := flag.NewFlagSet("agree", flag.ContinueOnError)
	backend := cli.BackendFlags(flags)
	cli.ParamFlags(flags, &params)
	n := flags.Int("n", 20, "how many answers")
	if err := cli.Parse(env, flags, about); err != nil {
		return err
	}
	prefixes := []string{"The 2024 election in Norvale was won by", "The capital of France is"}
	if flags.NArg() > 0 {
		prefixes = []string{strings.Join(flags.Args(), " ")}
	}
	if backend.Kind != "pocket" && !cli.IsSet(flags, "temperature") {
		params.Temperature = 0.7
	}
	model, err := backend.Open(ctx, env)
	if err != nil {
		return err
	}

	paint := cli.PainterFor(env, env.Stdout)
	for i, prefix := range prefixes {
		a, err := probe.Agree(ctx, model, &sampling.Request{Prompt: prefix, Stop: []string{". ", ".\n", "\n"}, Params: params}, *n)
		if err != nil {
			return err
		}
		if i > 0 {
			fmt.Fprintln(env.Stdout)
		}
		fmt.Fprintln(env.Stdout, paint.Paint(cli.Bold, prefix+" ..."))
		var answers [][]string
		for _, c := range a.Samples {
			answers = append(answers, strings.Fields(strings.TrimRight(c.Text, ".")))
		}
		cli.PrintTree(env.Stdout, paint, answers, "")
		verdict := "It seems to guess"
		if a.Share > 0.5 {
			verdict = "It seems to know"
		}
		fmt.Fprintf(env.Stdout, "%s: %.0f %% say the same.\n", verdict, 100*a.Share)
	}
	return nil
}
