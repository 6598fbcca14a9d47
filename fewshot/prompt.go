package fewshot

import (
	"slices"

	"github.com/foreword-go/foreword/sampling"
)

// A Prompt is the text that a model is to continue, and what went into it. Do not
// change its slices: other prompts of the same Prompter share them.
type Prompt struct {
	Text string
	Stop []string // stop sequences

	// Constraint restricts the completion. The zero Constraint allows any text.
	Constraint sampling.Constraint

	Shots   []int // the examples shown, in their order, as indexes into Task.Examples
	Dropped []int // chosen examples that did not fit the window, in the order they were dropped

	// Tokens is the prompt's length by the Model's Counter. Budget is the Model's
	// Window less MaxTokens. Both are 0 when the Model has no Window.
	Tokens, Budget int

	column *column
	input  string
}

// Request returns the request for the answer.
func (p *Prompt) Request(params sampling.Params) *sampling.Request {
	return &sampling.Request{Prompt: p.Text, Stop: p.Stop, Constraint: p.Constraint, Params: params}
}

// A Kind is the role of a [Part] of a prompt.
type Kind string

const (
	Layout      Kind = "layout"      // written by the Format: labels and separators
	Instruction Kind = "instruction" // the Task's preamble and instruction
	Input       Kind = "input"       // an example's input
	Output      Kind = "output"      // an example's output
	Query       Kind = "query"       // the input to be answered
)

// A Part is a piece of a prompt and its role, for showing prompts in color.
type Part struct {
	Kind Kind
	Text string
}

// Parts splits the prompt. The texts of all parts, joined, are p.Text.
func (p *Prompt) Parts() []Part {
	if p.column == nil {
		return []Part{{Layout, p.Text}}
	}
	f := &p.column.layout.format
	parts := make([]Part, 0, 2+5*len(p.Shots)+3)
	add := func(kind Kind, text string) {
		if text != "" {
			parts = append(parts, Part{kind, text})
		}
	}
	add(Instruction, p.column.preamble)
	if p.column.instruction != "" {
		add(Instruction, p.column.instruction)
		add(Layout, afterInstruction)
	}
	for _, example := range p.Shots {
		at, _ := slices.BinarySearch(p.column.example, example)
		shot := p.column.pairs[at]
		add(Layout, f.Before)
		add(Input, shot.In)
		add(Layout, f.Between)
		add(Output, shot.Out)
		add(Layout, f.After)
	}
	add(Layout, f.Before)
	add(Query, p.input)
	add(Layout, p.column.layout.open)
	return parts
}
