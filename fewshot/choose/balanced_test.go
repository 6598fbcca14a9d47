package choose

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foreword-go/foreword/fewshot"
)

// FuzzBalanced holds Balanced to its promises: equal shares, rounds of one of
// each label, and within a label the order of the Selector it is made of.
func FuzzBalanced(f *testing.F) {
	for seed := range uint64(30) {
		f.Add(seed, uint8(seed*9), uint8(seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, size, count uint8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		pool := densePool(rng, 1+int(size)%120)
		groups := map[string][]int{}
		for i, e := range pool {
			groups[e.Out] = append(groups[e.Out], i)
		}
		least := len(pool)
		for _, g := range groups {
			least = min(least, len(g))
		}
		k := int(count) % (least + 1)
		query := densePool(rng, 1)[0].In
		each := BM25(k)
		order, err := pick(t.Context(), Balanced(each), query, pool)
		if err != nil {
			t.Fatal(err)
		}
		// The oracle: choose for each label by hand, cut all to the fewest.
		share := k
		want := map[string][]int{}
		for label, g := range groups {
			var part []example
			for _, i := range g {
				part = append(part, pool[i])
			}
			chosen, err := pick(t.Context(), each, query, part)
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range chosen {
				want[label] = append(want[label], g[at])
			}
			share = min(share, len(chosen))
		}
		if len(order) != share*len(groups) {
			t.Fatalf("%d examples, want %d of each of %d labels", len(order), share, len(groups))
		}
		got := map[string][]int{}
		for at := 0; at < len(order); at += len(groups) {
			round := map[string]bool{}
			for _, i := range order[at : at+len(groups)] {
				round[pool[i].Out] = true
				got[pool[i].Out] = append(got[pool[i].Out], i)
			}
			if len(round) != len(groups) {
				t.Fatalf("a round of %v has not one of each label", order[at:at+len(groups)])
			}
		}
		for label, chosen := range want {
			if chosen = chosen[len(chosen)-share:]; !slices.Equal(got[label], chosen) {
				t.Fatalf("label %s: %v, want %v", label, got[label], chosen)
			}
		}
	})
}

// TestNoLabelIsFavouredAtTheEnd counts which label stands last over many
// queries, in pools where labels are of very different size, and which follows
// which, since a model also picks up a pattern such as x y x y.
func TestNoLabelIsFavouredAtTheEnd(t *testing.T) {
	for labels := 2; labels <= 5; labels++ {
		var pool []example
		for i := range 100 {
			out := 0
			if i%10 == 0 {
				out = i / 10 % labels
			}
			pool = append(pool, example{In: fmt.Sprintf("text %d", i), Out: fmt.Sprint("label ", out)})
		}
		choose := Balanced(fewshot.First(2))
		const queries = 6000
		last, alternating := map[string]int{}, 0
		for i := range queries {
			order, err := pick(t.Context(), choose, fmt.Sprintf("query %d", i), pool)
			if err != nil || len(order) != 2*labels {
				t.Fatalf("%v, %v", order, err)
			}
			last[pool[order[2*labels-1]].Out]++
			if pool[order[labels-1]].Out == pool[order[2*labels-1]].Out {
				alternating++
			}
		}
		// Five standard deviations of the binomial; the queries never change, so
		// neither does the outcome.
		mean := queries / float64(labels)
		slack := 5 * math.Sqrt(mean*(1-1/float64(labels)))
		for label, n := range last {
			if math.Abs(float64(n)-mean) > slack {
				t.Errorf("%d labels: %s stands last for %d of %d queries, want %.0f ± %.0f", labels, label, n, queries, mean, slack)
			}
		}
		if len(last) != labels {
			t.Errorf("%d labels: only %v stand last", labels, last)
		}
		if math.Abs(float64(alternating)-mean) > slack {
			t.Errorf("%d labels: two rounds end alike for %d of %d queries, want %.0f ± %.0f", labels, alternating, queries, mean, slack)
		}
	}
}

// TestALabelIsNotGivenAwayByItsAbsence: the query's own label must not be told
// by there being fewer examples of it.
func TestALabelIsNotGivenAwayByItsAbsence(t *testing.T) {
	pool := []example{{In: "a", Out: "x"}, {In: "b", Out: "x"}, {In: "c", Out: "y"}, {In: "d", Out: "y"}, {In: "e", Out: "y"}}
	for query, want := range map[string]int{"a": 2, "b": 2, "c": 4, "z": 4} {
		for _, each := range []fewshot.Selector{fewshot.First(2), fewshot.Random(2, 9), BM25(2)} {
			order, err := pick(t.Context(), Balanced(each), query, pool)
			if err != nil {
				t.Fatal(err)
			}
			x := 0
			for _, i := range order {
				if pool[i].In == query {
					t.Errorf("query %q is among its examples", query)
				}
				if pool[i].Out == "x" {
					x++
				}
			}
			if len(order) > want || len(order) == 0 || 2*x != len(order) {
				t.Errorf("query %q: %v, of which %d are x; want %d, half of them", query, order, x, want)
			}
		}
	}
}

func TestBalancedErrors(t *testing.T) {
	pool := []example{{In: "a", Out: "spam"}, {In: "b", Out: "ham"}, {In: "c", Out: "ham"}}
	always := func(order ...int) fewshot.Selector {
		return func([]example) (fewshot.Picker, error) {
			return func(context.Context, string) (fewshot.Picks, error) { return fewshot.Picks{Chosen: order}, nil }, nil
		}
	}
	failing := func([]example) (fewshot.Picker, error) {
		return func(context.Context, string) (fewshot.Picks, error) { return fewshot.Picks{}, errors.ErrUnsupported }, nil
	}
	for name, each := range map[string]fewshot.Selector{"no Selector": nil, "an index out of range": always(2), "an error": failing} {
		if order, err := pick(t.Context(), Balanced(each), "q", pool); err == nil || name == "an error" && !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: chose %v, %v", name, order, err)
		}
	}
	if order, err := pick(t.Context(), Balanced(BM25(1)), "q", nil); len(order) > 0 || err != nil {
		t.Errorf("an empty pool: %v, %v", order, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pick(ctx, Balanced(BM25(1)), "q", pool); !errors.Is(err, context.Canceled) {
		t.Errorf("in a cancelled context: %v", err)
	}
}

// TestBalancedEmbedsAQueryOnce: not once for each label.
func TestBalancedEmbedsAQueryOnce(t *testing.T) {
	e, pool := compass(12)
	for i := range pool {
		pool[i].Out = fmt.Sprint(i % 4)
	}
	texts := make([]string, len(pool))
	for i := range pool {
		texts[i] = pool[i].In
	}
	vectors, err := Embed(t.Context(), e, texts, EmbedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	picker, err := Balanced(Nearest(2, vectors))(pool)
	if err != nil {
		t.Fatal(err)
	}
	e.vectors["north"], e.vectors["east"] = []float32{0, 1}, []float32{1, 0}
	for _, query := range []string{"north", "east", "north", pool[0].In} {
		if _, err := picker(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	if e.texts != len(pool)+2 {
		t.Errorf("%d texts embedded for %d examples and 2 queries", e.texts, len(pool))
	}
}
