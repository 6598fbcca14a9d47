package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
)

// personSchema is the JSON Schema of a person, with the fields in their order.
var personSchema = json.RawMessage(`{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"},"job":{"type":"string"},"city":{"type":"string"}},
"required":["name","age","job","city"],"additionalProperties":false}`)

// schema returns the field by which the server takes a JSON Schema.
func (r *run) schema() map[string]any {
	if r.Name == "vllm" {
		return map[string]any{"structured_outputs": map[string]any{"json": personSchema}}
	}
	return map[string]any{"json_schema": personSchema}
}

// constraints is part 5.
func constraints(ctx context.Context, r *run) (*section, error) {
	s := &section{
		Title: "Constrained answers",
		Text: `Labels and JSON, free or constrained to what the Task's codec writes (` + "`ConstrainRequired`" + `). *Schema* sends a JSON Schema to the server
instead, which leaves white space free. The same strict codec reads all answers. A constrained answer is invalid when it reaches the limit of 12 tokens
for a label or 64 for a person.`,
	}
	t := table{Head: []string{"task", "shots", "answers", "cases", "right", "invalid", "tokens drawn"}}
	plot := picture{file: "constraints", title: "Invalid answers, free and constrained", x: "shots in the prompt", y: "invalid, %"}
	lines := map[string]*series{}
	add := func(task string, i, shots int, answers string, report *eval.Report) {
		name := task + ", " + answers
		if lines[name] == nil {
			lines[name] = &series{name: name}
		}
		lines[name].points = append(lines[name].points, invalid(report).point(float64(i)))
		drawn := float64(report.Usage.CompletionTokens) / float64(len(report.Results))
		t.add(task, fmt.Sprint(shots), answers, fmt.Sprint(len(report.Results)), right(report).String(), invalid(report).String(), fmt.Sprintf("%.1f", drawn))
	}
	constrain := map[string]fewshot.Constrain{"free": fewshot.ConstrainOff, "constrained": fewshot.ConstrainRequired}
	for i, shots := range []int{0, 1, 2, 4, 8} {
		plot.ticks = append(plot.ticks, fmt.Sprint(shots))
		for _, answers := range []string{"free", "constrained"} {
			task := sentiment()
			task.Examples, task.Constrain = balanced(shots, 1), constrain[answers]
			p, err := task.Compile()
			if err != nil {
				return nil, err
			}
			report, err := evaluate(ctx, r, fmt.Sprintf("reviews, %s, %d shots", answers, shots), p, r.model, reviewCases[:r.cases(24, 10)], eval.Exact)
			if err != nil {
				return nil, err
			}
			add("review", i, shots, answers, report)
		}
	}
	for i, shots := range []int{0, 1, 2, 4} {
		for _, answers := range []string{"free", "constrained", "schema"} {
			task := extraction()
			task.Select, task.Constrain = fewshot.First(shots), constrain[answers]
			if answers == "schema" {
				task.Params.Extra = r.schema()
			}
			p, err := task.Compile()
			if err != nil {
				return nil, err
			}
			report, err := evaluate(ctx, r, fmt.Sprintf("people, %s, %d shots", answers, shots), p, r.model, peopleCases[:r.cases(8, 4)], fields)
			if err != nil {
				return nil, err
			}
			add("person", i, shots, answers, report)
		}
	}
	for _, name := range []string{"review, free", "review, constrained", "person, free", "person, constrained", "person, schema"} {
		plot.series = append(plot.series, *lines[name])
	}
	s.Tables, s.Pictures = []table{t}, []picture{plot}
	return s, nil
}
