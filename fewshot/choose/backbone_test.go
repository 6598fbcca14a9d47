package choose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/foreword-go/foreword/fewshot"
)

// topics is a pool of texts about fruit, metal and weather, and one about nothing
// else's topic.
func topics() []example {
	var pool []example
	for i := range 8 {
		pool = append(pool,
			example{In: fmt.Sprintf("fruit apple pear %d", i)},
			example{In: fmt.Sprintf("metal iron zinc %d", i+10)},
			example{In: fmt.Sprintf("weather rain snow %d", i+20)})
	}
	return append(pool, example{In: "xyzzy"})
}

func topic(text string) string { return text[:5] }

func TestBackbone(t *testing.T) {
	pool := topics()
	picker, err := Backbone(3, Words{}, BM25(2))(pool)
	if err != nil {
		t.Fatal(err)
	}
	var pinned []int
	for _, query := range []string{"apple pear", "zinc", "snow", ""} {
		picks, err := picker(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		if len(picks.Pinned) != 3 || len(picks.Chosen) != 2 {
			t.Fatalf("%q: %+v", query, picks)
		}
		if pinned == nil {
			pinned = picks.Pinned
		}
		if !slices.Equal(pinned, picks.Pinned) {
			t.Errorf("%q: pinned %v, and %v for another query", query, picks.Pinned, pinned)
		}
		for _, i := range picks.Chosen {
			if slices.Contains(pinned, i) {
				t.Errorf("%q: %d is picked twice", query, i)
			}
		}
	}
	// One of each topic, and not the outlier.
	seen := map[string]bool{}
	for _, i := range pinned {
		seen[topic(pool[i].In)] = true
	}
	if len(seen) != 3 || seen["xyzzy"] {
		t.Errorf("the backbone is %v", pinned)
	}
	picks, err := picker(t.Context(), "zinc")
	if err != nil || topic(pool[picks.Chosen[0]].In) != "metal" || topic(pool[picks.Chosen[1]].In) != "metal" {
		t.Errorf("%+v, %v; want two about metal after the backbone", picks, err)
	}
}

// TestBackboneCoversThePool compares with all pairs: the greedy choice covers at
// least 1-1/e of what the best pair does (Nemhauser et al. 1978).
func TestBackboneCoversThePool(t *testing.T) {
	for _, n := range []int{2, 3, 7, 30} {
		e, pool := compass(n)
		picker, err := Backbone(2, embedded{Embedder: e}, fewshot.First(0))(pool)
		if err != nil {
			t.Fatal(err)
		}
		picks, err := picker(t.Context(), pool[0].In)
		if err != nil {
			t.Fatal(err)
		}
		cover := func(chosen ...int) (sum float64) {
			for i := range pool {
				best := 0.0
				for _, c := range chosen {
					a, b := make([]float32, 2), make([]float32, 2)
					if normalize(a, e.vectors[pool[i].In]) != nil || normalize(b, e.vectors[pool[c].In]) != nil {
						t.Fatal("no direction")
					}
					best = max(best, float64(a[0]*b[0]+a[1]*b[1]))
				}
				sum += best
			}
			return sum
		}
		most := 0.0
		for i := range n {
			for j := range i {
				most = max(most, cover(i, j))
			}
		}
		if got := cover(picks.Pinned...); len(picks.Pinned) != 2 || got < 0.63*most {
			t.Errorf("of %d, %v cover %v, and the best two %v", n, picks.Pinned, got, most)
		}
	}
}

func TestBackboneOfLargePools(t *testing.T) {
	pool := make([]example, 5000)
	for i := range pool {
		pool[i].In = fmt.Sprintf("word%d and word%d", i%7, i%11)
	}
	for _, k := range []int{0, 1, 20, 5000, 6000} {
		picker, err := Backbone(min(k, 1500), Words{}, fewshot.First(k))(pool)
		if err != nil {
			t.Fatal(err)
		}
		picks, err := picker(t.Context(), "word1")
		if err != nil || len(picks.Pinned) != min(k, 1500) {
			t.Fatalf("%d pinned of %d, %v", len(picks.Pinned), k, err)
		}
		all := slices.Concat(picks.Pinned, picks.Chosen)
		slices.Sort(all)
		if n := len(slices.Compact(all)); n != min(min(k, 1500)+k, len(pool)) {
			t.Errorf("%d different examples for %d and %d", n, min(k, 1500), k)
		}
	}
}

func TestDistinct(t *testing.T) {
	pool := []example{
		{In: "the soup was cold and thin"},
		{In: "the soup was cold and thin!"}, // the same words
		{In: "a bright screen"},
		{In: "the soup was cold and hot"},
		{In: "A bright, bright screen"},
		{In: "a bright screen and a bright light"},
	}
	for _, tt := range []struct {
		likeness float64
		want     []int
	}{
		{1, []int{0, 2, 3, 4, 5}},
		{0.9, []int{0, 2, 3, 5}},
		{0.3, []int{0, 2}},
	} {
		got, err := pick(t.Context(), Distinct(tt.likeness, Words{}, fewshot.First(9)), "q", pool)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("likeness %v: %v, %v; want %v", tt.likeness, got, err, tt.want)
		}
	}
	// What is left is what the Selector chooses from.
	got, err := pick(t.Context(), Distinct(0.99, Words{}, BM25(2)), "cold thin soup", pool)
	if want := []int{3, 0}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}

func TestNothingToRepresent(t *testing.T) {
	for name, s := range map[string]fewshot.Selector{"Backbone": Backbone(3, Words{}, BM25(2)), "Distinct": Distinct(0.9, Words{}, BM25(2))} {
		if got, err := pick(t.Context(), s, "q", nil); err != nil || len(got) > 0 {
			t.Errorf("%s of an empty pool: %v, %v", name, got, err)
		}
	}
}

func TestBackboneMistakes(t *testing.T) {
	pool := topics()
	broken := errors.New("broken")
	alone := rankerFunc(func(int) (*Ranking, error) { return &Ranking{}, nil })
	for name, s := range map[string]fewshot.Selector{
		"a negative number":      Backbone(-1, Words{}, BM25(1)),
		"no Ranker":              Backbone(1, nil, BM25(1)),
		"no Selector":            Backbone(1, Words{}, nil),
		"a Ranker without Alike": Backbone(1, alone, BM25(1)),
		"a Selector that fails":  Backbone(1, Words{}, func([]example) (fewshot.Picker, error) { return nil, broken }),
		"no Picker":              Backbone(1, Words{}, func([]example) (fewshot.Picker, error) { return nil, nil }),
		"a likeness of 0":        Distinct(0, Words{}, BM25(1)),
		"a likeness of 2":        Distinct(2, Words{}, BM25(1)),
		"distinct, no Ranker":    Distinct(1, nil, BM25(1)),
		"distinct, no Selector":  Distinct(1, Words{}, nil),
		"distinct without Alike": Distinct(1, alone, BM25(1)),
		"distinct, a faulty index": Distinct(1, Words{}, func([]example) (fewshot.Picker, error) {
			return func(context.Context, string) (fewshot.Picks, error) { return fewshot.Picks{Chosen: []int{99}}, nil }, nil
		}),
	} {
		if _, err := pick(t.Context(), s, "q", pool); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
