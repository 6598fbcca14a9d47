package fewshot

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/foreword-go/foreword/sampling"
)

// fill lays out the picked shots and the query, as many shots as fit.
func (c *column) fill(ctx context.Context, p *Prompt, m sampling.Model, budget int, input string, picks Picks) error {
	p.Stop, p.column, p.input = c.layout.stops, c, input
	kept := picks.len()
	if budget == math.MaxInt {
		p.Text = c.join(picks.first(kept), input)
	} else {
		p.Budget = budget
		var err error
		if kept, err = p.fit(ctx, m, picks); err != nil {
			return err
		}
	}
	p.Shots = c.shown(picks.first(kept))
	if kept < picks.len() {
		p.Dropped = c.shown(picks.dropped(kept))
	}
	return nil
}

// fit finds how many of n shots fit the budget and sets the text with them. The result
// is within one shot of the best, and nearly always the best.
//
// It counts whole prompts, at most 1 + log2(n) of them. The number of shots to try is
// an estimate from the bytes of a token in the last prompt. The first estimate is high
// on purpose: a small upper bound lets later estimates go anywhere, and three counts
// are usually enough. An estimate is moved where bisecting the larger rest could need
// too many counts.
func (p *Prompt) fit(ctx context.Context, m sampling.Model, picks Picks) (kept int, err error) {
	n := picks.len()
	fits, over := -1, n+1 // the most shots known to fit, the fewest known not to
	perToken := 5.0       // most texts have fewer bytes in a token
	if countsBytes(m) {
		perToken = 1
	}
	for left := max(bits.Len(uint(n)), 1) - 1; left >= 0 && over-fits > 1; left-- {
		// With left more counts, an interval of twice 1<<left ends at one shot.
		span := 2 << left
		try := max(p.estimate(picks, perToken), fits+1, over-span)
		if fits < 0 {
			span-- // no shots at all must be counted too
		}
		try = min(try, over-1, fits+span)
		text := p.column.join(picks.first(try), p.input)
		tokens, err := m.Count(ctx, text)
		if err != nil {
			return 0, fmt.Errorf("fewshot: counting the prompt's tokens: %w", err)
		}
		if tokens <= p.Budget {
			fits = try
			p.Text, p.Tokens = text, tokens
		} else if over = try; try == 0 {
			return 0, tooLong(m, tokens, p.Budget)
		}
		if tokens > 0 {
			perToken = float64(len(text)) / float64(tokens)
		}
	}
	return fits, nil
}

// estimate returns how many shots fit if a token has so many bytes.
func (p *Prompt) estimate(picks Picks, perToken float64) int {
	c := p.column
	room := float64(p.Budget)*perToken - float64(len(c.head())+len(c.layout.format.Before)+len(p.input)+len(c.layout.open))
	n := picks.len()
	for k := range n {
		if room -= float64(len(c.shot(picks.valued(k)))); room < 0 {
			return k
		}
	}
	return n
}

// countsBytes reports whether m certainly counts each byte as a token.
func countsBytes(m sampling.Model) bool {
	_, counts := m.Backend.(sampling.Counter)
	return m.Counter == nil && !counts
}

func tooLong(m sampling.Model, tokens, budget int) error {
	hint := "shorten them, or lower MaxTokens"
	if countsBytes(m) {
		hint += "; without a Counter each byte counts as a token, so set Model.Counter"
	}
	return fmt.Errorf("fewshot: %w: instruction and query alone have %d tokens, but MaxTokens leaves only %d; %s",
		sampling.ErrBudget, tokens, budget, hint)
}

// Picks are the examples to show for one query, as indexes into the pool, each
// at most once. Pinned come first. They are usually the same for all queries, so a
// prefix cache serves them. The last of Chosen is nearest the query, where it has the
// most influence.
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
