package fewshot

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/foreword-go/foreword/sampling"
)

// prompt lays out the picked shots and the query, as many shots as fit.
func (c *column) prompt(ctx context.Context, m sampling.Model, params sampling.Params, input string, picks Picks) (*Prompt, error) {
	budget, err := m.PromptBudget(params)
	if err != nil {
		return nil, err
	}
	p := &Prompt{Stop: c.layout.stops, column: c, input: input}
	kept := picks.len()
	if budget == math.MaxInt {
		p.order = picks.first(kept)
		p.Text = c.join(p.order, input)
	} else {
		p.Budget = budget
		f := fitting{column: c, model: m, budget: budget, picks: picks, input: input}
		if kept, err = f.fit(ctx, p); err != nil {
			return nil, err
		}
	}
	p.Shots = c.shown(p.order)
	if kept < picks.len() {
		p.Dropped = c.shown(picks.dropped(kept))
	}
	return p, nil
}

// A fitting finds how many shots fit a window.
type fitting struct {
	column *column
	model  sampling.Model
	budget int // tokens that the prompt may have
	picks  Picks
	input  string
}

// fit finds how many of n shots fit and fills the prompt in with them.
//
// It estimates by the number of bytes a token has, then counts the prompt itself
// and estimates again, with at most 1 + log2(n) counts: an estimate is only taken
// where bisecting what it leaves open still needs no more. The result is within
// one shot of the best, and nearly always the best.
func (f *fitting) fit(ctx context.Context, p *Prompt) (kept int, err error) {
	n := f.picks.len()
	if f.countsBytes() {
		return f.fitBytes(p)
	}
	fits, over := -1, n+1 // the most shots known to fit, the fewest known not to
	left := max(bits.Len(uint(n)), 1)
	perToken := 4.0 // bytes of a token; most English text has about as many
	for over-fits > 1 && (left > 0 || fits < 0) {
		left--
		try := f.estimate(perToken)
		try = min(max(try, fits+1, over-1<<min(max(left, 0), 62)), over-1, fits+1<<min(max(left, 0), 62))
		if left < 0 {
			try = 0
		}
		order := f.picks.first(try)
		text := f.column.join(order, f.input)
		tokens, err := f.model.Count(ctx, text)
		if err != nil {
			return 0, fmt.Errorf("fewshot: counting the prompt's tokens: %w", err)
		}
		if tokens > f.budget {
			over = try
			if try == 0 {
				return 0, f.tooLong(tokens)
			}
		} else {
			fits = try
			p.Text, p.Tokens, p.order = text, tokens, order
		}
		if tokens > 0 {
			perToken = float64(len(text)) / float64(tokens)
		}
	}
	return fits, nil
}

// fitBytes is fit where each byte counts as a token.
func (f *fitting) fitBytes(p *Prompt) (kept int, err error) {
	if least := f.column.start[0] + f.column.queryLen(f.input); least > f.budget {
		return 0, f.tooLong(least)
	}
	kept = f.estimate(1)
	p.order = f.picks.first(kept)
	p.Text = f.column.join(p.order, f.input)
	p.Tokens = len(p.Text)
	return kept, nil
}

// estimate returns how many shots fit if a token has so many bytes.
func (f *fitting) estimate(perToken float64) int {
	c := f.column
	room := float64(f.budget)*perToken - float64(c.start[0]+c.queryLen(f.input))
	n := f.picks.len()
	for k := range n {
		if room -= float64(len(c.shot(f.picks.valued(k)))); room < 0 {
			return k
		}
	}
	return n
}

// countsBytes reports whether the Model certainly counts each byte as a token.
func (f *fitting) countsBytes() bool {
	_, counts := f.model.Backend.(sampling.Counter)
	return f.model.Counter == nil && !counts
}

func (f *fitting) tooLong(tokens int) error {
	hint := "shorten them, or lower MaxTokens"
	if f.countsBytes() {
		hint += "; without a Counter each byte counts as a token, so setting Model.Counter may be enough"
	}
	return fmt.Errorf("fewshot: %w: instruction and query alone have %d tokens, but MaxTokens leaves only %d; %s",
		sampling.ErrBudget, tokens, f.budget, hint)
}

// Picks are the examples to show for one query, as indexes into the pool, each
// at most once. Pinned come first, the same for all queries as a rule, so that a
// prefix cache serves them. Of Chosen the last is nearest the query, which is
// where a model heeds it most.
//
// Where the window is too small, Chosen are dropped from their first on, and then
// Pinned from their last on.
type Picks struct {
	Pinned, Chosen []int
}

func (p Picks) len() int { return len(p.Pinned) + len(p.Chosen) }

// valued returns the pick that is the k-th most valuable, counting from 0.
func (p Picks) valued(k int) int {
	if k < len(p.Pinned) {
		return p.Pinned[k]
	}
	return p.Chosen[len(p.Chosen)-1-(k-len(p.Pinned))]
}

// first returns the k most valuable picks, in the order of the prompt.
func (p Picks) first(k int) []int {
	if k <= len(p.Pinned) {
		return p.Pinned[:k:k]
	}
	chosen := p.Chosen[len(p.Chosen)-(k-len(p.Pinned)):]
	if len(p.Pinned) == 0 {
		return chosen
	}
	return slices.Concat(p.Pinned, chosen)
}

// dropped returns all but the k most valuable picks, the least valuable first.
func (p Picks) dropped(k int) []int {
	n := p.len() - k
	if n <= len(p.Chosen) {
		return p.Chosen[:n:n]
	}
	pinned := slices.Clone(p.Pinned[k:])
	slices.Reverse(pinned)
	return slices.Concat(p.Chosen, pinned)
}

// check refuses what a faulty Selector returned. Its cost follows from the
// examples picked, not from the pool.
func (p Picks) check(pool int) error {
	sorted := slices.Concat(p.Pinned, p.Chosen)
	slices.Sort(sorted)
	for at, i := range sorted {
		if i < 0 || i >= pool {
			return fmt.Errorf("fewshot: the Selector returned index %d for a pool of %d examples", i, pool)
		}
		if at > 0 && i == sorted[at-1] {
			return fmt.Errorf("fewshot: the Selector returned index %d twice", i)
		}
	}
	return nil
}

// errNoSelector is what a Selector made of another returns without it.
var errNoSelector = errors.New("the Selector for the rest is nil; give it one, or use First")
