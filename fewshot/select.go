package fewshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
)

// A Selector chooses the examples to show for a query, and their order: it
// returns indexes into pool, each at most once. The last stands nearest the
// query, which is where a model heeds it most, and is the last to be dropped
// when the window is full. The pool is never empty, since a Task without examples
// asks no Selector; it holds the examples as text, and must not be changed.
// Selectors are safe for concurrent use.
//
// A query is never among its own examples: the Selectors of this module pass
// over those whose input is the query, byte for byte. Where that leaves fewer
// than were asked for, they give all that are left; asking for more than the
// pool holds is an error. So a pool can be measured on its own members.
//
// As long as a Task has not changed, each call gets the pool at the same place
// in memory, so a Selector may keep what it has worked out about it.
//
// Package fewshot/choose has more of them.
type Selector func(ctx context.Context, query string, pool []Example[string, string]) ([]int, error)

// First selects the first k examples, in order, whatever the query is, but for
// the query itself.
func First(k int) Selector {
	return func(_ context.Context, query string, pool []Example[string, string]) ([]int, error) {
		if err := checkK(k, len(pool)); err != nil {
			return nil, err
		}
		order := make([]int, 0, k)
		for i := range pool {
			if len(order) == k {
				break
			}
			if pool[i].In != query {
				order = append(order, i)
			}
		}
		return order, nil
	}
}

// Random selects k examples in a random order. The seed alone decides, not the
// query, so that all queries share the same shots and a server's prefix cache
// serves them; a query that is one of the shots itself has the next instead.
func Random(k int, seed uint64) Selector {
	var made atomic.Pointer[[]int] // the permutation, which the size of the pool decides
	return func(_ context.Context, query string, pool []Example[string, string]) ([]int, error) {
		if err := checkK(k, len(pool)); err != nil {
			return nil, err
		}
		perm := made.Load()
		if perm == nil || len(*perm) != len(pool) {
			all := rand.New(rand.NewPCG(seed, 0)).Perm(len(pool))
			perm = &all
			made.Store(perm)
		}
		order := make([]int, 0, k)
		for _, i := range *perm {
			if len(order) == k {
				break
			}
			if pool[i].In != query {
				order = append(order, i)
			}
		}
		return order, nil
	}
}

// Similar selects the k examples whose input scores highest against the query,
// the highest last; of equal ones, the earlier in the pool counts as the
// higher. Each example is scored anew for each query, so it is meant for pools
// of some thousands; package fewshot/choose has indexes for more. A score that
// is NaN is an error. score must be safe for concurrent use.
func Similar(k int, score func(query, example string) float64) Selector {
	type scored struct {
		index int
		score float64
	}
	return func(ctx context.Context, query string, pool []Example[string, string]) ([]int, error) {
		if err := checkK(k, len(pool)); err != nil {
			return nil, err
		}
		if score == nil {
			return nil, errors.New("Similar has no score function; give it one, such as how many words two texts share")
		}
		all := make([]scored, 0, len(pool))
		for i := range pool {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if pool[i].In == query {
				continue
			}
			s := score(query, pool[i].In)
			if math.IsNaN(s) {
				return nil, fmt.Errorf("example %d of %d: its score for the query %q is NaN", i+1, len(pool), shorten(query, 80))
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
		return order, nil
	}
}

// Fixed selects the first k examples of the pool for every query, and behind
// them, nearer the query, those that then chooses from the rest. Since the
// prompts of all queries begin alike, a server that keeps what it has read of a
// prefix reads only what follows: this is the form to use where the constant
// part is long.
//
// Leave Task.Shots at 0 with it, and the window large enough: what stands first
// is the first to be left out.
func Fixed(k int, then Selector) Selector {
	first := First(k)
	return func(ctx context.Context, query string, pool []Example[string, string]) ([]int, error) {
		if then == nil {
			return nil, errors.New("Fixed has no Selector for the rest; give it one, or use First")
		}
		if err := checkK(k, len(pool)); err != nil {
			return nil, err
		}
		order, err := first(ctx, query, pool[:k])
		rest := pool[k:]
		if err != nil || len(rest) == 0 {
			return order, err
		}
		chosen, err := then(ctx, query, rest)
		if err != nil {
			return nil, fmt.Errorf("behind the first %d examples: %w", k, err)
		}
		if err := checkOrder(chosen, len(rest)); err != nil {
			return nil, err
		}
		for _, i := range chosen {
			order = append(order, k+i)
		}
		return order, nil
	}
}

// Reverse selects what s selects, in the opposite order: the most similar
// example first, say. It is there to measure what the order does.
func Reverse(s Selector) Selector {
	return func(ctx context.Context, query string, pool []Example[string, string]) ([]int, error) {
		if s == nil {
			return nil, errors.New("Reverse has no Selector; give it one")
		}
		order, err := s(ctx, query, pool)
		order = slices.Clone(order)
		slices.Reverse(order)
		return order, err
	}
}

func checkK(k, pool int) error {
	if k < 0 || k > pool {
		return fmt.Errorf("%d examples of a pool of %d; choose from 0 to %d", k, pool, pool)
	}
	return nil
}

// checkOrder refuses what a faulty Selector returned. Its cost follows from the
// examples chosen, not from the pool.
func checkOrder(order []int, pool int) error {
	for _, i := range order {
		if i < 0 || i >= pool {
			return fmt.Errorf("fewshot: the Selector returned index %d for a pool of %d examples", i, pool)
		}
	}
	sorted := slices.Clone(order)
	slices.Sort(sorted)
	for at := 1; at < len(sorted); at++ {
		if i := sorted[at]; i == sorted[at-1] {
			return fmt.Errorf("fewshot: the Selector returned example %d (index %d) twice", i+1, i)
		}
	}
	return nil
}
