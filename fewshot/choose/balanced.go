package choose

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/foreword-go/foreword/fewshot"
)

// Balanced selects equally many examples of every label, which is their Out:
// each chooses from those of one label at a time, so that
//
//	choose.Balanced(choose.BM25(2))
//
// gives the two nearest of each. A model prefers the answers that it sees more often
// or last (Zhao et al., Calibrate Before Use, 2021). So every label has the same
// number of examples, and each label is last for its share of the queries.
//
// The examples come in rounds of one of each label, the nearest examples in the last
// round. Within a round the labels are shuffled by a hash of the query, so that one
// query always gets the same order.
//
// It is for labels, not for free text: if each example has its own label, it shows
// the whole pool.
func Balanced(each fewshot.Selector) fewshot.Selector {
	return func(pool []example) (fewshot.Picker, error) {
		if each == nil {
			return nil, errors.New("Balanced has no Selector; give it one, such as BM25(2)")
		}
		groups := byLabel(pool)
		for i, g := range groups {
			var err error
			if groups[i].pick, err = partly(pool, g.indexes, each); err != nil {
				return nil, fmt.Errorf("label %q: %w", shorten(g.label), err)
			}
		}
		return func(ctx context.Context, query string) (fewshot.Picks, error) {
			return balanced(ctx, query, pool, groups)
		}, nil
	}
}

func balanced(ctx context.Context, query string, pool []example, groups []group) (fewshot.Picks, error) {
	if len(groups) == 0 {
		return fewshot.Picks{}, nil
	}
	share := math.MaxInt
	chosen := make([][]int, len(groups))
	for i, g := range groups {
		picks, err := g.pick(ctx, query)
		if err != nil {
			return fewshot.Picks{}, fmt.Errorf("label %q: %w", shorten(g.label), err)
		}
		for _, at := range slices.Concat(picks.Pinned, picks.Chosen) {
			if pool[at].In != query {
				chosen[i] = append(chosen[i], at)
			}
		}
		share = min(share, len(chosen[i]))
	}
	h := fnv.New64a()
	h.Write([]byte(query))
	rng := rand.New(rand.NewPCG(h.Sum64(), 0))
	order := make([]int, 0, share*len(chosen))
	for left := share; left > 0; left-- {
		for _, i := range rng.Perm(len(chosen)) {
			order = append(order, chosen[i][len(chosen[i])-left])
		}
	}
	return fewshot.Picks{Chosen: order}, nil
}

// A group is the examples of one label, with their own picker.
type group struct {
	pick    fewshot.Picker
	label   string
	indexes []int // into the whole pool
}

// byLabel returns the groups in the order in which their labels first come.
func byLabel(pool []example) []group {
	var groups []group
	at := map[string]int{}
	for i, e := range pool {
		g, ok := at[e.Out]
		if !ok {
			g = len(groups)
			at[e.Out] = g
			groups = append(groups, group{label: e.Out})
		}
		groups[g].indexes = append(groups[g].indexes, i)
	}
	return groups
}
