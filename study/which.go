package main

import (
	"context"
	"fmt"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/choose"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
)

// A selection chooses k shots; all but the first are the same for each seed.
type selection struct {
	name   string
	choose func(k int, seed uint64) fewshot.Selector
}

var selections = []selection{
	{"random", fewshot.Random},
	{"similar: BM25", func(k int, _ uint64) fewshot.Selector { return choose.BM25(k) }},
	{"balanced: BM25 of each label", func(k int, _ uint64) fewshot.Selector { return choose.Balanced(choose.BM25(k / 2)) }},
	{"diverse: MMR", func(k int, _ uint64) fewshot.Selector { return choose.Diverse(k, 0.5, choose.Words{}) }},
	{"backbone, then BM25", func(k int, _ uint64) fewshot.Selector {
		return choose.Backbone(k/2, choose.Words{}, choose.BM25(k-k/2))
	}},
}

// whichShots is part 2.
func whichShots(ctx context.Context, r *run) (*section, error) {
	s := &section{
		Title: "Which shots?",
		Text: `The label of a review by score, with four shots from a pool of about 200. Random shots are the same for all cases of a seed. Tokens are means of a
case, by the server's counters; *read* excludes its prefix cache. Time is relative to random shots.`,
	}
	t := table{Head: []string{"chosen", "right", "seeds", "tokens read", "tokens cached", "time"}}
	cases := reviewCases[:r.cases(24, 8)]
	const k = 4
	var base *cost
	for _, sel := range selections {
		orders := seeds[:r.cases(3, 2)]
		if sel.name != "random" {
			orders = seeds[:1]
		}
		var reports []*eval.Report
		c, err := r.measured(ctx, fmt.Sprintf("part 2, %s, %d shots", sel.name, k), func(m sampling.Model) error {
			for _, seed := range orders {
				task := sentiment()
				task.Select = sel.choose(k, seed)
				p, err := task.Compile()
				if err != nil {
					return err
				}
				predictor, err := byScore(p)
				if err != nil {
					return err
				}
				report, err := evaluate(ctx, r, fmt.Sprintf("%s, %d shots", sel.name, k), predictor, m, cases, eval.Exact)
				if err != nil {
					return err
				}
				reports = append(reports, report)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		n := float64(len(cases) * len(orders))
		if base == nil {
			base = &cost{Seconds: c.Seconds / n}
		}
		t.add(sel.name, right(reports...).String(), spread(reports...),
			fmt.Sprintf("%.0f", float64(c.Read)/n), fmt.Sprintf("%.0f", float64(c.Cached)/n), fmt.Sprintf("%.1f", c.Seconds/n/base.Seconds))
	}
	s.Tables = []table{t}
	return s, nil
}
