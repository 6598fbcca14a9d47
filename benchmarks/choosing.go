package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/fewshot/choose"
)

// chosen is how many examples are asked for.
const chosen = 10

// A searcher is an index that is ready.
type searcher interface {
	// search returns the k examples nearest a query, the nearest first.
	search(query string, k int) ([]int, error)
	Close() error
}

// An indexer makes a searcher of a pool.
type indexer struct {
	name  string
	make  func(pool []pair) (searcher, error)
	bleve bool // whether it weighs as bleve does: see plainBM25
}

var indexers = []indexer{
	{"choose.BM25", newBM25, false},
	{"bleve, scorch in memory", newScorch, true},
}

const (
	atBM25 = iota
	atScorch
)

// A bm25 is the library's searcher.
type bm25 struct {
	rank choose.Rank
}

func newBM25(pool []pair) (searcher, error) {
	rank, err := choose.Words{}.Prepare(pool)
	return bm25{rank}, err
}

func (x bm25) search(query string, k int) ([]int, error) {
	ranking, err := x.rank(context.Background(), query, k)
	if err != nil {
		return nil, err
	}
	return ranking.Order, nil
}

func (bm25) Close() error { return nil }

// A growth is how many examples there are, and what is measured with them.
type growth struct {
	examples    int
	repetitions int // of building an index
	queries     int
}

func (r *runner) choosingSizes() []growth {
	if r.quick {
		return []growth{{2000, 1, 4}}
	}
	return []growth{{10_000, r.repetitions, 32}, {100_000, r.repetitions, 16}, {1_000_000, 1, 8}}
}

// overlap is the share of the examples chosen by one that the other has too, on
// average over the queries.
func overlap(a, b searcher, asked []string) (float64, error) {
	same := 0
	for _, query := range asked {
		first, err := a.search(query, chosen)
		if err != nil {
			return 0, err
		}
		second, err := b.search(query, chosen)
		if err != nil {
			return 0, err
		}
		if len(first) != chosen || len(second) != chosen {
			return 0, fmt.Errorf("%d and %d examples for %q, want %d", len(first), len(second), query, chosen)
		}
		for _, i := range first {
			if slices.Contains(second, i) {
				same++
			}
		}
	}
	return float64(same) / float64(chosen*len(asked)), nil
}

// found is the share of some examples that come first when they are asked for by
// two of every three of their words.
func found(index searcher, pool []pair, examples int) (float64, error) {
	first := 0
	for n := range examples {
		i := n * (len(pool) / examples)
		var asked []string
		for j, word := range strings.Fields(pool[i].In) {
			if j%3 != 1 {
				asked = append(asked, word)
			}
		}
		order, err := index.search(strings.Join(asked, " "), 1)
		if err != nil {
			return 0, err
		}
		if len(order) == 1 && order[0] == i {
			first++
		}
	}
	return float64(first) / float64(examples), nil
}

// choosingAgree wants of each side that it finds the examples with the highest
// scores by the formula that it says it follows. A few may differ, since scores
// are rounded differently and equal ones have another order.
func choosingAgree(r *runner) error {
	pool, asked := reviews(2000, 7), queries(50, 10)
	for _, indexer := range indexers {
		index, err := indexer.make(pool)
		if err != nil {
			return err
		}
		defer index.Close()
		share, err := overlap(index, newPlainBM25(pool, indexer.bleve), asked)
		if err != nil {
			return err
		}
		if share < 0.98 {
			return fmt.Errorf("%.1f %% of the examples chosen by %s have the highest scores", 100*share, indexer.name)
		}
	}
	return nil
}

