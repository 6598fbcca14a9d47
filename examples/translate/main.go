// Command translate translates English words into Korean. The base model has no
// instruction: it sees ten pairs and continues the list.
//
//	$ go run ./examples/translate teacher
//	선생님
//
// Without flags it uses the model embedded in this program and no network. Small
// models on a server know little Korean, so -backend asks for French by default.
// -shots 0 gives the model a bare word. -show prints the prompt, and -raw prints
// what the model writes when nothing stops it.
//
// -memory translates a file line by line, with similar segments of a translation
// memory (TMX) as shots.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

const about = `translate: English words into Korean or French, from ten examples

Usage: translate [flags] [word...]

It prints the translation of each word on a line. Without words it translates the
lines of standard input.

  go run ./examples/translate teacher
  go run ./examples/translate -shots 0 -raw teacher
  go run ./examples/translate -memory memory.tmx -from en -to ko \
      -in texts.txt -out translated.jsonl
  go run ./examples/translate -backend openai -url https://api.hyperbolic.xyz/v1 \
      -model meta-llama/Meta-Llama-3.1-405B teacher
  go run ./examples/translate -backend openai -url http://localhost:8080/v1 \
      -dialect llamacpp -model any teacher`

var korean = []fewshot.Example[string, string]{
	{In: "butterfly", Out: "나비"},
	{In: "ocean", Out: "바다"},
	{In: "whisper", Out: "속삭임"},
	{In: "mountain", Out: "산"},
	{In: "thunder", Out: "천둥"},
	{In: "gentle", Out: "온화한"},
	{In: "freedom", Out: "자유"},
	{In: "umbrella", Out: "우산"},
	{In: "cinnamon", Out: "계피"},
	{In: "moonlight", Out: "달빛"},
}

var french = []fewshot.Example[string, string]{
	{In: "butterfly", Out: "papillon"},
	{In: "ocean", Out: "océan"},
	{In: "house", Out: "maison"},
	{In: "mountain", Out: "montagne"},
	{In: "bread", Out: "pain"},
	{In: "sweet", Out: "doux"},
	{In: "freedom", Out: "liberté"},
	{In: "umbrella", Out: "parapluie"},
	{In: "cinnamon", Out: "cannelle"},
	{In: "moon", Out: "lune"},
}

// rawTokens is the token limit of -raw: a few more lines.
const rawTokens = 24

func main() { cli.Main("translate", run) }

