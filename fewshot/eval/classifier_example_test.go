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
// Rows without a known label are named and left out.
func Example() {
	ctx, model := context.Background(), sampling.Model{Backend: pocket.Default()}
	labels := []string{"positive", "negative"}
	file, err := os.Open("testdata/reviews.csv")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	var reviews []fewshot.Example[string, string]
	known := fewshot.OneOf(labels...)
	for e, err := range fewshot.ReadCSV[string, string](file, fewshot.LoadOptions{Name: "reviews.csv", In: "review", Out: "label", Missing: true}) {
		if err == nil {
			_, err = known.Encode(e.Out)
		}
		if err != nil {
			fmt.Printf("%s: %v\n", e.At, err)
			continue
		}
		reviews = append(reviews, e)
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
	// reviews.csv:16: "Negative" is none of the labels ["positive" "negative"]
	// reviews.csv:19: "" is none of the labels ["positive" "negative"]
	// none     100.0 %, ECE 0.08; calibrated 100.0 %, ECE 0.09
	// random   100.0 %, ECE 0.08; calibrated 100.0 %, ECE 0.07
	// similar  100.0 %, ECE 0.07; calibrated 100.0 %, ECE 0.07
	// backbone 100.0 %, ECE 0.05; calibrated  91.7 %, ECE 0.07
	// calibrating the backbone: -8.3 points (95 % interval -25.0 to +0.0), 0 cases better and 1 worse, p = 1
	// expected  negative  positive  precision  recall     F1
	// negative         4         0      0.800   1.000  0.889
	// positive         1         7      1.000   0.875  0.933
	// 12 lines
}