func measureChoosing(r *runner) (*section, error) {
	built := table{Caption: "Time to build the index.", Head: []string{""}}
	kept := table{Caption: "Heap memory of the index, without the examples.", Head: []string{""}}
	asked := table{Caption: fmt.Sprintf("Time of a query: 10 words, %d nearest examples.", chosen), Head: []string{""}}
	for _, indexer := range indexers {
		built.Rows, kept.Rows, asked.Rows = append(built.Rows, []string{indexer.name}), append(kept.Rows, []string{indexer.name}), append(asked.Rows, []string{indexer.name})
	}
	alike := table{Caption: "Agreement of the results.", Head: []string{""}, Rows: [][]string{
		{"share of the chosen examples that both choose"},
		{"an example is first when the query has two of three of its words: choose.BM25"},
		{"the same: bleve"},
	}}
	var faster []figure
	var names []string
	for _, size := range r.choosingSizes() {
		name := count(size.examples) + " examples"
		pool := reviews(size.examples, 7)
		var builders []builder
		for _, indexer := range indexers {
			builders = append(builders, builder{indexer.name, func() (any, error) { return indexer.make(pool) }})
		}
		made, values, err := r.build("choosing: building indexes of "+name, size.repetitions, builders...)
		if err != nil {
			return nil, err
		}
		wanted := queries(size.queries, 10)
		var benchmarks []benchmark
		for i, b := range builders {
			index := values[i].(searcher)
			defer index.Close()
			benchmarks = append(benchmarks, loop(b.name, func() error {
				for _, query := range wanted {
					if _, err := index.search(query, chosen); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		results, err := r.measure("choosing: asking of "+name, benchmarks...)
		if err != nil {
			return nil, err
		}
		for i := range indexers {
			cells := [3]string{"", "", ""}
			if i < len(results) {
				perQuery := newFigure(results[i].time)
				perQuery.Center, perQuery.Lo, perQuery.Hi = perQuery.Center/float64(size.queries), perQuery.Lo/float64(size.queries), perQuery.Hi/float64(size.queries)
				cells = [3]string{newFigure(made[i].time).duration(), newFigure(made[i].kept).size(), perQuery.duration()}
				if i != atBM25 {
					cells[0] += ", " + ratio(made[i].time, made[atBM25].time).times() + " times"
					cells[2] += ", " + ratio(results[i].time, results[atBM25].time).times() + " times"
				}
			}
			built.Rows[i], kept.Rows[i], asked.Rows[i] = append(built.Rows[i], cells[0]), append(kept.Rows[i], cells[1]), append(asked.Rows[i], cells[2])
		}
		bm25, scorch := values[atBM25].(searcher), values[atScorch].(searcher)
		share, err := overlap(bm25, scorch, wanted)
		if err != nil {
			return nil, err
		}
		alike.Rows[0] = append(alike.Rows[0], significant(100*share)+" %")
		for i, index := range []searcher{bm25, scorch} {
			if share, err = found(index, pool, 50); err != nil {
				return nil, err
			}
			alike.Rows[1+i] = append(alike.Rows[1+i], significant(100*share)+" %")
		}
		for _, t := range []*table{&built, &kept, &asked, &alike} {
			t.Head = append(t.Head, name)
		}
		faster, names = append(faster, ratio(results[atScorch].time, results[atBM25].time)), append(names, name)
	}
	nearest, at := least(faster, names)
	return &section{
		Title: "Choosing",
		Text: `The examples are sentences of 5 to 20 invented words. The vocabulary has 50,000 words, with frequencies like those of a language.
Both sides lower-case the words, remove stop words and score by BM25 with the same constants. bleve stores neither the text nor
positions, and holds its index in memory, in ten segments.`,
		Tables: []table{built, kept, asked, alike},
		Goals: []goal{
			atLeast("at least 10 times faster a query than bleve in memory", nearest, 10, nearest.times()+" at "+at+", the lowest"),
		},
		Notes: []string{`The index of 1,000,000 examples is built once, so its time and memory have no interval. The two choose different examples because
bleve's BM25 differs from the textbook's. It squares a word's rarity, takes the square root of its occurrences, and multiplies by
the share of the query's words that an example has. Before anything is measured, each side's choice is compared with a plain
calculation of its own formula. bleve is a complete search engine: it updates and stores its index, and answers many kinds of
queries. Its other index in memory, NewMemOnly, has no BM25.`},
	}, nil
}