func run(ctx context.Context, env *cli.Env) error {
	flags := flag.NewFlagSet("translate", flag.ContinueOnError)
	backend := cli.BackendFlags(flags)
	shots := flags.Int("shots", len(korean), fmt.Sprintf("number of examples, 0 to %d; with -memory, number of segments", len(korean)))
	to := flags.String("to", "", "the language of the answers: ko or fr; with -memory, one of its languages (default ko with pocket, otherwise fr)")
	from := flags.String("from", "en", "with -memory, the language of the texts")
	memory := flags.String("memory", "", "a translation memory, a TMX `file`")
	in := flags.String("in", "", "with -memory, the `file` of texts, one a line; default standard input")
	out := flags.String("out", "translated.jsonl", "with -memory, the `file` of translations; a cache beside it lets an interrupted run resume")
	prices := flags.String("price", "", "with -memory, the `prices` of a million prompt, cached and completion tokens, such as 0.5,0.25,1.5")
	temperature := flags.Float64("temperature", 0, "0 takes the most likely token, 1 draws from the model's own distribution")
	seed := flags.Uint64("seed", 1, "seed of a draw, to repeat it; 0 is a new one each time")
	show := flags.Bool("show", false, "show the prompt before the answer")
	raw := flags.Bool("raw", false, "do not stop the model after the answer")
	if err := cli.Parse(env, flags, about); err != nil {
		return err
	}
	if *to == "" {
		*to = "fr"
		if backend.Kind == "pocket" {
			*to = "ko"
		}
	}
	pairs := map[string][]fewshot.Example[string, string]{"ko": korean, "fr": french}[*to]
	switch {
	case *memory == "" && pairs == nil:
		return cli.Usagef("-to is %q: use ko or fr, or name a -memory", *to)
	case *memory != "" && flags.NArg() > 0:
		return cli.Usagef("with -memory, -in names the file of texts; leave out %q", flags.Args())
	case *memory == "" && *in+*prices != "":
		return cli.Usagef("-in and -price need a -memory")
	case *shots < 0 || *memory == "" && *shots > len(pairs):
		return cli.Usagef("-shots is %d: there are 0 to %d examples", *shots, len(pairs))
	}
	model, err := backend.Open(ctx, env)
	if err != nil {
		return err
	}

	params := sampling.Params{Temperature: *temperature, Seed: *seed, MaxTokens: 64}
	if *memory != "" {
		params.MaxTokens = 512
		j := job{memory: *memory, from: *from, to: *to, in: *in, out: *out, shots: *shots, params: params}
		if j.price, err = priceOf(*prices); err != nil {
			return err
		}
		return j.run(ctx, env, model)
	}
	task := fewshot.Task[string, string]{
		Examples: pairs[:*shots],
		Format:   fewshot.Lines,
		Params:   params,
	}
	if *raw {
		task.Format.Stop = []string{} // none
		task.Params.MaxTokens = rawTokens
	}
	prompter, err := task.Compile()
	if err != nil {
		return err
	}
	if flags.NArg() == 0 && cli.IsTerminal(env.Stdin) {
		fmt.Fprintln(env.Stderr, "translate: type words, one a line; Ctrl-D ends")
	}
	for word, err := range words(ctx, flags.Args(), env.Stdin) {
		if err != nil {
			return err
		}
		if err := translate(ctx, env, prompter, model, word, *show, *raw); err != nil {
			return fmt.Errorf("%q: %w", word, err)
		}
	}
	return nil
}

func translate(ctx context.Context, env *cli.Env, prompter *fewshot.Prompter[string, string], model sampling.Model, word string, show, raw bool) error {
	answer, err := prompter.Do(ctx, model, word)
	// With -raw, the text after the answer makes it invalid.
	var unread *fewshot.AnswerError
	if err != nil && !(raw && errors.As(err, &unread)) {
		return err
	}
	paint := cli.PainterFor(env, env.Stdout)
	if show {
		for _, part := range answer.Prompt.Parts() {
			fmt.Fprint(env.Stdout, paint.Paint(colours[part.Kind], part.Text))
		}
		fmt.Fprint(env.Stdout, " ")
	}
	if !raw {
		fmt.Fprintln(env.Stdout, paint.Paint(cli.Green, answer.Value))
		return nil
	}
	said, invented, _ := strings.Cut(strings.TrimSpace(answer.Completion.Text), "\n")
	fmt.Fprint(env.Stdout, paint.Paint(cli.Green, said))
	if show {
		fmt.Fprintf(env.Stdout, paint.Paint(cli.Faint, "    <-- stop sequence %q: the answer ends here"), fewshot.Lines.After)
	}
	fmt.Fprintln(env.Stdout)
	if invented != "" {
		fmt.Fprintln(env.Stdout, paint.Paint(cli.Yellow, invented))
	}
	return nil
}

var colours = map[fewshot.Kind]cli.Colour{
	fewshot.Layout: cli.Faint,
	fewshot.Input:  cli.Blue,
	fewshot.Output: cli.Cyan,
	fewshot.Query:  cli.Bold,
}

// words yields the arguments, or without any the non-empty lines of r.
func words(ctx context.Context, args []string, r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, word := range args {
			if !yield(word, nil) {
				return
			}
		}
		if len(args) > 0 {
			return
		}
		for line, err := range cli.Lines(ctx, r) {
			if word := strings.TrimSpace(line); (word != "" || err != nil) && !yield(word, err) {
				return
			}
		}
	}
}
