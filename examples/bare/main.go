// Command bare shows how a base model continues a bare question: often with more
// questions, because it has read lists of questions.
//
//	$ go run ./examples/bare
//	$ go run ./examples/bare "What causes the tides?"
//
// Compare it with examples/assistant, which puts a description of a role and a
// few exchanges in front of the same question.
package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/sampling"
)

const about = `bare: how a base model continues a question

Usage: bare [flags] [question]

Nothing asks for an answer, so the model often writes more questions. Compare it
with examples/assistant.

  go run ./examples/bare
  go run ./examples/bare -temperature 1 "What causes the tides?"`

func main() { cli.Main("bare", run) }

func run(ctx context.Context, env *cli.Env) error {
	params := sampling.Params{MaxTokens: 40}
	flags := flag.NewFlagSet("bare", flag.ContinueOnError)
	backend := cli.BackendFlags(flags)
	cli.ParamFlags(flags, &params)
	if err := cli.Parse(env, flags, about); err != nil {
		return err
	}
	question := "Why is the sky blue?"
	if flags.NArg() > 0 {
		question = strings.Join(flags.Args(), " ")
	}
	model, err := backend.Open(ctx, env)
	if err != nil {
		return err
	}
	c, err := model.Complete(ctx, &sampling.Request{Prompt: question, Params: params})
	if err != nil {
		return err
	}
	if strings.TrimSpace(c.Text) == "" {
		c.Text += "\n[the model continues with nothing: " + c.Reason.String() + "]"
	}
	paint := cli.PainterFor(env, env.Stdout)
	fmt.Fprintf(env.Stdout, "%s%s\n", paint.Paint(cli.Bold, question), paint.Paint(cli.Yellow, c.Text))
	return nil
}
