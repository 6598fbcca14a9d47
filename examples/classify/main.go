// Command classify tells whether a review is positive or negative, from four
// examples, with a probability for the label.
//
//	$ go run ./examples/classify
//	$ go run ./examples/classify "The charger was broken and nobody answered."
//
// A base model has a label bias: it prefers the label that it has just seen three
// times, or the more common word. The left column includes that bias. For the right
// column it was measured with content-free inputs and divided out (Zhao et al.
// 2021). It matters most for reviews that say
// little.
package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/fewshot"
)

const about = `classify: is a review positive or negative?

Usage: classify [flags] [review...]

Without reviews it uses five of its own. It labels each twice: without and with
calibration, which divides out the model's label bias.

  go run ./examples/classify
  go run ./examples/classify "The charger was broken and nobody answered."
  go run ./examples/classify -constrain -draws 200`

// A Sentiment is what a review is.
type Sentiment string

var labels = []Sentiment{"positive", "negative"}

var shots = []fewshot.Example[string, Sentiment]{
	{In: "The soup arrived cold and the waiter never came back.", Out: "negative"},
	{In: "A wonderful book, I loved every page of it.", Out: "positive"},
	{In: "The zip was broken after a day, a waste of money.", Out: "negative"},
	{In: "Nobody answered the telephone.", Out: "negative"},
}

var reviews = []string{
	"The pasta was delicious and the waiter was friendly.",
	"A dull film, and far too long.",
	"The room was dirty and the man at the desk was rude.",
	"We loved the garden and the quiet.",
	"It is what it says on the box.",
}

func main() { cli.Main("classify", run) }

func run(ctx context.Context, env *cli.Env) error {
	flags := flag.NewFlagSet("classify", flag.ContinueOnError)
	backend := cli.BackendFlags(flags)
	draws := cli.DrawFlags(flags)
	if err := cli.Parse(env, flags, about); err != nil {
		return err
	}
	asked := flags.Args()
	if len(asked) == 0 {
		asked = reviews
	}
	model, err := backend.Open(ctx, env)
	if err != nil {
		return err
	}

	prompter, err := fewshot.Task[string, Sentiment]{
		Examples:  shots,
		Out:       fewshot.OneOf(labels...),
		Constrain: draws.Mode(),
		Format:    fewshot.Format{Before: "Review: ", Between: "\nSentiment: ", After: "\n\n"},
	}.Compile()
	if err != nil {
		return err
	}
	if draws.N > 0 {
		return cli.CountValid(ctx, env, draws, prompter, model, asked, 50)
	}
	plain, err := fewshot.NewClassifier(prompter, labels, fewshot.ClassifierOptions[string]{ContentFree: []string{"N/A", "[MASK]", "..."}})
	if err != nil {
		return err
	}
	calibrated, err := plain.Calibrate(ctx, model)
	if err != nil {
		return err
	}
	paint := cli.PainterFor(env, env.Stdout)
	for i, review := range asked {
		row := ""
		for _, classifier := range []*fewshot.Classifier[string, Sentiment]{plain, calibrated} {
			c, err := classifier.Classify(ctx, model, review)
			if err != nil {
				return fmt.Errorf("%q: %w", review, err)
			}
			row += fmt.Sprintf("%s %3.0f %%  ", paint.Paint(colours[c.Label], string(c.Label)), 100*c.Probability)
		}
		if i == 0 {
			fmt.Fprintln(env.Stdout, paint.Paint(cli.Faint, "as it is         calibrated"))
		}
		fmt.Fprintln(env.Stdout, row+review)
	}
	return nil
}

var colours = map[Sentiment]cli.Colour{"positive": cli.Green, "negative": cli.Red}
