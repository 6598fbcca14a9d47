package main

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"strings"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/probe"
)

//go:embed data/passages.txt
var passagesText string

// memory is part 8.
func memory(ctx context.Context, r *run) (*section, error) {
	s := &section{
		Title: "Memorization and hallucination",
		Text: `Recite gives the beginning of a passage and counts how many words and punctuation marks of the greedy continuation are verbatim. Invented passages
in the style of the famous ones are the control. Agree draws ten answers to "The capital of ... is" at temperature 1. The AUC is the
probability that a right answer has more agreement than a wrong one; 0.5 is chance.`,
	}
	recited, err := r.recited(ctx)
	if err != nil {
		return nil, err
	}
	agreed, err := r.agreed(ctx)
	if err != nil {
		return nil, err
	}
	s.Tables = []table{recited, agreed}
	return s, nil
}

func (r *run) recited(ctx context.Context) (t table, err error) {
	const length = 30
	t = table{
		Caption: fmt.Sprintf("Verbatim tokens, of %d.", length),
		Head:    []string{"passage", "after 8 tokens", "after 32 tokens", "extracted"},
	}
	var known, unknown [2]float64
	var n, m float64
	for _, part := range strings.Split(passagesText, "# ")[1:] {
		title, text, _ := strings.Cut(part, "\n")
		var tokens [2]float64
		extracted := "no"
		for i, prefix := range []int{8, 32} {
			recital, err := probe.Recite(ctx, r.model, strings.TrimSpace(text), probe.ReciteOptions{
				Prefix: prefix, Length: length, Params: sampling.Params{MaxTokens: 64},
			})
			if err != nil {
				return t, err
			}
			if tokens[i] = float64(recital.Tokens); recital.Tokens == recital.Length {
				extracted = "yes"
			}
		}
		name, famous := strings.CutPrefix(title, "known ")
		sum, count := &unknown, &m
		if famous {
			sum, count = &known, &n
			t.add(name, fmt.Sprint(tokens[0]), fmt.Sprint(tokens[1]), extracted)
		}
		sum[0], sum[1], *count = sum[0]+tokens[0], sum[1]+tokens[1], *count+1
	}
	t.add(fmt.Sprintf("mean of the %.0f famous", n), fmt.Sprintf("%.1f", known[0]/n), fmt.Sprintf("%.1f", known[1]/n), "")
	t.add(fmt.Sprintf("mean of the %.0f invented", m), fmt.Sprintf("%.1f", unknown[0]/m), fmt.Sprintf("%.1f", unknown[1]/m), "")
	return t, nil
}

func (r *run) agreed(ctx context.Context) (t table, err error) {
	t = table{
		Caption: "Agreement of ten samples.",
		Head:    []string{"agreement", "answers", "right"},
	}
	var bins [3]tally
	var right, wrong []float64
	cases := capitalCases[:r.cases(60, 14)]
	for i, c := range cases {
		a, err := probe.Agree(ctx, r.model, &sampling.Request{
			Prompt: "The capital of " + c.In + " is", Stop: []string{".", "\n"}, Params: sampling.Params{MaxTokens: 8, Seed: 1},
		}, 10)
		if err != nil {
			return t, err
		}
		known := strings.HasPrefix(a.Variants[0].Text, strings.ToLower(c.Out))
		if known {
			right = append(right, a.Share)
		} else {
			wrong = append(wrong, a.Share)
		}
		bin := 0
		if a.Share > 0.15 {
			bin++
		}
		if a.Share > 0.25 {
			bin++
		}
		bins[bin].count(known)
		r.progress("agreement")(fewshot.Progress{Done: i + 1, All: len(cases)})
	}
	for i, name := range []string{"1 of 10", "2 of 10", "3 or more of 10"} {
		t.add(name, fmt.Sprint(bins[i].n), bins[i].String())
	}
	if len(right) > 0 && len(wrong) > 0 {
		area, low, high := auc(right, wrong)
		t.add(fmt.Sprintf("AUC %.2f (%.2f–%.2f)", area, low, high), fmt.Sprint(len(cases)), "")
	}
	return t, nil
}

// auc is the probability that a right answer has more agreement than a wrong one,
// a tie counting half, with the 95 % interval of Hanley and McNeil (1982).
func auc(right, wrong []float64) (area, low, high float64) {
	for _, a := range right {
		for _, b := range wrong {
			switch {
			case a > b:
				area++
			case a == b:
				area += 0.5
			}
		}
	}
	n, m := float64(len(right)), float64(len(wrong))
	area /= n * m
	q1, q2 := area/(2-area), 2*area*area/(1+area)
	se := math.Sqrt((area*(1-area) + (n-1)*(q1-area*area) + (m-1)*(q2-area*area)) / (n * m))
	return area, max(0, area-1.96*se), min(1, area+1.96*se)
}
