package choose

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/foreword-go/foreword/fewshot"
)

// Balanced selects equally many examples of every label, which is their Out:
// each chooses from those of one label at a time, so that
//
//	choose.Balanced(choose.BM25(2))
//
// gives the two nearest of each. A model leans towards the answers that it sees
// more often, and towards the one that it sees last (Zhao et al., Calibrate
// Before Use, 2021). So where each gives fewer of one label, since the query is
// among its examples, there are fewer of all; and no label is favoured at the
// end:
//
// The examples stand in rounds of one of each label, the last round nearest the
// query, with the last that each chose for every label. Within a round, the
// labels are shuffled anew. The query alone decides how, by a hash of its bytes,
// so each label stands last for its share of all queries, and always the same
// for one query.
//
// It is meant for labels, not for free text: with each example a label of its
// own, it shows the whole pool.
func Balanced(each fewshot.Selector) fewshot.Selector {
	kept := new(keeper[[]group])
	return func(ctx context.Context, query string, pool []example) ([]int, error) {
		if each == nil {
			return nil, errors.New("Balanced has no Selector; give it one, such as BM25(2)")
		}
		if err := ctx.Err(); err != nil || len(pool) == 0 {
			return nil, err
		}
		groups, err := kept.of(ctx, pool, func(_ context.Context, groups *[]group) error {
			*groups = byLabel(pool)
			return nil
		})
		if err != nil {
			return nil, err
		}
		share := math.MaxInt
		chosen := make([][]int, len(*groups)) // indexes into the group's pool
		for i, g := range *groups {
			chosen[i], err = each(ctx, query, g.pool)
			if err != nil {
				return nil, fmt.Errorf("label %q: %w", shorten(g.label), err)
			}
			for _, at := range chosen[i] {
				if at < 0 || at >= len(g.pool) {
					return nil, fmt.Errorf("label %q: the Selector returned index %d for a pool of %d examples", shorten(g.label), at, len(g.pool))
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
				at := chosen[i][len(chosen[i])-left]
				order = append(order, (*groups)[i].indexes[at])
			}
		}
		return order, nil
	}
}

// A group is the examples of one label: a pool of its own, which stays where it
// is, so that Selectors can keep what they work out about it.
type group struct {
	label   string
	pool    []example
	indexes []int // of the examples in the pool as a whole
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
		groups[g].pool = append(groups[g].pool, e)
		groups[g].indexes = append(groups[g].indexes, i)
	}
	return groups
}
