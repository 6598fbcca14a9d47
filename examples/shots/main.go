// Command shots draws the best-known curve of in-context learning: the accuracy of
// a base model by the number of examples in the prompt, with an instruction and
// without (Brown et al. 2020, figure 1.2).
//
//	$ go run ./examples/shots
//
// It translates the same words with 0, 1, 2, 4, 8 and 16 examples, at temperature 1,
// and repeats this with other orders of the examples. It prints the table and writes
// the curve as shots.png and shots.svg. With -cache it keeps the answers in a file,
// so an interrupted run resumes.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/wrap"
)

const about = `shots: how often a base model is right, by the number of examples

Usage: shots [flags]

Translates words into Korean with 0 to 16 examples, with an instruction and
without, prints how many were right, and draws the curve.

  go run ./examples/shots
  go run ./examples/shots -orders 2 -cases 50 -cache answers.jsonl`

// words.tsv has the words: first the pool of examples, then the cases.
//
//go:embed words.tsv
var words []byte

const poolSize = 40

const instruction = "Translate English to Korean."

func main() { cli.Main("shots", run) }

func run(ctx context.Context, env *cli.Env) error {
	flags := flag.NewFlagSet("shots", flag.ContinueOnError)
	backend := cli.BackendFlags(flags)
	orders := flags.Int("orders", 5, "number of repetitions, each with other examples")
	cases := flags.Int("cases", 100, "number of words to translate each time")
	temperature := flags.Float64("temperature", 1, "0 takes the most likely token, 1 draws from the model's own distribution")
	out := flags.String("o", "shots", "`file` name of the pictures, without .png and .svg; empty draws none")
	cache := flags.String("cache", "", "`file` that caches the answers for the next run; empty turns the cache off")
	if err := cli.Parse(env, flags, about); err != nil {
		return err
	}
	examples, err := fewshot.Collect(fewshot.ReadTSV[string, string](bytes.NewReader(words), fewshot.LoadOptions{}))
	if err != nil {
		return err
	}
	pool, asked := examples[:poolSize], examples[poolSize:]
	if *orders < 1 || *cases < 1 || *cases > len(asked) {
		return cli.Usagef("-orders is %d and -cases %d: there must be one at least, and there are %d words to ask", *orders, *cases, len(asked))
	}
	if folder := filepath.Dir(*out); *out != "" {
		if _, err := os.Stat(folder); err != nil { // check before the long work
			return fmt.Errorf("cannot write the pictures: %w", err)
		}
	}
	model, err := backend.Open(ctx, env)
	if err != nil {
		return err
	}

	if *cache != "" {
		store, err := wrap.OpenStore(*cache)
		if err != nil {
			return err
		}
		defer store.Close()
		kept := &wrap.Cache{Store: store} // a server says which model it has
		if backend.Kind == "pocket" {
			kept.Namespace = "pocket"
		}
		model.Backend = kept.Wrap(model.Backend)
	}

	sweep := eval.SweepOptions{Shots: []int{0, 1, 2, 4, 8, 16}, Orders: *orders}
	bar := cli.NewBar(env, "asking", 2*len(sweep.Shots)**orders**cases)
	var curves []curve
	for i, text := range []string{"", instruction} {
		task := fewshot.Task[string, string]{
			Instruction: text,
			Examples:    pool,
			Format:      fewshot.Lines,
			Params:      sampling.Params{Temperature: *temperature, MaxTokens: 32, Seed: 1},
		}
		sweep.Evaluate.Progress = func(p fewshot.Progress) { bar.Set(i*p.All + p.Done) }
		table, err := eval.Sweep(ctx, task, nil, model, asked[:*cases], eval.Exact, sweep)
		if err != nil {
			bar.Clear()
			return err
		}
		curves = append(curves, curve{[]string{"no instruction", fmt.Sprintf("%q", instruction)}[i], table})
	}
	bar.Finish()

	for i, c := range curves {
		if i > 0 {
			fmt.Fprintln(env.Stdout)
		}
		fmt.Fprintf(env.Stdout, "%s, %d words, mean of %d:\n%s", c.name, *cases, *orders, c.table)
	}
	if *out == "" {
		return nil
	}
	files, err := drawCurves(curves, *out)
	if err == nil {
		fmt.Fprintf(env.Stdout, "\ndrawn in %s and %s\n", files[0], files[1])
	}
	return err
}
