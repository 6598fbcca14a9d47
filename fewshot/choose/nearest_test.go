package choose

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// A table embeds the texts that it has, and notes what it was asked for.
type table struct {
	mu      sync.Mutex
	vectors map[string][]float32
	calls   []int // texts of each call
	texts   int   // of all
	fail    func(call int, texts []string) error
}

func (e *table) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, len(texts))
	if e.fail != nil {
		if err := e.fail(len(e.calls), texts); err != nil {
			return nil, err
		}
	}
	e.texts += len(texts)
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		vectors[i] = e.vectors[text]
		texts[i] = "an Embedder may not write here, but that must do no harm"
	}
	return vectors, nil
}

// compass has one text for each direction of a plane, at ever greater lengths.
func compass(n int) (*table, []example) {
	e := &table{vectors: map[string][]float32{}}
	pool := make([]example, n)
	for i := range pool {
		pool[i].In = fmt.Sprintf("%d of %d", i, n)
		angle := 2 * math.Pi * float64(i) / float64(n)
		length := float64(1 + i*i)
		e.vectors[pool[i].In] = []float32{float32(length * math.Cos(angle)), float32(length * math.Sin(angle))}
	}
	return e, pool
}

func TestNearestGoldens(t *testing.T) {
	e, pool := compass(12)
	e.vectors["a little beyond 3"] = []float32{-0.1, 1}
	e.vectors["the opposite of 3"] = []float32{0, -7}
	e.vectors["3 again"] = []float32{0, 1e-30}
	e.vectors["a giant 3"] = []float32{0, 1e38}
	for query, want := range map[string][]int{
		"a little beyond 3": {5, 2, 4, 3},
		"the opposite of 3": {7, 10, 8, 9},
		"3 again":           {1, 2, 4, 3},
		"a giant 3":         {1, 2, 4, 3},
		"3 of 12":           {5, 1, 2, 4}, // not itself
	} {
		order, err := pick(t.Context(), Top(4, embedded{Embedder: e}), query, pool)
		if err != nil {
			t.Fatal(err)
		}
		// The neighbours on both sides are equally near but for the last bit, so
		// either may stand first.
		near := func(i int) float64 {
			a, b := e.vectors[query], e.vectors[pool[i].In]
			return (float64(a[0])*float64(b[0]) + float64(a[1])*float64(b[1])) / math.Hypot(float64(a[0]), float64(a[1])) / math.Hypot(float64(b[0]), float64(b[1]))
		}
		for at := range want {
			if math.Abs(near(order[at])-near(want[at])) > 1e-6 {
				t.Errorf("%s: chose %v, want %v", query, order, want)
			}
		}
	}
}

