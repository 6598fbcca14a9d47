package main

import (
	"context"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/internal/gonames"
	"github.com/foreword-go/foreword/sampling"
)

// A fewshotJob is a task with text on both sides.
type fewshotJob struct {
	settings
	Instruction string `json:"instruction"`
	Pairs       []pair `json:"pairs"`
	Shots       int    `json:"shots"` // how many of the pairs are shown
	Format      string `json:"format"`
	Query       string `json:"query"`
	Constrain   bool   `json:"constrain"` // the answer has to be one of the pairs' outputs
}

type pair struct {
	In  string `json:"in"`
	Out string `json:"out"`
}

// formatNames are those of the package's formats, in the order of the page.
var formatNames = []string{"Lines", "Arrow", "QA", "Labeled", "Fenced"}

var formats = map[string]fewshot.Format{
	"Lines": fewshot.Lines, "Arrow": fewshot.Arrow, "QA": fewshot.QA, "Labeled": fewshot.Labeled,
	"Fenced": fewshot.Fenced,
}

func (j *fewshotJob) prompter(p sampling.Params) (*fewshot.Prompter[string, string], error) {
	format, ok := formats[j.Format]
	if !ok {
		return nil, invalid("format", "there is no format %q; use one of %s", j.Format, strings.Join(formatNames, ", "))
	}
	if j.Shots < 0 || j.Shots > len(j.Pairs) {
		return nil, invalid("shots", "%d shots cannot be shown: there are %d pairs", j.Shots, len(j.Pairs))
	}
	task := fewshot.Task[string, string]{Instruction: j.Instruction, Format: format, Params: p}
	for _, pair := range j.Pairs[:j.Shots] {
		task.Add(pair.In, pair.Out)
	}
	if j.Constrain {
		if len(j.Pairs) == 0 {
			return nil, invalid("constrain", "there are no outputs to choose from; add a pair")
		}
		task.Out, task.Constrain = fewshot.OneOf(j.outputs()...), fewshot.ConstrainRequired
	}
	return task.Compile()
}

// outputs returns the outputs of all pairs, each once.
func (j *fewshotJob) outputs() (all []string) {
	for _, pair := range j.Pairs {
		if !slices.Contains(all, pair.Out) {
			all = append(all, pair.Out)
		}
	}
	return all
}

func (j *fewshotJob) prompt(ctx context.Context, o *opened) (*promptEvent, error) {
	prompter, err := j.prompter(o.params)
	if err != nil {
		return nil, err
	}
	p, err := prompter.Prompt(ctx, o.model, j.Query)
	if err != nil {
		return nil, err
	}
	return o.promptEvent(p, p.Parts()), nil
}

func (j *fewshotJob) run(ctx context.Context, o *opened, out *stream) error {
	prompter, err := j.prompter(o.params)
	if err != nil {
		return err
	}
	p, err := prompter.Prompt(ctx, o.model, j.Query)
	if err != nil {
		return err
	}
	if err := out.send(event{Prompt: o.promptEvent(p, p.Parts())}); err != nil {
		return err
	}
	out.allowed = p.Constraint.Start()
	var last sampling.Chunk
	var text strings.Builder
	for chunk, err := range o.showing(out.beyond).Stream(ctx, p.Request(o.params)) {
		if err != nil {
			return err
		}
		if err := out.chunk(chunk); err != nil {
			return err
		}
		text.WriteString(chunk.Text)
		last = chunk
	}
	var end endEvent
	answer, err := prompter.Parse(&sampling.Completion{Text: text.String(), Reason: last.Reason})
	if err != nil {
		end.Problem = gonames.Plain(err)
	} else {
		end.Answer = &answer
	}
	return out.end(last, end)
}
