package fewshot

import "github.com/foreword-go/foreword/sampling"

// A Prompt is the text that a model is to continue, and what went into it. Its
// slices are shared with other prompts of the same Task and must not be changed.
type Prompt struct {
	Text string
	Stop []string // what ends the answer

	Shots   []int // the examples that are shown, in their order, as indexes into Task.Examples
	Dropped []int // those that were chosen and did not fit the window, the first to be given up first

	// Tokens is the prompt's length by the Model's Counter; 0 when the Model has
	// neither a Counter nor a Window.
	Tokens int

	// Budget is how many tokens it could have: the Model's Window less MaxTokens;
	// 0 when the Model has no Window. See also [Prompt.Why].
	Budget int

	column *column
	input  string
}

// Request returns the request that asks for the answer.
func (p *Prompt) Request(params sampling.Params) *sampling.Request {
	return &sampling.Request{Prompt: p.Text, Stop: p.Stop, Params: params}
}

// A Kind tells what a part of a prompt is.
type Kind int

const (
	Layout      Kind = iota // written by the Format: labels and separators
	Instruction             // the Task's instruction
	Input                   // an example's input
	Output                  // an example's output
	Query                   // the input to be answered
)

var kindNames = [...]string{"layout", "instruction", "input", "output", "query"}

// String returns a lower-case name, such as "query".
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return "unknown"
	}
	return kindNames[k]
}

// A Part is a piece of a prompt, to be shown in a colour of its own.
type Part struct {
	Kind Kind
	Text string
}

// Parts takes the prompt apart: the texts of all parts, joined, are p.Text.
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
	if p.column.instruction != "" {
		add(Instruction, p.column.instruction)
		add(Layout, afterInstruction)
	}
	for _, i := range p.Shots {
		add(Layout, f.Before)
		add(Input, p.column.pairs[i].In)
		add(Layout, f.Between)
		add(Output, p.column.pairs[i].Out)
		add(Layout, f.After)
	}
	add(Layout, f.Before)
	add(Query, p.input)
	add(Layout, p.column.layout.open)
	return parts
}
