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
	"strings"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A harness is what lm-evaluation-harness found: data/parity.py writes it.
type harness struct {
	Harness string
	Runs    []struct {
		Shots    int
		Seconds  float64
		Accuracy float64
		Cases    []struct {
			Prompt   string
			Logprobs []float64 // of each label
			Text     string    // where it generates
		}
	}
}

// parity is part 9. Without the harness's figures it is left out.
func parity(ctx context.Context, r *run) (*section, error) {
	s := &section{
		Title: "Parity with lm-evaluation-harness",
		Text: `The same cases on the same server by lm-evaluation-harness (` + "`data/parity.py`" + `) and by the library. On vLLM both score the labels of reviews;
the harness cannot score on llama.cpp, so there both write capitals.`,
	}
	text, err := fs.ReadFile(os.DirFS(exchanges), "lmeval-"+r.Name+".json")
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
	t := table{Head: []string{"shots", "cases", "same prompt", "right, harness", "right, library", "same answer", "greatest difference of a log probability", "requests, library"}}
	for _, theirs := range h.Runs {
		var prompts, right, same tally
		worst := -1.0
		task, cases := parityTask(r.Name, theirs.Shots, len(theirs.Cases))
		p, err := task.Compile()
		if err != nil {
			return nil, err
		}
		c, err := r.measured(ctx, fmt.Sprintf("part 9, %d shots", theirs.Shots), func(m sampling.Model) error {
			for i, c := range cases {
				prompt, err := p.Prompt(ctx, m, c.In)
				if err != nil {
					return err
				}
				prompts.count(prompt.Text == theirs.Cases[i].Prompt)
				request := prompt.Request(task.Params)
				if theirs.Cases[i].Logprobs == nil {
					completion, err := m.Complete(ctx, request)
					if err != nil {
						return err
					}
					ours := strings.TrimSpace(completion.Text)
					right.count(ours == c.Out)
					same.count(ours == strings.TrimSpace(theirs.Cases[i].Text))
					continue
				}
				scores, err := m.Score(ctx, request, []string{" " + labels[0], " " + labels[1]})
				if err != nil {
					return err
				}
				best := func(first, second float64) string {
					if second > first {
						return labels[1]
					}
					return labels[0]
				}
				ours := best(scores[0].Logprob, scores[1].Logprob)
				right.count(ours == c.Out)
				same.count(ours == best(theirs.Cases[i].Logprobs[0], theirs.Cases[i].Logprobs[1]))
				for j, s := range scores {
					worst = max(worst, math.Abs(s.Logprob-theirs.Cases[i].Logprobs[j]))
				}
				r.progress("parity")(fewshot.Progress{Done: i + 1, All: len(cases)})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		difference := "–"
		if worst >= 0 {
			difference = fmt.Sprintf("%.1e", worst)
		}
		n := len(theirs.Cases)
		t.add(fmt.Sprint(theirs.Shots), fmt.Sprint(n), fmt.Sprintf("%.0f of %d", prompts.right, n), fmt.Sprintf("%.1f %%", 100*theirs.Accuracy),
			fmt.Sprintf("%.1f %%", 100*right.share()), fmt.Sprintf("%.0f of %d", same.right, n), difference, fmt.Sprint(c.Requests))
	}
	t.Caption = "Against " + h.Harness + "."
	s.Tables = []table{t}
	return s, nil
}

// parityTask returns what data/parity.py asks: the first rows of a file are the
// shots, and the next ones the cases.
func parityTask(name string, shots, cases int) (fewshot.Task[string, string], []pair) {
	const before = 4
	text, task := reviewsTSV, sentiment()
	if name != "vllm" {
		text, task = capitalsTSV, capital()
	}
	all, err := fewshot.Collect(fewshot.ReadTSV[string, string](bytes.NewReader(text), fewshot.LoadOptions{}))
	if err != nil {
		panic(err) // the file is part of the program
	}
	task.Examples = all[:shots]
	return task, all[before : before+cases]
}
