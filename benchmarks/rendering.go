package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/cloudwego/eino/schema"
	"github.com/tmc/langchaingo/prompts"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A renderer writes the prompt that asks for one query.
type renderer func(query string) (string, error)

// renderers are all that can lay out pairs as lines of "in: out" with the query
// after them. make is what is done once for a set of pairs.
var renderers = []struct {
	name string
	make func(pairs []pair) (renderer, error)
}{
	{"the floor: a strings.Builder grown to size", floorRenderer},
	{"a strings.Builder, not grown", loopRenderer},
	{"Task, warm", warmTask},
	{"Task, warm, keeping the Prompt", keptTask},
	{"Task, cold", coldTask},
	{"langchaingo, f-string", langchaingo(prompts.TemplateFormatFString, "{input}: {output}", "{query}:")},
	{"langchaingo, go-template", langchaingo(prompts.TemplateFormatGoTemplate, "{{.input}}: {{.output}}", "{{.query}}:")},
	{"dotprompt", newDotprompt},
	{"eino, f-string", einoEach},
	{"eino, go-template", einoLoop(schema.GoTemplate, "{{range .pairs}}{{.input}}: {{.output}}\n{{end}}{{.query}}:")},
	{"eino, jinja2", einoLoop(schema.Jinja2, "{% for p in pairs %}{{ p.input }}: {{ p.output }}\n{% endfor %}{{ query }}:")},
}

const (
	atFloor = iota
	atLoop
	atWarm
	atKept
	atCold
	atFString
	atGoTemplate
)

// floorRenderer is the least that can be done: each part copied once, into
// memory that was asked for once.
func floorRenderer(pairs []pair) (renderer, error) {
	return func(query string) (string, error) {
		size := len(query) + len(":")
		for i := range pairs {
			size += len(pairs[i].In) + len(": ") + len(pairs[i].Out) + len("\n")
		}
		var b strings.Builder
		b.Grow(size)
		writeLines(&b, pairs, query)
		return b.String(), nil
	}, nil
}

// loopRenderer is what most programs have.
func loopRenderer(pairs []pair) (renderer, error) {
	return func(query string) (string, error) {
		var b strings.Builder
		writeLines(&b, pairs, query)
		return b.String(), nil
	}, nil
}

func writeLines(b *strings.Builder, pairs []pair, query string) {
	for i := range pairs {
		b.WriteString(pairs[i].In)
		b.WriteString(": ")
		b.WriteString(pairs[i].Out)
		b.WriteString("\n")
	}
	b.WriteString(query)
	b.WriteString(":")
}

// warmTask is a query of a Prompter.
func warmTask(pairs []pair) (renderer, error) {
	p, err := fewshot.Task[string, string]{Examples: pairs, Format: fewshot.Lines}.Compile()
	return func(query string) (string, error) { return promptText(p, query) }, err
}

// lastPrompt is where a Prompt is kept.
var lastPrompt *fewshot.Prompt

// keptTask is warmTask for a caller that keeps the whole Prompt.
func keptTask(pairs []pair) (renderer, error) {
	p, err := fewshot.Task[string, string]{Examples: pairs, Format: fewshot.Lines}.Compile()
	if err != nil {
		return nil, err
	}
	return func(query string) (string, error) {
		prompt, err := p.Prompt(context.Background(), sampling.Model{}, query)
		if err != nil {
			return "", err
		}
		lastPrompt = prompt
		return prompt.Text, nil
	}, nil
}

// coldTask compiles the Task for each query, which encodes and checks every pair.
func coldTask(pairs []pair) (renderer, error) {
	return func(query string) (string, error) {
		p, err := fewshot.Task[string, string]{Examples: pairs, Format: fewshot.Lines}.Compile()
		if err != nil {
			return "", err
		}
		return promptText(p, query)
	}, nil
}

func promptText(p *fewshot.Prompter[string, string], query string) (string, error) {
	prompt, err := p.Prompt(context.Background(), sampling.Model{}, query)
	if err != nil {
		return "", err
	}
	return prompt.Text, nil
}

// asMaps are the pairs as templates want them.
func asMaps(pairs []pair) []map[string]any {
	values := make([]map[string]any, len(pairs))
	for i, p := range pairs {
		values[i] = map[string]any{"input": p.In, "output": p.Out}
	}
	return values
}

func (r *runner) renderingSizes() []int {
	if r.quick {
		return []int{10, 100}
	}
	return []int{10, 100, 1000, 10_000}
}

