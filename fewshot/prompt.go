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
	c := p.column
	parts := []Part{{Instruction, c.preamble}, {Instruction, c.instruction}}
	if c.instruction != "" {
		parts = append(parts, Part{Layout, afterInstruction})
	}
	for _, example := range p.Shots {
		at, _ := slices.BinarySearch(c.example, example)
		shot := c.layout.parts(c.pairs[at])
		parts = append(parts, shot[:]...)
	}
	parts = append(parts, Part{Layout, c.layout.format.Before}, Part{Query, p.input}, Part{Layout, c.layout.open})
	return slices.DeleteFunc(parts, func(part Part) bool { return part.Text == "" })
}

// parts returns the parts of a shot. Some may be empty.
func (l *layout) parts(shot pair) [5]Part {
	f := &l.format
	return [...]Part{{Layout, f.Before}, {Input, shot.In}, {Layout, f.Between}, {Output, shot.Out}, {Layout, f.After}}
}
