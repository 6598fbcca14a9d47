package eval_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// korean is what is asked, in all examples.
var korean = []eval.Case[string, string]{
	{In: "teacher", Out: "선생님"}, {In: "river", Out: "강"}, {In: "school", Out: "학교"},
	{In: "milk", Out: "우유"}, {In: "moon", Out: "달"}, {In: "book", Out: "책"},
}

// How good is a task? The interval says how much six cases can tell.
func ExampleEvaluate() {
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	task.Add("butterfly", "나비")
	model := sampling.Model{Backend: pocket.Default()}
	report, err := eval.Evaluate(context.Background(), task.MustCompile(), model, korean, eval.Exact, eval.EvaluateOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report)
	for _, r := range report.Results {
		if r.Score < 1 {
			fmt.Printf("%s: %q, not %q\n", r.In, r.Got, r.Want)
		}
	}
	// Output:
	// 100.0 % of 6 cases (95 % interval 61.0 to 100.0)
}

// Examples decide. Each number of shots is measured with three orders of the
// pool.
func ExampleSweep() {
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	task.Add("butterfly", "나비")
	task.Add("ocean", "바다")
	task.Add("whisper", "속삭임")
	model := sampling.Model{Backend: pocket.Default()}
	table, err := eval.Sweep(context.Background(), task, nil, model, korean, eval.Exact, eval.SweepOptions{
		Shots:  []int{0, 1, 3},
		Orders: []uint64{1, 2, 3},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(table)
	// Output:
	// shots  mean %  spread  least   most
	//     0     0.0     0.0    0.0    0.0
	//     1   100.0     0.0  100.0  100.0
	//     3   100.0     0.0  100.0  100.0
}

// A pool in two languages: the search finds which examples make the task, and
// writes them as a file that a Task loads.
func ExampleSearch() {
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	task.Add("umbrella", "parapluie")
	task.Add("seed", "graine")
	task.Add("butterfly", "나비")
	task.Add("donkey", "âne")
	task.Add("ocean", "바다")
	task.Add("teacher", "선생님") // is a case too, and so is never shown
	model := sampling.Model{Backend: pocket.Default()}
	found, err := eval.Search(context.Background(), task, nil, model, korean, eval.Exact, eval.SearchOptions{K: 2, Calls: 200, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the first two:", found.Baseline)
	fmt.Println("the best two: ", found.Report)

	var file bytes.Buffer
	if err := fewshot.WriteJSONL(&file, found.Examples, fewshot.LoadOptions{}); err != nil {
		log.Fatal(err)
	}
	fmt.Print(file.String())
	better := fewshot.Task[string, string]{Format: fewshot.Lines}
	better.Examples, err = fewshot.Collect(fewshot.ReadJSONL[string, string](&file, fewshot.LoadOptions{}))
	if err != nil {
		log.Fatal(err)
	}
	word, err := better.MustCompile().Run(context.Background(), model, "whisper")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("whisper:", word)
	// Output:
	// the first two: 0.0 % of 6 cases (95 % interval 0.0 to 39.0)
	// the best two:  100.0 % of 6 cases (95 % interval 61.0 to 100.0)
	// {"in":"seed","out":"graine"}
	// {"in":"ocean","out":"바다"}
	// whisper: 속삭임
}

// A sweep measures what build makes of each variant: here, a Classifier.
func ExampleSweep_classifier() {
	task := fewshot.Task[string, string]{Format: fewshot.Format{Before: "Review: ", Between: "\nSentiment: ", After: "\n\n"}}
	task.Add("The soup arrived cold and the waiter never came back.", "negative")
	task.Add("A wonderful book, I loved every page of it.", "positive")
	cases := []eval.Case[string, string]{
		{In: "The pasta was delicious and the waiter was friendly.", Out: "positive"},
		{In: "The room was dirty and the man at the desk was rude.", Out: "negative"},
		{In: "We loved the garden and the quiet.", Out: "positive"},
	}
	build := func(p *fewshot.Prompter[string, string]) (eval.Predictor[string, string], error) {
		return fewshot.NewClassifier(p, []string{"positive", "negative"}, fewshot.ClassifierOptions[string]{})
	}
	model := sampling.Model{Backend: pocket.Default()}
	table, err := eval.Sweep(context.Background(), task, build, model, cases, eval.Exact, eval.SweepOptions{Shots: []int{0, 1, 2}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(table)
	// Output:
	// shots  mean %  spread  least   most
	//     0   100.0     0.0  100.0  100.0
	//     1   100.0     0.0  100.0  100.0
	//     2   100.0     0.0  100.0  100.0
}
