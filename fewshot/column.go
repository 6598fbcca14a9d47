package fewshot

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A pair is an example as text.
type pair = Example[string, string]

// A column is the examples of a Task laid out as text, once: preamble,
// instruction and all shots in one string, so that a prompt is a copy of it
// followed by the query. It does not change after Compile.
type column struct {
	layout      *layout
	preamble    string
	instruction string
	pairs       []pair
	all         []int            // 0, 1, 2, ...: the order in which no Selector has a say
	example     []int            // the index of each pair among the Task's examples, of which repeats are left out
	seen        map[string][]int // the pairs of each input
	added       int              // examples, repeats included

	text  strings.Builder
	start []int // start[i] is where shot i begins in text; start[len(pairs)] is its end
}

// afterInstruction parts the instruction from the shots.
const afterInstruction = "\n\n"

func newColumn(l *layout, preamble, instruction string, examples int) *column {
	c := &column{
		layout: l, preamble: preamble, instruction: instruction,
		pairs: make([]pair, 0, examples), seen: make(map[string][]int, examples),
		all: make([]int, 0, examples), example: make([]int, 0, examples), start: make([]int, 0, examples+1),
	}
	c.text.WriteString(preamble)
	if instruction != "" {
		c.text.WriteString(instruction + afterInstruction)
	}
	c.start = append(c.start, c.text.Len())
	return c
}

func (c *column) checkHead() error {
	for _, head := range [...]struct{ field, text string }{{"preamble", c.preamble}, {"instruction", c.instruction}} {
		if !utf8.ValidString(head.text) {
			return &ValueError{Example: noExample, Field: head.field, Err: errNotUTF8}
		}
	}
	return nil
}

// add appends a pair. One that is there already is left out.
func (c *column) add(p pair) {
	c.added++
	same := c.seen[p.In]
	if slices.ContainsFunc(same, func(i int) bool { return c.pairs[i].Out == p.Out }) {
		return
	}
	c.seen[p.In] = append(same, len(c.pairs))
	c.all = append(c.all, len(c.pairs))
	c.example = append(c.example, c.added-1)
	c.pairs = append(c.pairs, p)
	for _, part := range c.layout.parts(p) {
		c.text.WriteString(part.Text)
	}
	c.start = append(c.start, c.text.Len())
}

// warnings says what is odd about the examples as a whole.
func (c *column) warnings() (all []string) {
	contradicting, likeFirst := 0, 0
	var first []int
	for i, p := range c.pairs {
		if same := c.seen[p.In]; len(same) > 1 && same[0] == i {
			if contradicting++; first == nil {
				first = same
			}
		}
		if p.Out == c.pairs[0].Out {
			likeFirst++
		}
	}
	if contradicting > 0 {
		all = append(all, fmt.Sprintf("%d inputs have different outputs; the first, %q, has %q (Examples[%d]) and %q (Examples[%d])", contradicting,
			shorten(c.pairs[first[0]].In, 80), shorten(c.pairs[first[0]].Out, 80), c.example[first[0]], shorten(c.pairs[first[1]].Out, 80), c.example[first[1]]))
	}
	if len(c.pairs) > 1 && likeFirst == len(c.pairs) {
		all = append(all, fmt.Sprintf("all %d examples have the output %q, which the model is likely to repeat for every input", len(c.pairs), shorten(c.pairs[0].Out, 80)))
	}
	if n := c.added - len(c.pairs); n > 0 {
		first := 0
		for first < len(c.example) && c.example[first] == first {
			first++
		}
		all = append(all, fmt.Sprintf("%d examples are exact repeats and are not shown twice; the first is Examples[%d]", n, first))
	}
	return all
}

// head is what comes before the shots.
func (c *column) head() string { return c.text.String()[:c.start[0]] }

// shot is one shot as text.
func (c *column) shot(i int) string { return c.text.String()[c.start[i]:c.start[i+1]] }

// join writes what comes before the shots, the shots and the query.
func (c *column) join(order []int, input string) string {
	before, open := c.layout.format.Before, c.layout.open
	if shots, inPlace := c.run(order); inPlace {
		return c.head() + shots + before + input + open
	}
	parts := make([]string, 0, len(order)+4)
	parts = append(parts, c.head())
	for _, i := range order {
		parts = append(parts, c.shot(i))
	}
	return strings.Join(append(parts, before, input, open), "")
}

// run returns the text of the shots in order where they are side by side in the
// column.
func (c *column) run(order []int) (text string, ok bool) {
	if len(order) == 0 {
		return "", true
	}
	from := order[0]
	end := from + len(order)
	if end > len(c.all) || &order[0] != &c.all[from] && !slices.Equal(order, c.all[from:end]) {
		return "", false
	}
	return c.text.String()[c.start[from]:c.start[end]], true
}

// shown turns indexes into the column into indexes into the Task's examples.
func (c *column) shown(order []int) []int {
	if c.added == len(c.pairs) {
		return order
	}
	examples := make([]int, len(order))
	for i, at := range order {
		examples[i] = c.example[at]
	}
	return examples
}
