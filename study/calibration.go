package main

import (
	"context"
	"fmt"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
)

// calibration is part 3.
func calibration(ctx context.Context, r *run) (*section, error) {
	s := &section{
		Title: "Calibration",
		Text: `The label of a review by score: as it is, calibrated with content-free inputs (Zhao et al. 2021), or fitted to other labelled reviews. The shots
are the first of a shuffled pool, so one label may be more frequent. *ECE* is the expected calibration error in ten bins; 0 is perfect. *Better* and
*worse* count the cases that calibration corrects and spoils.`,
	}
	t := table{Head: []string{"shots", "calibration", "right", "seeds", "ECE", "better", "worse"}}
	plot := picture{file: "calibration", title: "Accuracy with and without calibration", x: "shots in the prompt", y: "right, %"}
	n, fit := r.cases(30, 12), r.cases(24, 12)
	labelled := reviewCases[len(reviewCases)-fit:]
	calibrated := func(f func(*fewshot.Classifier[string, string]) (*fewshot.Classifier[string, string], error)) eval.Build[string, string] {
		return func(p *fewshot.Prompter[string, string]) (eval.Predictor[string, string], error) {
			c, err := fewshot.NewClassifier(p, labels, fewshot.ClassifierOptions[string]{})
			if err != nil {
				return nil, err
			}
			return f(c)
		}
	}
	var plain eval.Table
	for _, w := range []struct {
		name  string
		build eval.Build[string, string]
	}{
		{"none", byScore},
		{"content-free", calibrated(func(c *fewshot.Classifier[string, string]) (*fewshot.Classifier[string, string], error) {
			return c.Calibrate(ctx, r.model)
		})},
		{fmt.Sprintf("fitted to %d", fit), calibrated(func(c *fewshot.Classifier[string, string]) (*fewshot.Classifier[string, string], error) {
			return c.CalibrateOn(ctx, r.model, labelled)
		})},
	} {
		swept, err := eval.Sweep(ctx, sentiment(), w.build, r.model, reviewCases[:n], eval.Exact, r.sweep(w.name, 1, 4, 16))
		if err != nil {
			return nil, err
		}
		if plain == nil {
			plain = swept
		}
		line := series{name: w.name}
		up, down, settings := 0, 0, 0
		for i, row := range swept {
			var pooled eval.Report
			better, worse := 0, 0
			for j, report := range row.Reports {
				c, err := eval.Compare(plain[i].Reports[j], report)
				if err != nil {
					return nil, err
				}
				better, worse, settings = better+c.Better, worse+c.Worse, settings+1
				if c.Difference > 0 {
					up++
				} else if c.Difference < 0 {
					down++
				}
				pooled.Results = append(pooled.Results, report.Results...)
			}
			all := right(row.Reports...)
			t.add(fmt.Sprint(row.Shots), w.name, all.String(), spread(row.Reports...), fmt.Sprintf("%.2f", pooled.Reliability(10).ECE), fmt.Sprint(better), fmt.Sprint(worse))
			line.points = append(line.points, all.point(float64(i)))
			if len(plot.ticks) <= i {
				plot.ticks = append(plot.ticks, fmt.Sprint(row.Shots))
			}
		}
		plot.series = append(plot.series, line)
		if w.name != "none" {
			s.note("Calibration, %s: the accuracy rises in %d of %d settings (shots and seed) and falls in %d.", w.name, up, settings, down)
		}
	}
	s.Tables, s.Pictures = []table{t}, []picture{plot}
	return s, nil
}
