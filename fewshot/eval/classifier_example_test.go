package eval_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/choose"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// Which shots, and does calibration help? Measure on cases that are kept apart.
// Rows without a known label are reported and left out.
func Example() {
	ctx, model := context.Background(), sampling.Model{Backend: pocket.Default()}
	labels := []string{"positive", "negative"}
	file, err := os.Open("testdata/reviews.csv")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	reviews, err := fewshot.Collect(fewshot.ReadCSV[string, string](file, fewshot.LoadOptions{
		Name: "reviews.csv", In: "review", Out: "label", Labels: labels, Skip: true,
		Report: func(e *fewshot.FileError) { fmt.Println(e) },
	}))
	if err != nil {
		log.Fatal(err)
	}
	cases, pool := eval.Split(reviews, 0.5, 1)

	var plain, calibrated *eval.Report
	for _, selection := range []struct {
		name string
		s    fewshot.Selector
	}{
		{"none", fewshot.First(0)},
		{"random", fewshot.Random(6, 1)},
		{"similar", choose.BM25(6)},
		{"backbone", choose.Backbone(4, choose.Words{}, choose.BM25(2))},
	} {
		task := fewshot.Task[string, string]{Examples: pool, Select: selection.s, Format: fewshot.Format{Before: "Review: ", Between: "\nSentiment: ", After: "\n\n"}}
		c, err := fewshot.NewClassifier(task.MustCompile(), labels, fewshot.ClassifierOptions[string]{})
		if err != nil {
			log.Fatal(err)
		}
		if plain, err = eval.Evaluate(ctx, c, model, cases, eval.Exact, eval.EvaluateOptions{}); err != nil {
			log.Fatal(err)
		}
		if c, err = c.Calibrate(ctx, model); err != nil {
			log.Fatal(err)
		}
		if calibrated, err = eval.Evaluate(ctx, c, model, cases, eval.Exact, eval.EvaluateOptions{}); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-8s %5.1f %%, ECE %.2f; calibrated %5.1f %%, ECE %.2f\n", selection.name,
			100*plain.Accuracy, plain.Reliability(10).ECE, 100*calibrated.Accuracy, calibrated.Reliability(10).ECE)
	}
	difference, err := eval.Compare(plain, calibrated)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("calibrating the backbone: %v\n%v", difference, calibrated.Confusion())
	var lines bytes.Buffer // one line of JSON for each case
	if err := calibrated.WriteJSONL(&lines); err != nil {
		log.Fatal(err)
	}
	fmt.Println(bytes.Count(lines.Bytes(), []byte("\n")), "lines")
	// Output:
	// fewshot: reviews.csv:16: "Negative" read as "negative"
	// fewshot: reviews.csv:19: left out: is empty
	// none     100.0 %, ECE 0.08; calibrated 100.0 %, ECE 0.08
	// random   100.0 %, ECE 0.08; calibrated 100.0 %, ECE 0.08
	// similar  100.0 %, ECE 0.06; calibrated 100.0 %, ECE 0.06
	// backbone  92.3 %, ECE 0.08; calibrated 100.0 %, ECE 0.08
	// calibrating the backbone: +7.7 points (95 % interval +0.0 to +23.1), 1 better and 0 worse, p = 1
	// expected  negative  positive  none  precision  recall     F1
	// negative         5         0     0      1.000   1.000  1.000
	// positive         0         8     0      1.000   1.000  1.000
	// macro F1 1.000
	// 13 lines
}
