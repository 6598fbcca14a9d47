package eval_test

import (
	"context"
	"fmt"
	"log"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// korean is what is asked, in all examples.
var korean = []fewshot.Example[string, string]{
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
		Orders: 3,
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

// A pool in two languages: what helps, and how much on cases that did not choose?
func ExampleSearch() {
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	task.Add("umbrella", "parapluie")
	task.Add("donkey", "âne")
	task.Add("butterfly", "나비")
	task.Add("ocean", "바다")
	model := sampling.Model{Backend: pocket.Default()}
	best, gains, err := eval.Search(context.Background(), task, nil, model, korean, eval.Exact, 200, eval.SweepOptions{
		Formats: map[string]fewshot.Format{"arrow": fewshot.Arrow, "lines": fewshot.Lines},
		Shots:   []int{0, 1, 2},
		Orders:  4,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(gains)
	word, err := best.MustCompile().Run(context.Background(), model, "whisper")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("whisper:", word)
	// Output:
	// dimension  baseline  chosen  without %  with %    gain     95 % interval  better  worse     p
	// all                                0.0   100.0  +100.0  +100.0 to +100.0       3      0  0.25
	// format     arrow     arrow       100.0   100.0
	// shots      0         2             0.0   100.0  +100.0  +100.0 to +100.0       3      0  0.25
	// order      1         1           100.0   100.0
	// on 3 held-out cases
	// whisper: 속삭임
}

// A sweep measures what build makes of each variant: here, a Classifier.
func ExampleSweep_classifier() {
	task := fewshot.Task[string, string]{Format: fewshot.Format{Before: "Review: ", Between: "\nSentiment: ", After: "\n\n"}}
	task.Add("The soup arrived cold and the waiter never came back.", "negative")
	task.Add("A wonderful book, I loved every page of it.", "positive")
	cases := []fewshot.Example[string, string]{
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
