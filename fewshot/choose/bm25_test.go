package choose

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// denseWords are few, so that texts share words and scores tie, and of scripts
// that are compared in different ways.
var denseWords = []string{"the ", "the ", "the ", "a ", "a ", "cat ", "dog ", "사과를 ", "사과 ", "猫", "狗", "か", "な", "! "}

func densePool(rng *rand.Rand, n int) []example {
	pool := make([]example, n)
	for i := range pool {
		pool[i].In = denseText(rng, denseWords, rng.IntN(7))
		pool[i].Out = string("xyz"[rng.IntN(3)])
	}
	return pool
}

// slowBM25 is the formula in the comment of Words, example by example.
func slowBM25(query string, pool []example, k1, b float64) []float64 {
	texts := make([][]string, len(pool))
	with := map[string]float64{}
	mean := 0.0
	for i, e := range pool {
		texts[i] = termsOf(e.In)
		mean += float64(len(texts[i])) / float64(len(pool))
		for _, term := range slices.Compact(slices.Sorted(slices.Values(texts[i]))) {
			with[term]++
		}
	}
	scores := make([]float64, len(pool))
	for i, text := range texts {
		for _, term := range termsOf(query) {
			f := 0.0
			for _, t := range text {
				if t == term {
					f++
				}
			}
			if f > 0 {
				idf := math.Log(1 + (float64(len(pool))-with[term]+0.5)/(with[term]+0.5))
				scores[i] += idf * f / (f + k1*(1-b+b*float64(len(text))/mean))
			}
		}
	}
	return scores
}

