package choose

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"
)

// heapInUse is what is left after a collection, in bytes.
func heapInUse() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// plainBM25 is what a program without an index does: the words of every example
// are there, cut once, and each query goes through all of them. It lets each
// occurrence of a word count alike, which spares it counting them.
type plainBM25 struct {
	texts [][]string
	with  map[string]float64
	mean  float64
}

func newPlainBM25(pool []example) *plainBM25 {
	p := &plainBM25{texts: make([][]string, len(pool)), with: map[string]float64{}}
	for i, e := range pool {
		p.texts[i] = strings.Fields(strings.ToLower(e.In))
		p.mean += float64(len(p.texts[i])) / float64(len(pool))
		seen := map[string]bool{}
		for _, w := range p.texts[i] {
			if !seen[w] {
				seen[w] = true
				p.with[w]++
			}
		}
	}
	return p
}

func (p *plainBM25) choose(pool []example, query string, k int) (*Ranking, error) {
	idf := map[string]float64{}
	for _, w := range strings.Fields(strings.ToLower(query)) {
		idf[w] += float64(len(p.texts)) / (p.with[w] + 1)
	}
	return top(context.Background(), pool, query, k, func(i int) float64 {
		score := 0.0
		for _, w := range p.texts[i] {
			score += idf[w] / (1 + 1.2*(0.25+0.75*float64(len(p.texts[i]))/p.mean))
		}
		return score
	})
}

// BenchmarkBM25 chooses 8 examples for queries of about 10 words, drawn as the
// examples are, common words included; "common" are queries of the 10 commonest
// words alone, the worst there is for an index. The pools are of about 12 words
// an example; index-B/example is what the index takes besides them. "plain" goes
// through all examples; the ratios are of one run.
func BenchmarkBM25(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			pool := zipfPool(rng, n, 100_000, 12)
			queries, common := zipfPool(rng, 64, 100_000, 10), zipfPool(rng, 64, 10, 10)
			var perPlain float64
			b.Run("plain", func(b *testing.B) {
				p := newPlainBM25(pool)
				i := 0
				for b.Loop() {
					if _, err := p.choose(pool, queries[i%len(queries)].In, 8); err != nil {
						b.Fatal(err)
					}
					i++
				}
				perPlain = float64(b.Elapsed()) / float64(b.N)
			})
			before, start := heapInUse(), time.Now()
			picker, err := BM25(8)(pool)
			if err != nil {
				b.Fatal(err)
			}
			built := time.Since(start)
			memory := heapInUse() - before
			query := func(queries []example) func(*testing.B) {
				return func(b *testing.B) {
					b.ReportAllocs()
					i := 0
					for b.Loop() {
						if _, err := picker(b.Context(), queries[i%len(queries)].In); err != nil {
							b.Fatal(err)
						}
						i++
					}
					b.ReportMetric(float64(b.Elapsed())/float64(b.N)/perPlain, "x-plain")
					b.ReportMetric(memory/float64(n), "index-B/example")
					b.ReportMetric(float64(built.Nanoseconds())/float64(n), "build-ns/example")
				}
			}
			b.Run("query", query(queries))
			b.Run("common", query(common))
		})
	}
}

// plainProducts is the loop that anybody would write.
func plainProducts(sums, rows, query []float32) {
	for i := range sums {
		row, sum := rows[i*len(query):(i+1)*len(query)], float32(0)
		for j := range row {
			sum += row[j] * query[j]
		}
		sums[i] = sum
	}
}

// BenchmarkNearest chooses 8 of 100,000 examples of 384 numbers. "plain" makes
// the products alone, without choosing.
func BenchmarkNearest(b *testing.B) {
	const n, size = 100_000, 384
	rng := rand.New(rand.NewPCG(1, 1))
	pool := make([]example, n)
	for i := range pool {
		pool[i].In = fmt.Sprint(i)
	}
	random := EmbedderFunc(func(_ context.Context, texts []string) ([][]float32, error) {
		vectors := make([][]float32, len(texts))
		for i := range vectors {
			vectors[i] = make([]float32, size)
			for j := range vectors[i] {
				vectors[i][j] = float32(rng.NormFloat64())
			}
		}
		return vectors, nil
	})
	var perPlain float64
	b.Run("plain", func(b *testing.B) {
		rows := make([]float32, n*size)
		for i := range rows {
			rows[i] = float32(rng.NormFloat64())
		}
		query := rows[:size]
		sums := make([]float32, n)
		for b.Loop() {
			plainProducts(sums, rows, query)
		}
		perPlain = float64(b.Elapsed()) / float64(b.N)
	})
	b.Run("query", func(b *testing.B) {
		b.ReportAllocs()
		picker, err := Top(8, embedded{Embedder: random})(pool)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, err := picker(b.Context(), "query"); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed())/float64(b.N)/perPlain, "x-plain")
	})
}
