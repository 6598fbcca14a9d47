package main

import (
	"context"
	"fmt"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
)

// byScore makes a Classifier of the task's Prompter.
func byScore(p *fewshot.Prompter[string, string]) (eval.Predictor[string, string], error) {
	return fewshot.NewClassifier(p, labels, fewshot.ClassifierOptions[string]{})
}

// seeds shuffle the shots, as they do in a Sweep of so many orders.
var seeds = []uint64{1, 2, 3}

// howManyShots is part 1.
func howManyShots(ctx context.Context, r *run) (*section, error) {
	s := &section{
		Title: "How many shots?",
		Text: `Three tasks with 0 to 32 shots. The first chooses the label of a review by score. The second writes a capital. The third extracts
four fields of a sentence as JSON, and its score is the share of right fields. The library returns an error for an invalid answer, which counts as wrong.`,
	}
	plot := picture{file: "shots", title: "Accuracy by the number of shots", x: "shots in the prompt", y: "right, %"}
	t := table{Head: []string{"task", "shots", "cases × seeds", "right", "seeds", "invalid"}}

	shots := []int{0, 1, 2, 4, 8, 16, 32}[:r.cases(7, 5)]
	n := r.cases(30, 12)
	swept, err := eval.Sweep(ctx, sentiment(), byScore, r.model, reviewCases[:n], eval.Exact, r.sweep("reviews", shots...))
	if err != nil {
		return nil, err
	}
	addSweep(&t, &plot, "review, label by score", swept)
	n = r.cases(24, 10)
	swept, err = eval.Sweep(ctx, capital(), nil, r.model, capitalCases[:n], eval.Loose, r.sweep("capitals", shots...))
	if err != nil {
		return nil, err
	}
	addSweep(&t, &plot, "capital, generated", swept)
	n = r.cases(8, 5)
	swept, err = eval.Sweep(ctx, extraction(), nil, r.model, peopleCases[:n], fields, r.sweep("people", shots...))
	if err != nil {
		return nil, err
	}
	addSweep(&t, &plot, "person, JSON", swept)
	s.Tables, s.Pictures = []table{t}, []picture{plot}
	return s, nil
}

func (r *run) sweep(name string, shots ...int) eval.SweepOptions {
	return eval.SweepOptions{Shots: shots, Orders: len(seeds), Evaluate: eval.EvaluateOptions{Parallel: 1, Progress: r.progress(name)}}
}

func addSweep(t *table, p *picture, name string, swept eval.Table) {
	line := series{name: name}
	for i, row := range swept {
		if i == len(p.ticks) {
			p.ticks = append(p.ticks, fmt.Sprint(row.Shots))
		}
		all := right(row.Reports...)
		line.points = append(line.points, all.point(float64(i)))
		t.add(name, fmt.Sprint(row.Shots), fmt.Sprintf("%d × %d", len(row.Reports[0].Results), len(row.Reports)), all.String(), spread(row.Reports...), invalid(row.Reports...).String())
	}
	p.series = append(p.series, line)
}

// fields scores a person by the share of right fields.
func fields(_ context.Context, c fewshot.Example[string, person], got person) (float64, error) {
	right := 0.0
	for _, same := range []bool{c.Out.Name == got.Name, c.Out.Age == got.Age, c.Out.Job == got.Job, c.Out.City == got.City} {
		if same {
			right += 0.25
		}
	}
	return right, nil
}