func FuzzBM25(f *testing.F) {
	for seed := range uint64(30) {
		f.Add(seed, uint16(seed*7), uint8(seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, size uint16, count uint8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		pool := densePool(rng, 1+int(size)%300)
		before := slices.Clone(pool)
		n := 1 + int(count)%len(pool)
		w := Words{}
		for range 3 {
			query := densePool(rng, 1)[0].In
			r, err := rankOf(t.Context(), w, query, pool, n)
			if err != nil {
				t.Fatal(err)
			}
			// Against the formula, within what 16 bits can tell apart.
			scores := slowBM25(query, pool, 1.2, 0.75)
			var want []int
			for i := range pool {
				if pool[i].In != query {
					want = append(want, i)
				}
			}
			slices.SortStableFunc(want, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
			want = want[:min(n, len(want))]
			if len(r.Order) != len(want) || len(r.Scores) != len(want) {
				t.Fatalf("%d examples and %d scores, want %d", len(r.Order), len(r.Scores), len(want))
			}
			const close = 1e-3
			for at, i := range r.Order {
				if pool[i].In == query {
					t.Fatalf("the query %q is among its examples", query)
				}
				if math.Abs(scores[i]-scores[want[at]]) > close {
					t.Fatalf("query %q of %q: %v has at %d the score %v, want %v", query, pool, r.Order, at, scores[i], scores[want[at]])
				}
				if top := scores[want[0]]; math.Abs(r.Scores[at]*top-scores[i]) > close {
					t.Fatalf("query %q: score %v of %v, want %v", query, r.Scores[at], top, scores[i])
				}
				if at > 0 && sameTerms(pool[i].In, pool[r.Order[at-1]].In) && i < r.Order[at-1] {
					t.Fatalf("query %q: equal examples in the order %v", query, r.Order)
				}
			}
		}
		if !slices.Equal(pool, before) {
			t.Fatal("the pool was changed")
		}
	})
}

func sameTerms(a, b string) bool {
	return slices.Equal(slices.Sorted(slices.Values(termsOf(a))), slices.Sorted(slices.Values(termsOf(b))))
}

// TestTop compares top with a sort of the whole pool, with many equal scores.
func TestTop(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for range 300 {
		pool := densePool(rng, rng.IntN(200))
		scores := make([]float64, len(pool))
		var want []int
		query := densePool(rng, 1)[0].In
		for i := range pool {
			scores[i] = float64(rng.IntN(9) - 4)
			if pool[i].In != query {
				want = append(want, i)
			}
		}
		slices.SortStableFunc(want, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
		n := rng.IntN(len(pool) + 3)
		r, err := top(t.Context(), pool, query, n, func(i int) float64 { return scores[i] })
		if err != nil {
			t.Fatal(err)
		}
		want = want[:min(n, len(want))]
		if !slices.Equal(r.Order, want) {
			t.Fatalf("%d of %v: %v, want %v", n, scores, r.Order, want)
		}
		for at, i := range r.Order {
			if r.Scores[at] != scores[i] {
				t.Fatalf("example %d has the score %v, want %v", i, r.Scores[at], scores[i])
			}
		}
	}
}

// TestTheBestMayComeLast: all words of the query are common, the first example
// comes within a hundredth of what they can add, and the last one reaches it.
func TestTheBestMayComeLast(t *testing.T) {
	pool := slices.Repeat([]example{{In: strings.Repeat("word ", 100)}}, 5000)
	pool[0].In, pool[len(pool)-1].In = "cat dog here", "cat dog"
	order, err := pick(t.Context(), BM25(1), "dog cat", pool)
	if err != nil || !slices.Equal(order, []int{len(pool) - 1}) {
		t.Errorf("%v, %v", order, err)
	}
}

func TestBM25Goldens(t *testing.T) {
	pool := []example{
		{In: "How do I bake bread?"},
		{In: "How do I bake a cake?"},
		{In: "How do I repair a bicycle?"},
		{In: "BREAD, bread, bread!"},
		{In: "자전거를 고치는 방법"},
		{In: "빵을 굽는 방법"},
		{In: "怎么修自行车"},
		{In: "怎么烤面包"},
		{In: "自転車の修理"},
		{In: "パンの焼き方"},
		{In: "how how how"},
	}
	tests := []struct {
		name, query string
		want        string
	}{
		{"the telling word decides", "How do I eat bread?", "How do I bake bread?"},
		{"often beats seldom", "bread", "BREAD, bread, bread!"},
		{"letter case does not matter", "BICYCLE", "How do I repair a bicycle?"},
		{"Korean, whatever the particle", "자전거가 고장났어요", "자전거를 고치는 방법"},
		{"Korean, the other one", "빵은 어떻게 굽는가", "빵을 굽는 방법"},
		{"Chinese, without spaces", "我的自行车坏了", "怎么修自行车"},
		{"Chinese, the other one", "面包在哪里", "怎么烤面包"},
		{"Japanese, without spaces", "自転車がこわれた", "自転車の修理"},
		{"Japanese, katakana", "パンください", "パンの焼き方"},
		{"the query itself is not its own example", "怎么烤面包", "怎么修自行车"},
		{"nothing in common", "xyz", "How do I bake bread?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			order, err := pick(t.Context(), BM25(3), tt.query, pool)
			if err != nil {
				t.Fatal(err)
			}
			if got := pool[order[2]].In; got != tt.want {
				t.Errorf("nearest is %q, want %q (order %v)", got, tt.want, order)
			}
		})
	}
}

// TestRepeatedWordsOfAQuery pins that a word counts as often as it is asked for.
func TestRepeatedWordsOfAQuery(t *testing.T) {
	pool := []example{{In: "cat"}, {In: "dog"}, {In: "cow"}}
	for _, query := range []string{"cat dog dog", "dog cat dog", "dog dog cat"} {
		order, err := pick(t.Context(), BM25(2), query, pool)
		if err != nil || !slices.Equal(order, []int{0, 1}) {
			t.Errorf("%q: %v, %v", query, order, err)
		}
	}
}

func TestBM25Errors(t *testing.T) {
	pool := []example{{In: "a"}, {In: "b"}, {In: "c"}}
	if order, err := pick(t.Context(), BM25(-1), "q", pool); err == nil {
		t.Errorf("-1 examples: chose %v", order)
	}
	if order, err := pick(t.Context(), BM25(0), "q", nil); err != nil || len(order) != 0 {
		t.Errorf("nothing of an empty pool: %v, %v", order, err)
	}
	if r, err := rankOf(t.Context(), Words{}, "a", pool, 100); err != nil || len(r.Order) != 2 {
		t.Errorf("ranking more than there are: %v, %v", r, err)
	}
	if order, err := pick(t.Context(), BM25(3), "b", pool); err != nil || !slices.Equal(order, []int{2, 0}) {
		t.Errorf("all but the query: %v, %v", order, err)
	}
	if order, err := pick(t.Context(), BM25(2), "", []example{{In: "?"}, {In: "!"}}); err != nil || !slices.Equal(order, []int{1, 0}) {
		t.Errorf("a pool without words: %v, %v", order, err)
	}
}

// TestSearchEndsWithTheContext stops a query while it searches.
func TestSearchEndsWithTheContext(t *testing.T) {
	picker, err := BM25(3)(densePool(rand.New(rand.NewPCG(5, 1)), 10000))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := picker(&countdown{Context: t.Context(), left: 1}, "cat"); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped while searching: %v", err)
	}
}

// A countdown is a context that ends when it has been looked at so many times.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		c.left = 0
		return context.Canceled
	}
	return nil
}

// zipfPool draws texts of about so many words, the r-th commonest with a
// frequency of 1/r, as in natural language.
func zipfPool(rng *rand.Rand, n, vocabulary, words int) []example {
	zipf := rand.NewZipf(rng, 1.07, 1.5, uint64(vocabulary-1))
	pool := make([]example, n)
	var b strings.Builder
	for i := range pool {
		b.Reset()
		for range 1 + words/2 + rng.IntN(words) {
			fmt.Fprintf(&b, "w%d ", zipf.Uint64())
		}
		pool[i].In = b.String()
	}
	return pool
}
