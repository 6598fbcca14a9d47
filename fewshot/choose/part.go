package choose

import (
	"context"
	"errors"
	"fmt"

	"github.com/foreword-go/foreword/fewshot"
)

// partly prepares a Selector for some examples of a pool. The Picker returns indexes
// into the whole pool.
func partly(pool []example, indexes []int, s fewshot.Selector) (fewshot.Picker, error) {
	part := make([]example, len(indexes))
	for i, at := range indexes {
		part[i] = pool[at]
	}
	picker, err := s(part)
	if err == nil && picker == nil {
		err = errors.New("the Selector returned neither a Picker nor an error")
	}
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, query string) (fewshot.Picks, error) {
		picks, err := picker(ctx, query)
		if err != nil {
			return fewshot.Picks{}, err
		}
		for _, chosen := range []*[]int{&picks.Pinned, &picks.Chosen} {
			mapped := make([]int, len(*chosen))
			for i, at := range *chosen {
				if at < 0 || at >= len(indexes) {
					return fewshot.Picks{}, fmt.Errorf("the Selector returned index %d for a pool of %d examples", at, len(indexes))
				}
				mapped[i] = indexes[at]
			}
			*chosen = mapped
		}
		return picks, nil
	}, nil
}

// compared returns a ranking of the whole pool, whose Alike compares any two examples.
// It also returns the Rank.
func compared(r Ranker, pool []example) (*Ranking, Rank, error) {
	rank, err := prepare(1, r, pool)
	if err != nil {
		return nil, nil, err
	}
	whole, err := rank(context.Background(), "", len(pool))
	if err == nil && whole.Alike == nil && len(pool) > 0 {
		err = fmt.Errorf("the Ranker %T does not compare examples with one another; set Ranking.Alike", r)
	}
	return whole, rank, err
}
