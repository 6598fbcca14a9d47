package fewshot

import (
	"fmt"
	"math"
	"reflect"

	"github.com/foreword-go/foreword/sampling"
)

// A fitting is a column with a Model's token counts: how many shots fit.
type fitting struct {
	column *column
	model  sampling.Model
	budget int // tokens that the prompt may have
	counts *counts
}

// counts are the token counts of a column's parts by one Counter, made once. A
// Counter may add something for each text, such as a token that begins it; that
// constant is in none of the parts.
type counts struct {
	counter  any // whose counts these are
	constant int
	head     int
	shot     []int
	run      map[[2]int]int // head and shots from, to, counted as one text
}

// fitting returns nil when there is nothing to count with and no limit.
func (c *column) fitting(m sampling.Model, params sampling.Params) (*fitting, error) {
	budget, err := m.PromptBudget(params)
	if err != nil {
		return nil, err
	}
	var counter any
	if m.Counter != nil {
		counter = m.Counter
	} else if own, ok := m.Backend.(sampling.Counter); ok {
		counter = own
	}
	if counter == nil && budget == math.MaxInt {
		return nil, nil
	}
	c.counting.Lock()
	defer c.counting.Unlock()
	if c.counts == nil || !same(c.counts.counter, counter) {
		counts, err := c.count(m)
		if err != nil {
			return nil, fmt.Errorf("fewshot: counting the examples' tokens: %w", err)
		}
		counts.counter = counter
		c.counts = counts
	}
	return &fitting{c, m, budget, c.counts}, nil
}

// same compares two Counters, of which some cannot be compared.
func same(a, b any) bool {
	if a == nil || b == nil {
		return a == b
	}
	return reflect.TypeOf(a) == reflect.TypeOf(b) && reflect.TypeOf(a).Comparable() && a == b
}

func (c *column) count(m sampling.Model) (*counts, error) {
	constant, err := m.Count("")
	if err != nil {
		return nil, err
	}
	head, err := m.Count(c.head())
	if err != nil {
		return nil, err
	}
	n := &counts{constant: constant, head: head - constant, shot: make([]int, len(c.pairs)), run: map[[2]int]int{}}
	for i := range c.pairs {
		tokens, err := m.Count(c.shot(i))
		if err != nil {
			return nil, err
		}
		n.shot[i] = tokens - constant
	}
	return n, nil
}

// fit returns how many of the last shots of order fit before the query, and the
// prompt's tokens.
//
// Adding up the parts is nearly right: only where two parts meet may a
// tokenizer join or split tokens differently. So the sum proposes, and a count
// of the text itself decides. Shots side by side in the column are counted
// together once and remembered; the query is counted together with the shot
// before it.
func (f *fitting) fit(order []int, input, query string) (kept, tokens int, err error) {
	n := f.counts
	own, err := f.model.Count(query)
	if err != nil {
		return 0, 0, fmt.Errorf("fewshot: counting the query's tokens: %w", err)
	}
	sum := n.head + own
	for kept = 0; kept < len(order); kept++ {
		next := sum + n.shot[order[len(order)-1-kept]]
		if next > f.budget {
			break
		}
		sum = next
	}
	over := len(order) + 1 // the fewest shots known to be too many
	for {
		tokens, err = f.exactly(order[len(order)-kept:], input, query)
		if err != nil {
			return 0, 0, fmt.Errorf("fewshot: counting the prompt's tokens: %w", err)
		}
		switch {
		case tokens > f.budget && kept == 0:
			return 0, 0, fmt.Errorf("fewshot: %w: instruction and query alone have %d tokens, and %d are left beside MaxTokens; shorten them, or ask for fewer tokens",
				sampling.ErrBudget, tokens, f.budget)
		case tokens > f.budget:
			over = kept
			kept--
		case kept < len(order) && kept+1 < over && tokens+n.shot[order[len(order)-1-kept]] <= f.budget:
			kept++ // the parts added up to more than the whole, and left room
		default:
			return kept, tokens, nil
		}
	}
}

// exactly counts head, shots and query, which has the input in it, as the one
// text that they are.
func (f *fitting) exactly(shots []int, input, query string) (int, error) {
	if _, inPlace := f.column.run(shots); !inPlace {
		return f.model.Count(f.column.join(shots, input))
	}
	before, err := f.countRun(shots)
	if err != nil {
		return 0, err
	}
	// What a tokenizer makes of the border depends on what is near it.
	near := f.column.head()
	if len(shots) > 0 {
		near = f.column.shot(shots[len(shots)-1])
	}
	apart, err := f.model.Count(near)
	if err != nil {
		return 0, err
	}
	together, err := f.model.Count(near + query)
	if err != nil {
		return 0, err
	}
	return before + together - apart, nil
}

func (f *fitting) countRun(shots []int) (int, error) {
	if len(shots) == 0 {
		return f.counts.head + f.counts.constant, nil
	}
	from, to := shots[0], shots[len(shots)-1]+1
	f.column.counting.Lock()
	tokens, ok := f.counts.run[[2]int{from, to}]
	f.column.counting.Unlock()
	if ok {
		return tokens, nil
	}
	text, _ := f.column.run(shots)
	tokens, err := f.model.Count(f.column.head() + text)
	if err != nil {
		return 0, err
	}
	f.column.counting.Lock()
	f.counts.run[[2]int{from, to}] = tokens
	f.column.counting.Unlock()
	return tokens, nil
}
