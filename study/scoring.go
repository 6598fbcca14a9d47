package main

import (
	"context"
	"fmt"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
)

// A way is one way to answer the same cases.
type way struct {
	name  string
	build eval.Build[string, string]
	task  func(*fewshot.Task[string, string])
}

// waysToLabel are three ways to get a label.
var waysToLabel = []way{
	{"by score", byScore, func(*fewshot.Task[string, string]) {}},
	{"generated", asText, func(*fewshot.Task[string, string]) {}},
	{"generated, constrained", asText, func(t *fewshot.Task[string, string]) { t.Constrain = fewshot.ConstrainRequired }},
}

func asText(p *fewshot.Prompter[string, string]) (eval.Predictor[string, string], error) {
	return p, nil
}

// scoring is part 6.
func scoring(ctx context.Context, r *run) (*section, error) {
	s := &section{
		Title: "Scoring against generating",
		Text: `The label of a review by score (a Classifier) and by generation (a Prompter), free and constrained to the labels. *As scored* is how often the
answer is the label with the highest score. Requests and tokens are means of a case. The server counts the tokens; *read* excludes its prefix
cache, and vLLM caches whole blocks of 16 tokens. Time is relative to scoring. Other programs used the machine, so ratios from 0.5 to 2 mean little.`,
	}
	t := table{Head: []string{"shots", "way", "right", "invalid", "as scored", "requests", "tokens read", "tokens drawn", "time"}}
	cases := reviewCases[:r.cases(30, 12)]
	for _, shots := range []int{0, 1, 4} {
		var scored *eval.Report
		var base *cost
		for _, w := range waysToLabel {
			task := sentiment()
			task.Examples = balanced(shots, 1)
			w.task(&task)
			p, err := task.Compile()
			if err != nil {
				return nil, err
			}
			predictor, err := w.build(p)
			if err != nil {
				return nil, err
			}
			name := fmt.Sprintf("%s, %d shots", w.name, shots)
			var report *eval.Report
			c, err := r.measured(ctx, "part 6, "+name, func(m sampling.Model) (err error) {
				report, err = evaluate(ctx, r, name, predictor, m, cases, eval.Exact)
				return err
			})
			if err != nil {
				return nil, err
			}
			if base == nil {
				scored, base = report, c
			}
			var agree tally
			for i, result := range report.Results {
				agree.count(result.Got == scored.Results[i].Got)
			}
			each := func(n int64) string { return fmt.Sprintf("%.1f", float64(n)/float64(len(cases))) }
			t.add(fmt.Sprint(shots), w.name, right(report).String(), invalid(report).String(), agree.String(),
				each(c.Requests), each(c.Read), each(c.Drawn), fmt.Sprintf("%.2f", c.Seconds/base.Seconds))
		}
	}
	s.Tables = []table{t}
	return s, nil
}
