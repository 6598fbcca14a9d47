// Command landmarks asks a base model for a list, without an example. The prompt is
// the usual heading of such a list.
//
//	$ go run ./examples/landmarks
//	$ go run ./examples/landmarks -rounds 3 Tokyo
//
// The model does not know when the list is long enough, so it runs into the token
// limit, often in the middle of a line. The program then says so. With -rounds it
// continues: the text so far is the next prompt.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/sampling"
)

const about = `landmarks: a list from a prefix that asks for one

Usage: landmarks [flags] [city]

The prompt is the usual heading of such a list. The model does not know when the
list is long enough, so it runs into the limit of -max-tokens. With -rounds it
continues from there.

  go run ./examples/landmarks
  go run ./examples/landmarks -rounds 9 Tokyo`

func main() { cli.Main("landmarks", run) }

func run(ctx context.Context, env *cli.Env) error {
	params := sampling.Params{MaxTokens: 60, Seed: 1}
	flags := flag.NewFlagSet("landmarks", flag.ContinueOnError)
	backend := cli.BackendFlags(flags)
	cli.ParamFlags(flags, &params)
	rounds := flags.Int("rounds", 1, "how many times to continue the text")
	if err := cli.Parse(env, flags, about); err != nil {
		return err
	}
	if *rounds < 1 {
		return cli.Usagef("-rounds is %d: it takes one to begin", *rounds)
	}
	city := "Paris"
	if flags.NArg() > 0 {
		city = strings.Join(flags.Args(), " ")
	}
	model, err := backend.Open(ctx, env)
	if err != nil {
		return err
	}

	text := fmt.Sprintf("Here are the most famous landmarks of %s:", city)
	paint := cli.PainterFor(env, env.Stdout)
	heading := paint.Paint(cli.Bold, text)
	var c *sampling.Completion
	for range *rounds {
		c, err = model.Complete(ctx, &sampling.Request{Prompt: text, Params: params})
		if err != nil {
			return err
		}
		fmt.Fprint(env.Stdout, heading, paint.Paint(cli.Green, c.Text))
		heading = ""
		text += c.Text
		if c.Reason != sampling.TokenLimit {
			break
		}
	}
	fmt.Fprintln(env.Stdout)
	if c.Reason == sampling.TokenLimit {
		limit := cmp.Or(params.MaxTokens, sampling.DefaultMaxTokens)
		fmt.Fprintf(env.Stdout, "\n[cut by the limit of %d tokens; -rounds %d goes on]\n", limit, *rounds+1)
	}
	return nil
}