func renderingAgree(r *runner) error {
	for _, n := range r.renderingSizes() {
		pairs := entries(n)
		var want string
		for i, make := range renderers {
			render, err := make.make(pairs)
			if err != nil {
				return fmt.Errorf("%s: %w", make.name, err)
			}
			for _, query := range []string{"teacher", "선생님"} { // by turns, so that no side may answer from memory
				got, err := render(query)
				if err != nil {
					return fmt.Errorf("%s: %w", make.name, err)
				}
				if query == "teacher" && i == 0 {
					want = got
				}
				if expect := strings.TrimSuffix(want, "teacher:") + query + ":"; got != expect {
					return fmt.Errorf("%d pairs, %s: %q, and %s has %q", n, make.name, ending(got), renderers[0].name, ending(expect))
				}
			}
		}
	}
	return nil
}

// ending is the last of a text, for errors.
func ending(text string) string { return text[max(0, len(text)-60):] }

func measureRendering(r *runner) (*section, error) {
	sizes := r.renderingSizes()
	var all [][]*result
	for _, n := range sizes {
		pairs := entries(n)
		var benchmarks []benchmark
		for _, make := range renderers {
			benchmarks = append(benchmarks, benchmark{make.name, func(b *testing.B) error {
				render, err := make.make(pairs)
				if err != nil {
					return err
				}
				for b.Loop() {
					if _, err := render("teacher"); err != nil {
						return err
					}
				}
				return nil
			}})
		}
		results, err := r.measure(fmt.Sprintf("rendering %d pairs", n), benchmarks...)
		if err != nil {
			return nil, err
		}
		all = append(all, results)
	}
	return renderingSection(sizes, all), nil
}

func renderingSection(sizes []int, all [][]*result) *section {
	head := []string{""}
	for _, n := range sizes {
		head = append(head, count(n)+" pairs")
	}
	times := table{Caption: "Time for one prompt: the floor, and the others relative to it.", Head: head}
	memory := table{Caption: "Allocations and bytes for one prompt.", Head: head}
	for i, make := range renderers {
		timed, allocated := []string{make.name}, []string{make.name}
		for _, results := range all {
			if i == atFloor {
				timed = append(timed, newFigure(results[i].time).duration())
			} else {
				timed = append(timed, ratio(results[i].time, results[atFloor].time).times())
			}
			allocated = append(allocated, results[i].allocated())
		}
		times.Rows, memory.Rows = append(times.Rows, timed), append(memory.Rows, allocated)
	}
	var floors, kept, colds, peers, allocs []figure
	var names []string
	for i, results := range all {
		floors = append(floors, ratio(results[atWarm].time, results[atFloor].time))
		kept = append(kept, ratio(results[atKept].time, results[atFloor].time))
		colds = append(colds, ratio(results[atCold].time, results[atFloor].time))
		fString, goTemplate := ratio(results[atFString].time, results[atWarm].time), ratio(results[atGoTemplate].time, results[atWarm].time)
		if goTemplate.Center < fString.Center {
			fString = goTemplate
		}
		peers = append(peers, fString)
		allocs = append(allocs, newFigure(results[atKept].allocs))
		names = append(names, count(sizes[i])+" pairs")
	}
	slowest, atSlowest := worst(floors, names)
	nearest, atNearest := least(peers, names)
	most, _ := worst(allocs, names)
	heap, atHeap := worst(kept, names)
	cold, atColdest := worst(colds, names)
	return &section{
		Title: "Rendering",
		Text: `A list of lines "in: out" followed by a query, from short pairs such as those of a word list. *Warm* is a query on a compiled
Task. *Cold* compiles a new Task for each query, which encodes every pair and checks that no value breaks the layout. None of the
others checks anything. They got their examples in the form they want, and compiled templates where they can, before the clock
started. The values have no braces, because the others would read those as part of a template.`,
		Tables: []table{times, memory},
		Goals: []goal{
			atMost("a prompt costs at most 1.2 times the floor", slowest, 1.2, slowest.times()+" at "+atSlowest+", the highest"),
			atLeast("at least 25 times faster than langchaingo's fastest form", nearest, 25, nearest.times()+" at "+atNearest+", the lowest"),
			atMost("at most 2 allocations", most, 2, count(most.Center)),
		},
		Notes: []string{fmt.Sprintf(`With many pairs, warm is below the floor: Compile has laid out the shots, and a query copies them at once. These callers use only
the text. Keeping the whole *Prompt*, with its shots and stops, costs at most %s times the floor (%s). Cold costs up to
%s times the floor (%s). That is the price of the checks, paid once for a Task.`, significant(heap.Center), atHeap, significant(cold.Center), atColdest)},
	}
}
