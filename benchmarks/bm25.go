package main

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// A plainBM25 scores every example by the formula itself, to tell whether an
// index does what it says. It is for text in lower case with single spaces.
type plainBM25 struct {
	words    [][]string     // of each example
	examples map[string]int // how many have a word
	mean     float64        // words in an example

	// asBleve weighs as bleve does: a word's rarity counts twice, once for the
	// query and once for the example; the square root of how often a word stands
	// there counts; a score is multiplied by the share of the query's words that
	// the example has; and what it takes for the mean length is the sum of the
	// different words of each batch over the number of examples, rounded up.
	asBleve bool
}

func newPlainBM25(pool []pair, asBleve bool) *plainBM25 {
	x := &plainBM25{examples: map[string]int{}, asBleve: asBleve}
	total, different, batch := 0, 0, map[string]bool{}
	for i, p := range pool {
		words := strings.Fields(p.In)
		x.words = append(x.words, words)
		total += len(words)
		if i%batchOf(pool) == 0 {
			clear(batch)
		}
		for j, word := range words {
			if !slices.Contains(words[:j], word) {
				x.examples[word]++
			}
			if !batch[word] {
				batch[word] = true
				different++
			}
		}
	}
	x.mean = float64(total) / float64(len(pool))
	if asBleve {
		x.mean = math.Ceil(float64(different) / float64(len(pool)))
	}
	return x
}

func (x *plainBM25) search(query string, k int) ([]int, error) {
	const k1, b = 1.2, 0.75
	type hit struct {
		index int
		score float64
	}
	asked := strings.Fields(query)
	hits := make([]hit, len(x.words))
	for i, words := range x.words {
		hits[i].index = i
		matched := 0
		for _, word := range asked {
			f := 0.0
			for _, w := range words {
				if w == word {
					f++
				}
			}
			if f == 0 {
				continue
			}
			matched++
			if x.asBleve {
				f = math.Sqrt(f)
			}
			with := float64(x.examples[word])
			idf := math.Log(1 + (float64(len(x.words))-with+0.5)/(with+0.5))
			score := idf * f / (f + k1*(1-b+b*float64(len(words))/x.mean))
			if x.asBleve {
				score *= idf
			}
			hits[i].score += score
		}
		if x.asBleve {
			hits[i].score *= float64(matched) / float64(len(asked))
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.score, a.score) })
	order := make([]int, k)
	for i := range order {
		order[i] = hits[i].index
	}
	return order, nil
}

func (*plainBM25) Close() error { return nil }
