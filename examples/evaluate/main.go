// Command evaluate compares selections of shots, calibrated and not, on labelled
// reviews that are kept apart.
//
//	$ go run ./examples/evaluate -o cases.jsonl
package main

import (
	"bytes"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"os"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/choose"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
)

//go:embed reviews.csv
var reviews []byte

func main() { cli.Main("evaluate", run) }

func run(ctx context.Context, env *cli.Env) error {
	flags := flag.NewFlagSet("evaluate", flag.ContinueOnError)
	backend := cli.BackendFlags(flags)
	output := flags.String("o", "", "write the cases of the last row to this `file`, as JSON Lines")
	if err := cli.Parse(env, flags, "evaluate: which shots, and does calibration help?"); err != nil {
		return err
	}
	labels := []string{"positive", "negative"}
	examples, err := fewshot.Collect(fewshot.ReadCSV[string, string](bytes.NewReader(reviews), fewshot.LoadOptions{
		Name: "reviews.csv", In: "review", Out: "label", Trim: true, Labels: labels, Distinct: true, Skip: true,
		Report: func(e *fewshot.FileError) { fmt.Fprintln(env.Stdout, e) },
	}))
	if err != nil {
		return err
	}
	model, err := backend.Open(ctx, env)
	if err != nil {
		return err
	}
	pool, cases := eval.Split(examples, 0.5, 1)
	price := sampling.Price{Prompt: 0.1, Cached: 0.01, Completion: 0.4} // dollars a million tokens
	var last *eval.Report
	for _, s := range []struct {
		name   string
		choose fewshot.Selector
	}{{"zero-shot", fewshot.First(0)}, {"random", fewshot.Random(6, 1)}, {"similar", choose.BM25(6)}, {"backbone", choose.Backbone(4, choose.Words{}, choose.BM25(2))}} {
		prompter, err := fewshot.Task[string, string]{Examples: pool, Select: s.choose, Format: fewshot.Format{Before: "Review: ", Between: "\nSentiment: ", After: "\n\n"}}.Compile()
		if err != nil {
			return err
		}
		classifier, err := fewshot.NewClassifier(prompter, labels, fewshot.ClassifierOptions[string]{ContentFree: []string{"N/A", "[MASK]", "..."}})
		for _, name := range []string{s.name, s.name + ", calibrated"} {
			if err == nil {
				last, err = eval.Evaluate(ctx, classifier, model, cases, eval.Exact, eval.EvaluateOptions{Parallel: 1})
			}
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			fmt.Fprintf(env.Stdout, "%-21s %v, ECE %.3f, $%.6f, %.0f %% cached\n", name, last, last.Reliability(10).ECE,
				price.Of(last.Usage), 100*last.Usage.CachedShare())
			classifier, err = classifier.Calibrate(ctx, model)
		}
	}
	fmt.Fprint(env.Stdout, last.Confusion())
	if *output == "" {
		return nil
	}
	var lines bytes.Buffer
	if err := last.WriteJSONL(&lines); err != nil {
		return err
	}
	return os.WriteFile(*output, lines.Bytes(), 0o600)
}
