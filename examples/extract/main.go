// Command extract reads sentences into a Go struct. The prompt shows structs as
// JSON, so the model answers in JSON. An answer that is not exactly such a struct
// is an error.
//
//	$ go run ./examples/extract
//
// A large base model copies names and numbers from any sentence. The embedded model
// only knows its own sentences. For yours it invents a well-formed person.
package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

const about = `extract: sentences about people into a struct

Usage: extract [flags] [sentence...]

Without sentences it uses three that the embedded model knows. That model cannot
copy from your sentence, and invents a person. A large base model can.

  go run ./examples/extract
  go run ./examples/extract "Ann Lee is a 30-year-old cook in Rome."
  go run ./examples/extract -constrain -draws 200`

type person struct {
	Name string `json:"name"`
	Job  string `json:"job"`
	City string `json:"city"`
	Age  int    `json:"age"`
}

var sentences = []string{
	"Marek Dvorak, a baker from Prague, is 51 years old.",
	"Yuki Tanabe works as a pilot in Osaka and is 42 years old.",
	"Omar Haddad is a 47-year-old dentist who lives in Tunis.",
}

func main() { cli.Main("extract", run) }

func run(ctx context.Context, env *cli.Env) error {
	flags := flag.NewFlagSet("extract", flag.ContinueOnError)
	backend := cli.BackendFlags(flags)
	draws := cli.DrawFlags(flags)
	if err := cli.Parse(env, flags, about); err != nil {
		return err
	}
	asked := flags.Args()
	if len(asked) == 0 {
		asked = sentences
	}
	model, err := backend.Open(ctx, env)
	if err != nil {
		return err
	}

	task := fewshot.Task[string, person]{Params: sampling.Params{MaxTokens: 100}}
	task.Add("Ada Moreno, a nurse from Lisbon, is 34 years old.", person{"Ada Moreno", "nurse", "Lisbon", 34})
	task.Add("Jon Berg is a 60-year-old fisherman who lives in Bergen.", person{"Jon Berg", "fisherman", "Bergen", 60})
	task.Constrain = draws.Mode()
	prompter, err := task.Compile()
	if err != nil {
		return err
	}
	if draws.N > 0 {
		return cli.CountValid(ctx, env, draws, prompter, model, asked, task.Params.MaxTokens)
	}
	for _, sentence := range asked {
		p, err := prompter.Run(ctx, model, sentence)
		if err != nil {
			return fmt.Errorf("%q: %w", sentence, err)
		}
		fmt.Fprintf(env.Stdout, "%s, %d, %s in %s\n", p.Name, p.Age, p.Job, p.City)
	}
	return nil
}
