package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A harness is what lm-evaluation-harness found. data/parity.py writes it.
type harness struct {
	Harness string
	Runs    []harnessRun
}

type harnessRun struct {
	Shots    int
	Seconds  float64
	Requests int
	Accuracy float64
	Cases    []struct {
		Prompt   string
		Logprobs []float64 // of each label
	}
}

// parity is part 9. It is left out as long as the harness's figures are missing.
func parity(ctx context.Context, r *run) (*section, error) {
	s := &section{
		Title: "Parity with lm-evaluation-harness",
		Text: `The labels of the same reviews, scored on the same server by lm-evaluation-harness and by the library, one request at a time. The harness sends a request
for each label, and the library one for each review. *Difference* is the greatest one between two log probabilities of the same label. The harness
cannot score on llama.cpp's server.`,
	}
	text, err := os.ReadFile(exchanges + "/lmeval.json")
	if errors.Is(err, fs.ErrNotExist) {
		r.say("part 9 is left out: run data/parity.py first")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var h harness
	if err := json.Unmarshal(text, &h); err != nil {
		return nil, err
	}
	t := table{
		Caption: "Against " + h.Harness + ".",
		Head: []string{"shots", "cases", "same prompt", "right, harness", "right, library", "same answer", "difference",
			"requests, harness", "requests, library", "seconds, harness", "seconds, library"},
	}
	for _, theirs := range h.Runs {
		var ours comparison
		c, err := r.measured(ctx, fmt.Sprintf("part 9, %d shots", theirs.Shots), func(m sampling.Model) (err error) {
			ours, err = compareWith(ctx, r, m, theirs)
			return err
		})
		if err != nil {
			return nil, err
		}
		n := len(theirs.Cases)
		t.add(fmt.Sprint(theirs.Shots), fmt.Sprint(n), fmt.Sprintf("%.0f of %d", ours.prompts.right, n), fmt.Sprintf("%.1f %%", 100*theirs.Accuracy),
			fmt.Sprintf("%.1f %%", 100*ours.right.share()), fmt.Sprintf("%.0f of %d", ours.same.right, n), fmt.Sprintf("%.1g", ours.difference),
			fmt.Sprint(theirs.Requests), fmt.Sprint(c.Requests), fmt.Sprintf("%.0f", theirs.Seconds), fmt.Sprintf("%.0f", c.Seconds))
	}
	s.Tables = []table{t}
	return s, nil
}

// A comparison is of the library with the harness.
type comparison struct {
	prompts, right, same tally
	difference           float64 // the greatest one of a log probability
}

// compareWith scores what the harness scored: the first rows of the file are its
// shots, and the next ones its cases.
func compareWith(ctx context.Context, r *run, m sampling.Model, theirs harnessRun) (found comparison, err error) {
	const most = 4 // shots
	all, err := fewshot.Collect(fewshot.ReadTSV[string, string](bytes.NewReader(reviewsTSV), fewshot.LoadOptions{}))
	if err != nil {
		return found, err
	}
	task := sentiment()
	task.Examples = all[:theirs.Shots]
	p, err := task.Compile()
	if err != nil {
		return found, err
	}
	for i, c := range theirs.Cases {
		asked := all[most+i]
		prompt, err := p.Prompt(ctx, m, asked.In)
		if err != nil {
			return found, err
		}
		scores, err := m.Score(ctx, prompt.Request(task.Params), []string{" " + labels[0], " " + labels[1]})
		if err != nil {
			return found, err
		}
		best := func(first, second float64) string {
			if second > first {
				return labels[1]
			}
			return labels[0]
		}
		answer := best(scores[0].Logprob, scores[1].Logprob)
		found.prompts.count(prompt.Text == c.Prompt)
		found.right.count(answer == asked.Out)
		found.same.count(answer == best(c.Logprobs[0], c.Logprobs[1]))
		for j, s := range scores {
			found.difference = max(found.difference, math.Abs(s.Logprob-c.Logprobs[j]))
		}
		r.progress("parity")(fewshot.Progress{Done: i + 1, All: len(theirs.Cases)})
	}
	return found, nil
}
