package fewshot

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A pair is an example as text.
type pair = Example[string, string]

// A column is the examples of a Task laid out as text, once: preamble,
// instruction and all shots in one string, so that a prompt is a copy of it
// followed by the query. It does not change after finish.
type column struct {
	layout      *layout
	preamble    string
	instruction string
	pairs       []pair
	all         []int // 0, 1, 2, ...: the order in which no Selector has a say
	example     []int // the index of each pair among the Task's examples, of which repeats are left out

	text  string
	start []int // start[i] is where shot i begins in text; start[len(pairs)] is its end

	added    int // examples, repeats included
	build    strings.Builder
	seen     map[string][]int // the pairs of each input
	repeated []int            // examples that are there twice
}

// afterInstruction parts the instruction from the shots.
const afterInstruction = "\n\n"

func newColumn(l *layout, preamble, instruction string, examples int) *column {
	c := &column{
		layout: l, preamble: preamble, instruction: instruction,
		pairs: make([]pair, 0, examples), start: make([]int, 0, examples+1), seen: make(map[string][]int, examples),
	}
	c.build.WriteString(preamble)
	if instruction != "" {
		c.build.WriteString(instruction)
		c.build.WriteString(afterInstruction)
	}
	c.start = append(c.start, c.build.Len())
	return c
}

func (c *column) checkHead() error {
	for field, text := range map[string]string{"preamble": c.preamble, "instruction": c.instruction} {
		if !utf8.ValidString(text) {
			return &ValueError{Example: noExample, Field: field, Err: errNotUTF8}
		}
	}
	return nil
}

// add checks a pair and lays it out. A pair that is there already is left out.
func (c *column) add(p pair) *ValueError {
	c.added++
	l, f := c.layout, &c.layout.format
	shot := f.Before + p.In + f.Between + p.Out + f.After
	between := len(f.Before) + len(p.In)
	if err := l.checkInput(p.In, shot[:between+len(f.Between)], false); err != nil {
		return &ValueError{Field: "input", Err: err}
	}
	if err := l.checkOutput(p.Out, shot[between:]); err != nil {
		return &ValueError{Field: "output", Err: err}
	}
	for _, i := range c.seen[p.In] {
		if c.pairs[i].Out == p.Out {
			c.repeated = append(c.repeated, c.added-1)
			return nil
		}
	}
	c.seen[p.In] = append(c.seen[p.In], len(c.pairs))
	c.all = append(c.all, len(c.pairs))
	c.example = append(c.example, c.added-1)
	c.pairs = append(c.pairs, p)
	c.build.WriteString(shot)
	c.start = append(c.start, c.build.Len())
	return nil
}

func (c *column) finish() {
	c.text = strings.Clone(c.build.String())
	c.build.Reset()
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
	if n := len(c.repeated); n > 0 {
		all = append(all, fmt.Sprintf("%d examples are exact repeats and are not shown twice; the first is Examples[%d]", n, c.repeated[0]))
	}
	return all
}

// head is what comes before the shots.
func (c *column) head() string { return c.text[:c.start[0]] }

// shot is one shot as text.
func (c *column) shot(i int) string { return c.text[c.start[i]:c.start[i+1]] }

// query lays out the input that is to be answered.
func (c *column) query(input string) string {
	return c.layout.format.Before + input + c.layout.open
}

func (c *column) checkQuery(input string) error {
	if err := c.layout.checkInput(input, c.query(input), true); err != nil {
		return &ValueError{Example: noExample, Field: "input", Err: err}
	}
	return nil
}

func (c *column) queryLen(input string) int {
	return len(c.layout.format.Before) + len(input) + len(c.layout.open)
}

// join writes what comes before the shots, the shots and the query, in one
// allocation.
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

// run returns the text of the shots in order where they are side by side in the
// column.
func (c *column) run(order []int) (text string, ok bool) {
	if len(order) == 0 {
		return "", true
	}
	from, n := order[0], len(order)
	if from+n > len(c.all) {
		return "", false
	}
	if &order[0] != &c.all[from] {
		for i, at := range order {
			if at != from+i {
				return "", false
			}
		}
	}
	return c.text[c.start[from]:c.start[from+n]], true
}

// shown turns indexes into the column into indexes into the Task's examples.
func (c *column) shown(order []int) []int {
	if len(c.repeated) == 0 {
		return order
	}
	examples := make([]int, len(order))
	for i, at := range order {
		examples[i] = c.example[at]
	}
	return examples
}
