package choose

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foreword-go/foreword/fewshot"
)

// slowMarginal is the rule in the comment of Diverse, worked out from scratch at
// each step.
func slowMarginal(scores []float64, alike func(i, j int) float64, k int, relevance float64) []int {
	var chosen []int
	for len(chosen) < min(k, len(scores)) {
		next, greatest := -1, math.Inf(-1)
		for i := range scores {
			if slices.Contains(chosen, i) {
				continue
			}
			likeness := 0.0
			for at, j := range chosen {
				if a := alike(i, j); at == 0 || a > likeness {
					likeness = a
				}
			}
			if m := relevance*scores[i] - (1-relevance)*likeness; m > greatest {
				next, greatest = i, m
			}
		}
		chosen = append(chosen, next)
	}
	return chosen
}

func FuzzDiverse(f *testing.F) {
	for seed := range uint64(30) {
		f.Add(seed, uint8(seed*9), uint8(seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, size, count uint8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		pool := densePool(rng, 1+int(size)%120)
		k := int(count) % (len(pool) + 1)
		query := densePool(rng, 1)[0].In
		relevance := float64(rng.IntN(9)) / 8
		vectors := embedded{Embedder: EmbedderFunc(func(_ context.Context, texts []string) ([][]float32, error) {
			all := make([][]float32, len(texts))
			for i, text := range texts {
				all[i] = []float32{1, -1, 0} // directions to all sides
				for j := range len(text) {
					all[i][text[j]%3] += float32(text[j]%5) - 2
				}
				if all[i][0] == 0 && all[i][1] == 0 && all[i][2] == 0 {
					all[i][0] = 1
				}
			}
			return all, nil
		})}
		for _, r := range []Ranker{Words{}, vectors} {
			order, err := pick(t.Context(), Diverse(k, relevance, r), query, pool)
			if err != nil {
				t.Fatal(err)
			}
			ranking, err := rankOf(t.Context(), r, query, pool, min(10*k, len(pool)))
			if err != nil {
				t.Fatal(err)
			}
			var want []int
			for _, at := range slices.Sorted(slices.Values(slowMarginal(ranking.Scores, ranking.Alike, k, relevance))) {
				want = append(want, ranking.Order[at])
			}
			slices.Reverse(want)
			if !slices.Equal(order, want) {
				t.Fatalf("%T, %d of %d with relevance %v: %v, want %v", r, k, len(pool), relevance, order, want)
			}
			if top, err := pick(t.Context(), Top(k, r), query, pool); relevance == 1 && (err != nil || !slices.Equal(order, top)) {
				t.Fatalf("%T: relevance alone gives %v, and Top %v, %v", r, order, top, err)
			}
			for i := range ranking.Order[:min(10, len(ranking.Order))] {
				for j := range i + 1 {
					a, b := ranking.Alike(i, j), ranking.Alike(j, i)
					if a != b || !(a >= -1.0001 && a <= 1.0001) {
						t.Fatalf("%T: %d is like %d by %v, and %d like %d by %v", r, i, j, a, j, i, b)
					}
				}
			}
		}
	})
}

// TestAlikeIsACosine pins the likeness of texts by words.
func TestAlikeIsACosine(t *testing.T) {
	pool := []example{{In: "red cat"}, {In: "cat, RED!"}, {In: "red cat red cat"}, {In: "blue dog"}, {In: "blue cat"}, {In: "?"}}
	r, err := rankOf(t.Context(), Words{}, "red cat blue", pool, len(pool))
	if err != nil {
		t.Fatal(err)
	}
	alike := func(a, b int) float64 { return r.Alike(slices.Index(r.Order, a), slices.Index(r.Order, b)) }
	for _, tt := range []struct {
		a, b     int
		from, to float64
	}{
		{0, 0, 0.999, 1.001},
		{0, 1, 0.999, 1.001},
		{0, 2, 0.999, 1.001},
		{0, 3, 0, 0},
		{0, 4, 0.1, 0.6},
		{3, 4, 0.4, 0.9},
		{0, 5, 0, 0},
		{5, 5, 0, 0}, // a text without words is like none
	} {
		if got := alike(tt.a, tt.b); got < tt.from || got > tt.to {
			t.Errorf("%q and %q are alike by %v, want %v to %v", pool[tt.a].In, pool[tt.b].In, got, tt.from, tt.to)
		}
	}
}

// rankerFunc is somebody else's Ranker.
type rankerFunc func(n int) (*Ranking, error)

func (f rankerFunc) Prepare([]example) (Rank, error) {
	return func(_ context.Context, _ string, n int) (*Ranking, error) { return f(n) }, nil
}

// TestARankingStaysAsItIs: a Ranker may return one Ranking for every query.
func TestARankingStaysAsItIs(t *testing.T) {
	whole := &Ranking{Order: []int{2, 0, 1}, Scores: []float64{3, 2, 1}, Alike: func(int, int) float64 { return 0 }}
	same := rankerFunc(func(int) (*Ranking, error) { return whole, nil })
	for _, choose := range []fewshot.Selector{Top(3, same), Diverse(3, 0.5, same)} {
		for range 2 {
			got, err := pick(t.Context(), choose, "q", make([]example, 3))
			if want := []int{1, 0, 2}; err != nil || !slices.Equal(got, want) {
				t.Errorf("chose %v, %v; want %v", got, err, want)
			}
		}
	}
}

func TestRankersThatAreWrong(t *testing.T) {
	pool := make([]example, 30)
	tests := []struct {
		name   string
		choose fewshot.Selector
	}{
		{"no Ranker", Top(1, nil)},
		{"no Ranker to be diverse with", Diverse(1, 0.5, nil)},
		{"negative", Diverse(-1, 0.5, Words{})},
		{"relevance over 1", Diverse(1, 1.5, Words{})},
		{"relevance NaN", Diverse(1, math.NaN(), Words{})},
		{"an error", Top(1, rankerFunc(func(int) (*Ranking, error) { return nil, errors.ErrUnsupported }))},
		{"nothing at all", Top(1, rankerFunc(func(int) (*Ranking, error) { return nil, nil }))},
		{"too many", Top(1, rankerFunc(func(n int) (*Ranking, error) {
			return &Ranking{Order: make([]int, n+1), Scores: make([]float64, n+1)}, nil
		}))},
		{"scores missing", Top(2, rankerFunc(func(n int) (*Ranking, error) {
			return &Ranking{Order: []int{1, 2}, Scores: []float64{1}}, nil
		}))},
		{"a score that is not a number", Diverse(2, 0.5, rankerFunc(func(n int) (*Ranking, error) {
			return &Ranking{Order: []int{7, 2}, Scores: []float64{1, math.NaN()}}, nil
		}))},
		{"an index out of range", Top(2, rankerFunc(func(n int) (*Ranking, error) {
			return &Ranking{Order: []int{7, 30}, Scores: []float64{1, 1}}, nil
		}))},
		{"no likeness", Diverse(2, 0.5, rankerFunc(func(n int) (*Ranking, error) {
			return &Ranking{Order: []int{1, 2}, Scores: []float64{1, 1}}, nil
		}))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			order, err := pick(t.Context(), tt.choose, "q", pool)
			if err == nil {
				t.Fatalf("chose %v", order)
			}
			if tt.name == "an error" && !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%v, want the Ranker's error", err)
			}
		})
	}
}
