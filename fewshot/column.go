package fewshot

import (
	"context"
	"math"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// A pair is an example as text.
type pair = Example[string, string]

// A column is the examples of a Task laid out as text, once: instruction and
// all shots in one string, so that a prompt is a copy of it with the query
// behind. It does not change after newColumn, but for the counts.
type column struct {
	layout      *layout
	instruction string
	first       any // the address of the Task's first example, to notice a new slice
	pairs       []pair
	all         []int // 0, 1, 2, ...: the order in which no Selector has a say

	text  string
	start []int // start[i] is where shot i begins in text; start[len(pairs)] is its end

	counting sync.Mutex
	counts   *counts
}

// afterInstruction parts the instruction from the shots.
const afterInstruction = "\n\n"

func newColumn(l *layout, instruction string, pairs []pair) (*column, error) {
	if !utf8.ValidString(instruction) {
		return nil, &ValueError{Example: noExample, Field: "instruction", Err: errNotUTF8}
	}
	f := &l.format
	c := &column{
		layout:      l,
		instruction: instruction,
		pairs:       pairs,
		all:         make([]int, len(pairs)),
		start:       make([]int, len(pairs)+1),
	}
	size := len(instruction) + len(afterInstruction)
	for _, p := range pairs {
		size += len(f.Before) + len(p.In) + len(f.Between) + len(p.Out) + len(f.After)
	}
	var b strings.Builder
	b.Grow(size)
	if instruction != "" {
		b.WriteString(instruction)
		b.WriteString(afterInstruction)
	}
	for i, p := range pairs {
		c.all[i], c.start[i] = i, b.Len()
		b.WriteString(f.Before)
		b.WriteString(p.In)
		between := b.Len()
		b.WriteString(f.Between)
		answer := b.Len()
		b.WriteString(p.Out)
		b.WriteString(f.After)
		text := b.String() // what has been written does not move while there is room
		if err := l.checkInput(p.In, text[c.start[i]:answer], false); err != nil {
			return nil, &ValueError{Example: i, Of: len(pairs), Field: "input", Err: err}
		}
		if err := l.checkOutput(p.Out, text[between:]); err != nil {
			return nil, &ValueError{Example: i, Of: len(pairs), Field: "output", Err: err}
		}
	}
	c.text = b.String()
	c.start[len(pairs)] = len(c.text)
	return c, nil
}

// head is the instruction and what parts it from the shots.
func (c *column) head() string { return c.text[:c.start[0]] }

// shot is one shot as text.
func (c *column) shot(i int) string { return c.text[c.start[i]:c.start[i+1]] }

// prompt lays out the shots of order and the query, as many as fit.
func (c *column) prompt(ctx context.Context, m sampling.Model, params sampling.Params, input string, order []int) (*Prompt, error) {
	return c.fill(ctx, m, params, input, order, new(Prompt))
}

// fill is prompt with the memory for what it returns.
func (c *column) fill(ctx context.Context, m sampling.Model, params sampling.Params, input string, order []int, p *Prompt) (*Prompt, error) {
	*p = Prompt{Stop: c.layout.stops, Shots: order, column: c, input: input}
	f, err := c.fitting(ctx, m, params)
	if err != nil {
		return nil, err
	}
	if f != nil {
		// The query is checked before anything is counted, since a Counter may
		// be a server.
		query := c.join(nil, input)[c.start[0]:]
		if err := c.checkQuery(input, query); err != nil {
			return nil, err
		}
		kept, tokens, text, err := f.fit(ctx, order, input, query)
		if err != nil {
			return nil, err
		}
		dropped := len(order) - kept
		p.Dropped, p.Shots, p.Tokens, p.Text = order[:dropped:dropped], order[dropped:], tokens, text
		if f.budget < math.MaxInt {
			p.Budget = f.budget
		}
		return p, nil
	}
	p.Text = c.join(p.Shots, input)
	if err := c.checkQuery(input, p.Text[len(p.Text)-c.queryLen(input):]); err != nil {
		return nil, err
	}
	return p, nil
}

func (c *column) checkQuery(input, rendered string) error {
	if err := c.layout.checkInput(input, rendered, true); err != nil {
		return &ValueError{Example: noExample, Field: "input", Err: err}
	}
	return nil
}

func (c *column) queryLen(input string) int {
	return len(c.layout.format.Before) + len(input) + len(c.layout.open)
}

// join writes the instruction, the shots and the query, in one allocation.
func (c *column) join(order []int, input string) string {
	f := &c.layout.format
	if shots, inPlace := c.run(order); inPlace {
		return c.head() + shots + f.Before + input + c.layout.open
	}
	size := c.start[0] + c.queryLen(input)
	for _, i := range order {
		size += len(c.shot(i))
	}
	var b strings.Builder
	b.Grow(size)
	b.WriteString(c.head())
	for _, i := range order {
		b.WriteString(c.shot(i))
	}
	b.WriteString(f.Before)
	b.WriteString(input)
	b.WriteString(c.layout.open)
	return b.String()
}

// run returns the text of the shots in order where they stand side by side in
// the column, as they do unless a Selector chose them.
func (c *column) run(order []int) (text string, ok bool) {
	if len(order) == 0 {
		return "", true
	}
	if from := order[0]; &order[0] == &c.all[from] {
		return c.text[c.start[from]:c.start[from+len(order)]], true
	}
	return "", false
}
