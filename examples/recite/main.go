// Command recite measures how much of a text a base model has memorized. It gives
// the model the beginning of the text. Verbatim text is green, and yellow is where
// the model departs from it.
//
//	$ go run ./examples/recite
//	$ go run ./examples/recite -prefix 12 -file LICENSE
//
// The embedded model has read the zebra article. It recites the article until a
// random token leads it elsewhere. At temperature 0 it recites all of it. It departs
// at once from a text that it has not read.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/probe"
)

const about = `recite: how much of a text a base model has memorized

Usage: recite [flags]

It gives the model the beginning of the text and compares its continuation with
the rest: verbatim text is green, and the rest is yellow. Without -file the text
is an article on the zebra that the embedded model has read.

  go run ./examples/recite
  go run ./examples/recite -temperature 0
  go run ./examples/recite -prefix 12 -file LICENSE`

//go:embed zebra.txt
var zebra string

func main() { cli.Main("recite", run) }

func run(ctx context.Context, env *cli.Env) error {
	flags := flag.NewFlagSet("recite", flag.ContinueOnError)
	backend := cli.BackendFlags(flags)
	file := flags.String("file", "", "the `file` with the text")
	prefix := flags.Int("prefix", 16, "how many words and punctuation marks of it are given")
	length := flags.Int("length", 250, "how many are compared")
	temperature := flags.Float64("temperature", 1.25, "0 takes the most likely token, 1 draws from the model's own distribution; with another backend than pocket the default is 0")
	seed := flags.Uint64("seed", 1, "seed of a draw, to repeat it; 0 is a new one each time")
	if err := cli.Parse(env, flags, about); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return cli.Usagef("unexpected %q: name a text with -file", flags.Arg(0))
	}
	if *prefix < 1 {
		return cli.Usagef("-prefix is %d: give the model at least 1 word", *prefix)
	}
	text := zebra
	if *file != "" {
		read, err := os.ReadFile(*file)
		if err != nil {
			return err
		}
		text = string(read)
	}
	if backend.Kind != "pocket" && !cli.IsSet(flags, "temperature") {
		*temperature = 0
	}
	model, err := backend.Open(ctx, env)
	if err != nil {
		return err
	}

	if backend.Kind != "pocket" {
		fmt.Fprintf(env.Stderr, "Drawing a continuation of %d words. A smaller -length takes less time.\n", *length)
	}
	options := probe.ReciteOptions{Prefix: *prefix, Length: *length, Params: sampling.Params{Temperature: *temperature, Seed: *seed}}
	drawn, err := probe.Recite(ctx, model, text, options)
	if err != nil {
		return err
	}
	greedy := drawn
	if options.Params.Temperature > 0 {
		options.Params.Temperature = 0
		if greedy, err = probe.Recite(ctx, model, text, options); err != nil {
			return err
		}
	}
	own := ""
	if drawn.Tokens < drawn.Length { // what lies beyond the compared part is neither
		own, _, _ = strings.Cut(drawn.Text[drawn.Bytes:], "\n") // one line shows it
		own += " ..."
	}
	paint := cli.PainterFor(env, env.Stdout)
	fmt.Fprintf(env.Stdout, "%s%s%s\n\n", paint.Paint(cli.Bold, drawn.Prompt), paint.Paint(cli.Green, drawn.Text[:drawn.Bytes]), paint.Paint(cli.Yellow, own))
	fmt.Fprintf(env.Stdout, "Of %d words and marks that follow, %d are verbatim", drawn.Length, drawn.Tokens)
	if drawn.Want != "" {
		fmt.Fprintf(env.Stdout, "; then the text has %q and the model %s", drawn.Want, said(drawn.Got))
	}
	fmt.Fprintf(env.Stdout, ".\nTaking the likeliest token each time, it is %d.\n", greedy.Tokens)
	return nil
}

func said(token string) string {
	if token == "" {
		return "ends"
	}
	return fmt.Sprintf("says %q", token)
}
