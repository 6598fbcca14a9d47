package fewshot

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// A fitting is a column with a Model's token counts: how many shots fit.
type fitting struct {
	column *column
	model  sampling.Model
	budget int // tokens that the prompt may have
	counts *counts
}

// counts are the token counts of a column's parts by one Counter, each made
// when it is first asked for. A Counter may add something for each text, such
// as a token that begins it; that constant is in none of the parts.
type counts struct {
	counter  any // whose counts these are
	constant int
	head     int

	mu     sync.Mutex
	shot   []int // tokens of each shot; uncounted until asked for
	adding adding
}

const uncounted = -1

// An adding is what is known of whether the parts' counts add up to the whole's.
type adding int

const (
	unproven adding = iota
	proven          // they did, for a prompt of many shots
	refuted         // they did not, or cannot be relied on to
)

// proof is how many shots a prompt must have for its sum to prove something: few
// add up by chance under a Counter that rounds, such as four bytes to a token.
const proof = 16

// fitting returns nil when there is nothing to count with and no limit.
func (c *column) fitting(ctx context.Context, m sampling.Model, params sampling.Params) (*fitting, error) {
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
		counts, err := c.count(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("fewshot: counting the instruction's tokens: %w", err)
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
	return reflect.TypeOf(a) == reflect.TypeOf(b) && reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

func (c *column) count(ctx context.Context, m sampling.Model) (*counts, error) {
	constant, err := m.Count(ctx, "")
	if err != nil {
		return nil, err
	}
	head, err := m.Count(ctx, c.head())
	if err != nil {
		return nil, err
	}
	n := &counts{constant: constant, head: head - constant, shot: make([]int, len(c.pairs))}
	for i := range n.shot {
		n.shot[i] = uncounted
	}
	return n, nil
}

// fit returns how many of the last shots of order fit before the query, and the
// prompt with them. It has the input in it.
//
// Adding up the parts is nearly right: only where two parts meet may a
// tokenizer join or split tokens differently. So the sum proposes, and a count
// of the text itself decides. Where parts meet at line breaks, and a prompt of
// many shots has proven that this Counter's tokens end there, the sum is the
// count, and the query is all that is still counted.
func (f *fitting) fit(ctx context.Context, order []int, input, query string) (kept, tokens int, text string, err error) {
	own, err := f.model.Count(ctx, query)
	if err != nil {
		return 0, 0, "", fmt.Errorf("fewshot: counting the query's tokens: %w", err)
	}
	kept, tokens, err = f.add(ctx, order, 0, f.counts.head+own)
	if err != nil {
		return 0, 0, "", err
	}
	clear := apart(query)
	if clear && tokens <= f.budget && f.counts.known() == proven {
		return kept, tokens, f.column.join(order[len(order)-kept:], input), nil
	}
	kept, tokens, text, err = f.settle(ctx, order, input, kept)
	if err == nil && clear {
		f.learn(order[len(order)-kept:], own, tokens)
	}
	return kept, tokens, text, err
}

// add goes on from a prompt with the last kept shots of order and so many
// tokens: it returns how many fit by the sum of their counts, and that sum.
func (f *fitting) add(ctx context.Context, order []int, kept, sum int) (int, int, error) {
	n := f.counts
	n.mu.Lock()
	defer n.mu.Unlock()
	for ; kept < len(order); kept++ {
		shot, err := f.shot(ctx, order[len(order)-1-kept])
		if err != nil {
			return 0, 0, err
		}
		if sum+shot > f.budget {
			break
		}
		sum += shot
	}
	return kept, sum, nil
}

// shot returns the tokens of a shot. The caller holds the lock.
func (f *fitting) shot(ctx context.Context, i int) (int, error) {
	n := f.counts
	if n.shot[i] == uncounted {
		text := f.column.shot(i)
		tokens, err := f.model.Count(ctx, text)
		if err != nil {
			return 0, fmt.Errorf("fewshot: counting the tokens of example %d of %d: %w", i+1, len(n.shot), err)
		}
		n.shot[i] = tokens - n.constant
		if !apart(text) || !strings.HasSuffix(text, "\n") {
			n.adding = refuted
		}
	}
	return n.shot[i], nil
}

// settle counts the prompt itself, with the proposed number of shots, and takes
// more or fewer until it is known how many fit. Where the sum was right, that is
// one count.
func (f *fitting) settle(ctx context.Context, order []int, input string, kept int) (fits, tokens int, text string, err error) {
	fits = -1
	over := len(order) + 1 // the fewest shots known to be too many
	for {
		whole := f.column.join(order[len(order)-kept:], input)
		n, err := f.model.Count(ctx, whole)
		if err != nil {
			return 0, 0, "", fmt.Errorf("fewshot: counting the prompt's tokens: %w", err)
		}
		if n > f.budget {
			if kept == 0 {
				hint := "shorten them, or ask for fewer tokens"
				if f.counts.counter == nil {
					hint += "; without a Counter each byte counts as a token, so setting Model.Counter may be enough"
				}
				return 0, 0, "", fmt.Errorf("fewshot: %w: instruction and query alone have %d tokens, and %d are left beside MaxTokens; %s",
					sampling.ErrBudget, n, f.budget, hint)
			}
			over = kept
			kept = max(f.without(order, kept, n), fits+1)
		} else {
			fits, tokens, text = kept, n, whole
			if kept, _, err = f.add(ctx, order, kept, n); err != nil {
				return 0, 0, "", err
			}
			kept = min(kept, over-1)
		}
		if fits >= 0 && (kept == fits || over == fits+1) {
			return fits, tokens, text, nil
		}
	}
}

// without returns how many shots are left of a prompt with so many tokens, too
// many, when as few are taken away as make up for the excess: at least one.
func (f *fitting) without(order []int, kept, tokens int) int {
	n := f.counts
	n.mu.Lock()
	defer n.mu.Unlock()
	for kept > 0 {
		tokens -= n.shot[order[len(order)-kept]] // counted when it was proposed
		if kept--; tokens <= f.budget {
			break
		}
	}
	return kept
}

// learn compares the count of a prompt with the sum of its parts.
func (f *fitting) learn(shots []int, own, tokens int) {
	n := f.counts
	n.mu.Lock()
	defer n.mu.Unlock()
	sum := n.head + own
	for _, i := range shots {
		sum += n.shot[i]
	}
	switch {
	case sum != tokens:
		n.adding = refuted
	case n.adding == unproven && len(shots) >= proof:
		n.adding = proven
	}
}

func (n *counts) known() adding {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.adding
}

// apart reports whether a token ends where this text begins behind a line break,
// in every tokenizer that we know of: white space would join the break, and in
// one vocabulary a slash does.
func apart(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return !unicode.IsSpace(first) && first != '/'
}