// FuzzNearest compares with cosines in double precision. The vectors are of few
// and small numbers, so that many have the same direction.
func FuzzNearest(f *testing.F) {
	for seed := range uint64(30) {
		f.Add(seed, uint8(seed*9), uint8(seed), uint8(seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, length, width, count uint8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		size := 1 + int(width)%20
		e := &table{vectors: map[string][]float32{}}
		draw := func() []float32 {
			v := make([]float32, size)
			for i := range v {
				v[i] = float32(rng.IntN(3) - 1)
			}
			v[rng.IntN(size)] = float32(1 + rng.IntN(2))
			return v
		}
		pool := make([]example, 1+int(length)%60)
		for i := range pool {
			pool[i].In = fmt.Sprint("text ", rng.IntN(len(pool)))
			if e.vectors[pool[i].In] == nil {
				e.vectors[pool[i].In] = draw()
			}
		}
		n := 1 + int(count)%len(pool)
		query := fmt.Sprint("text ", rng.IntN(2*len(pool)))
		if e.vectors[query] == nil {
			e.vectors[query] = draw()
		}
		cosine := func(a, b []float32) float64 {
			var ab, aa, bb float64
			for i := range a {
				ab += float64(a[i]) * float64(b[i])
				aa += float64(a[i]) * float64(a[i])
				bb += float64(b[i]) * float64(b[i])
			}
			return ab / math.Sqrt(aa*bb)
		}
		var want []int
		for i := range pool {
			if pool[i].In != query {
				want = append(want, i)
			}
		}
		scores := make([]float64, len(pool))
		for i := range pool {
			scores[i] = cosine(e.vectors[query], e.vectors[pool[i].In])
		}
		slices.SortStableFunc(want, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
		want = want[:min(n, len(want))]

		r, err := rankOf(t.Context(), embedded{Embedder: e, Batch: 1 + rng.IntN(70)}, query, pool, n)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Order) != len(want) {
			t.Fatalf("%d examples, want %d", len(r.Order), len(want))
		}
		const close = 1e-5
		for at, i := range r.Order {
			if pool[i].In == query {
				t.Fatal("the query is among its examples")
			}
			if math.Abs(scores[i]-scores[want[at]]) > close || math.Abs(r.Scores[at]-scores[i]) > close {
				t.Fatalf("at %d: example %d with %v, which is %v; want %d with %v", at, i, r.Scores[at], scores[i], want[at], scores[want[at]])
			}
			if at > 0 && slices.Equal(e.vectors[pool[i].In], e.vectors[pool[r.Order[at-1]].In]) && i < r.Order[at-1] {
				t.Fatalf("equal examples in the order %v", r.Order)
			}
			if alike := r.Alike(0, at); math.Abs(alike-cosine(e.vectors[pool[r.Order[0]].In], e.vectors[pool[i].In])) > close {
				t.Fatalf("examples %d and %d are alike by %v", r.Order[0], i, alike)
			}
		}
	})
}

func TestDot(t *testing.T) {
	for size := range 40 {
		a, b := make([]float32, size), make([]float32, size)
		want := float32(0)
		for i := range size {
			a[i], b[i] = float32(i+1), float32(2*i-7)
			want += a[i] * b[i] // whole numbers, so that any order gives the same
		}
		if got := dot(a, b); got != float64(want) {
			t.Errorf("%d numbers: %v, want %v", size, got, want)
		}
	}
}

func TestEmbeddingsThatAreWrong(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	vectors := func(third ...float32) map[string][]float32 {
		return map[string][]float32{"a": {1, 0}, "b": {0, 1}, "c": third, "q": {1, 1}}
	}
	query := func(q ...float32) map[string][]float32 {
		return map[string][]float32{"a": {1, 0}, "b": {0, 1}, "c": {1, 1}, "q": q}
	}
	tests := []struct {
		name    string
		vectors map[string][]float32
	}{
		{"NaN", vectors(1, nan)},
		{"infinite", vectors(inf, 1)},
		{"zero", vectors(0, 0)},
		{"of another size", vectors(1, 2, 3)},
		{"empty", vectors()},
		{"the query NaN", query(nan, 1)},
		{"the query zero", query(0, 0)},
		{"the query empty", query()},
		{"the query of another size", query(1)},
	}
	pool := []example{{In: "a"}, {In: "b"}, {In: "c"}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, batch := range []int{0, 1, 2} {
				e := &table{vectors: tt.vectors}
				choose := Top(2, embedded{e, batch})
				order, err := pick(t.Context(), choose, "q", pool)
				if err == nil {
					t.Fatalf("chose %v", order)
				}
				// Once the Embedder is well again, so is the Selector.
				e.vectors = vectors(1, 1)
				order, err = pick(t.Context(), choose, "q", pool)
				if err != nil || !slices.Equal(order, []int{0, 2}) {
					t.Errorf("then: %v, %v", order, err)
				}
			}
		})
	}
}

