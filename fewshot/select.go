package fewshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// A Selector prepares a pool of examples, once for each [Task.Compile], and
// returns the [Picker] that chooses from it for each query. The pool holds the
// examples as text, without exact repeats. It is never empty. Do not change it.
//
// Where the pool has fewer examples than asked for, a Selector picks all of them.
// The Prompter leaves out an example that is the query itself. Package
// fewshot/choose has more Selectors.
type Selector func(pool []Example[string, string]) (Picker, error)

// A Picker picks the examples to show for a query. Pickers are safe for
// concurrent use.
type Picker func(ctx context.Context, query string) (Picks, error)

// prepare calls the Selector, and refuses a Picker that is nil.
func (s Selector) prepare(pool []pair) (Picker, error) {
	picker, err := s(pool)
	if err == nil && picker == nil {
		err = errors.New("the Selector returned neither a Picker nor an error")
	}
	return picker, err
}

// fixed always picks the same.
func fixed(order []int) Picker {
	return func(context.Context, string) (Picks, error) { return Picks{Chosen: order}, nil }
}

// below returns 0, 1, 2, ..., n-1.
func below(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// First picks the first k examples, in order, for every query. First(0) is
// zero-shot.
func First(k int) Selector {
	return func(pool []Example[string, string]) (Picker, error) {
		if err := checkK(k); err != nil {
			return nil, err
		}
		return fixed(below(min(k, len(pool)))), nil
	}
}

// Random picks k examples in a random order. The choice depends on the seed alone,
// so all queries have the same shots and share a server's prefix cache.
func Random(k int, seed uint64) Selector {
	return func(pool []Example[string, string]) (Picker, error) {
		if err := checkK(k); err != nil {
			return nil, err
		}
		return fixed(rand.New(rand.NewPCG(seed, 0)).Perm(len(pool))[:min(k, len(pool))]), nil
	}
}

// Similar picks the k examples whose input scores highest against the query, the
// highest last; of equal ones, the earlier in the pool counts as higher. Each query
// scores every example, which suits pools of some thousands; package
// fewshot/choose has indexes for more. A score that is NaN is
// an error. score must be safe for concurrent use.
func Similar(k int, score func(query, example string) float64) Selector {
	type scored struct {
		index int
		score float64
	}
	return func(pool []Example[string, string]) (Picker, error) {
		if err := checkK(k); err != nil {
			return nil, err
		}
		if score == nil {
			return nil, errors.New("Similar has no score function; give it one, such as how many words two texts share")
		}
		return func(ctx context.Context, query string) (Picks, error) {
			all := make([]scored, 0, len(pool))
			for i := range pool {
				if err := ctx.Err(); err != nil {
					return Picks{}, err
				}
				if pool[i].In == query {
					continue // the Prompter would leave it out, and one fewer be shown
				}
				s := score(query, pool[i].In)
				if math.IsNaN(s) {
					return Picks{}, fmt.Errorf("example %d of %d: its score for the query %q is NaN", i+1, len(pool), shorten(query, 80))
				}
				all = append(all, scored{i, s})
			}
			slices.SortFunc(all, func(a, b scored) int {
				return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(b.index, a.index))
			})
			all = all[max(0, len(all)-k):]
			order := make([]int, len(all))
			for i, s := range all {
				order[i] = s.index
			}
			return Picks{Chosen: order}, nil
		}, nil
	}
}

// Fixed shows the first k examples of the pool for every query, followed by those
// that then picks from the rest. All prompts begin with the same shots, so a
// server with a prefix cache reads only what follows them.
func Fixed(k int, then Selector) Selector {
	return func(pool []Example[string, string]) (Picker, error) {
		if err := checkK(k); err != nil {
			return nil, err
		}
		if then == nil {
			return nil, errors.New("the Selector for the rest is nil; give it one, or use First")
		}
		k := min(k, len(pool))
		pinned := below(k)
		rest := pool[k:]
		picker := fixed(nil)
		if len(rest) > 0 {
			var err error
			if picker, err = then.prepare(rest); err != nil {
				return nil, fmt.Errorf("after the first %d examples: %w", k, err)
			}
		}
		return func(ctx context.Context, query string) (Picks, error) {
			picks, err := picker(ctx, query)
			if err != nil {
				return Picks{}, fmt.Errorf("after the first %d examples: %w", k, err)
			}
			if err := picks.check(len(rest)); err != nil {
				return Picks{}, err
			}
			shift := func(order []int) []int {
				moved := make([]int, len(order))
				for i, at := range order {
					moved[i] = k + at
				}
				return moved
			}
			return Picks{Pinned: append(slices.Clip(pinned), shift(picks.Pinned)...), Chosen: shift(picks.Chosen)}, nil
		}, nil
	}
}

func checkK(k int) error {
	if k < 0 {
		return fmt.Errorf("%d examples; choose 0 or more", k)
	}
	return nil
}