func TestEmbeddersThatAreWrong(t *testing.T) {
	one := func(_ context.Context, texts []string) ([][]float32, error) { return [][]float32{{1, 2}}, nil }
	none := func(context.Context, []string) ([][]float32, error) { return nil, nil }
	failing := func(context.Context, []string) ([][]float32, error) { return nil, errors.ErrUnsupported }
	onlyPool := func(_ context.Context, texts []string) ([][]float32, error) {
		if texts[0] == "q" {
			return nil, errors.ErrUnsupported
		}
		return [][]float32{{1}, {1}, {1}}, nil
	}
	tests := []struct {
		name string
		v    embedded
	}{
		{"one vector for all", embedded{Embedder: EmbedderFunc(one)}},
		{"one vector for two", embedded{Embedder: EmbedderFunc(one), Batch: 2}},
		{"no vectors", embedded{Embedder: EmbedderFunc(none)}},
		{"an error", embedded{Embedder: EmbedderFunc(failing)}},
		{"an error for the query", embedded{Embedder: EmbedderFunc(onlyPool)}},
		{"no Embedder", embedded{}},
		{"a negative batch", embedded{Embedder: EmbedderFunc(one), Batch: -1}},
	}
	pool := []example{{In: "a"}, {In: "b"}, {In: "c"}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			order, err := pick(t.Context(), Top(2, tt.v), "q", pool)
			if err == nil {
				t.Fatalf("chose %v", order)
			}
		})
	}
	if _, err := pick(t.Context(), Nearest(1, nil), "q", pool); err == nil {
		t.Error("no Vectors: accepted")
	}
	few, err := Embed(t.Context(), EmbedderFunc(onlyPool), []string{"a", "b", "x"}, EmbedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := few.Prepare(pool); err == nil {
		t.Errorf("a pool that was not embedded: %v", err)
	}
}

// TestEmbeddingsArePaidForOnce: no text is embedded twice, whatever fails.
func TestEmbeddingsArePaidForOnce(t *testing.T) {
	e, pool := compass(100)
	busy := errors.New("busy")
	e.fail = func(call int, _ []string) error {
		if call%2 == 0 {
			return busy
		}
		return nil
	}
	texts := make([]string, len(pool))
	for i := range pool {
		texts[i] = pool[i].In
	}
	var v *Vectors
	failures := 0
	for {
		var err error
		if v, err = Embed(t.Context(), e, texts, EmbedOptions{Batch: 9, Have: v}); err == nil {
			break
		}
		if failures++; !errors.Is(err, busy) || failures > 20 {
			t.Fatal(err)
		}
	}
	if e.texts != 100 || failures < 5 {
		t.Errorf("%d texts embedded for 100 examples, with %d failures", e.texts, failures)
	}
	// From here on only new queries are embedded, and they are once. A text that has
	// a vector, and the empty one, are not.
	picker, err := Nearest(3, v)(pool)
	if err != nil {
		t.Fatal(err)
	}
	queries := []string{"", pool[0].In, pool[99].In}
	for i := range 5 {
		queries = append(queries, fmt.Sprint("query ", i))
		e.vectors[queries[len(queries)-1]] = []float32{1, float32(i)}
	}
	for range 3 {
		for _, query := range queries {
			for {
				if _, err := picker(t.Context(), query); err == nil {
					break
				}
			}
		}
	}
	if e.texts != 105 {
		t.Errorf("%d texts embedded for 100 examples and 5 queries", e.texts)
	}
	if largest := slices.Max(e.calls); largest != 9 {
		t.Errorf("a call of %d texts where 9 are allowed", largest)
	}
}

func TestRecentQueriesAreForgotten(t *testing.T) {
	e, pool := compass(3)
	v, err := Embed(t.Context(), e, []string{pool[0].In}, EmbedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		query := fmt.Sprint("query ", i)
		e.vectors[query] = []float32{1, float32(i)}
		for range 2 {
			if _, err := rankOf(t.Context(), v, query, pool[:1], 1); err != nil || len(v.recent) > 64 {
				t.Fatalf("%d: %v, with %d known", i, err, len(v.recent))
			}
		}
		if e.texts != i+2 {
			t.Fatalf("%d texts embedded after %d queries", e.texts, i+1)
		}
	}
}
