package choose

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/foreword-go/foreword/fewshot"
)

// An Embedder turns texts into vectors, such that texts of like meaning have
// vectors of like direction. The Backend of package openai asks a server for them.
//
// Embed returns one vector for each text, in their order and all of one size,
// and keeps neither the texts nor the vectors. It is safe for concurrent use.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// An EmbedderFunc is a function as an [Embedder], as http.HandlerFunc is one as
// an http.Handler.
type EmbedderFunc func(ctx context.Context, texts []string) ([][]float32, error)

// Embed calls f.
func (f EmbedderFunc) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	return f(ctx, texts)
}

// Nearest selects the k examples whose inputs are nearest in meaning to the
// query, the nearest last. It is Top(k, &Vectors{Embedder: e}): see [Vectors].
func Nearest(k int, e Embedder) fewshot.Selector { return Top(k, &Vectors{Embedder: e}) }

// Vectors ranks examples by the cosine between the embedding of their input and
// that of the query: the choice that Liu et al., What Makes Good In-Context
// Examples for GPT-3?, 2021, found better than chance. Every example is compared
// with every query, so that the answer is exact; 100,000 examples of 384 numbers
// take some tens of milliseconds.
//
// The first query has the whole pool embedded, batch after batch, and the
// vectors are kept as long as the pool: 4 bytes for each number of each example,
// which is 1.5 kB for one of 384. When a batch fails, or ctx ends, those before
// it are kept as well, and the next query goes on with it. The query itself is
// embedded each time, but for the last few, which are remembered. A vector that
// has no direction, since a number in it is NaN or infinite or all are 0, or
// whose size differs, is an error that names its example.
//
// Ranking.Scores and Alike are cosines, from -1 to 1. Any number of goroutines
// may use one Vectors. Its fields must not be changed after the first use.
type Vectors struct {
	Embedder Embedder
	Batch    int // most texts for one call of Embed: 0 is 256

	kept   keeper[vectorIndex]
	recent recentVectors
}

// Rank implements [Ranker].
func (v *Vectors) Rank(ctx context.Context, query string, pool []fewshot.Example[string, string], n int) (*Ranking, error) {
	if v.Embedder == nil {
		return nil, errors.New("Vectors has no Embedder; give it one, such as an openai.Backend")
	}
	if v.Batch < 0 {
		return nil, fmt.Errorf("Vectors with a Batch of %d; use 0 for 256 texts a call, or a positive number", v.Batch)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n = min(n, len(pool))
	if n <= 0 {
		return &Ranking{}, nil
	}
	index, err := v.kept.of(ctx, pool, func(ctx context.Context, x *vectorIndex) error {
		return x.embed(ctx, v.Embedder, pool, cmp.Or(v.Batch, 256))
	})
	if err != nil {
		return nil, err
	}
	direction, err := v.query(ctx, query, index.size)
	if err != nil {
		return nil, err
	}
	hits, err := index.search(ctx, direction, query, pool, n)
	if err != nil {
		return nil, err
	}
	r := &Ranking{Order: make([]int, len(hits)), Scores: make([]float64, len(hits))}
	for i, h := range hits {
		r.Order[i], r.Scores[i] = h.index, float64(h.score)
	}
	r.Alike = func(i, j int) float64 {
		return float64(dot(index.row(r.Order[i]), index.row(r.Order[j])))
	}
	return r, nil
}

// query returns the direction of the query's embedding, which has to be of the
// examples' size.
func (v *Vectors) query(ctx context.Context, query string, size int) ([]float32, error) {
	if known := v.recent.get(query); len(known) == size {
		return known, nil
	}
	vectors, err := v.Embedder.Embed(ctx, []string{query})
	if err != nil {
		return nil, fmt.Errorf("embedding the query: %w", err)
	}
	if len(vectors) != 1 {
		return nil, fmt.Errorf("the Embedder returned %d vectors for the query, which is 1 text", len(vectors))
	}
	if len(vectors[0]) != size {
		return nil, fmt.Errorf("the embedding of the query %q has %d numbers, those of the examples have %d; embed both with the same model", shorten(query), len(vectors[0]), size)
	}
	direction := make([]float32, size)
	if err := normalize(direction, vectors[0]); err != nil {
		return nil, fmt.Errorf("the embedding of the query %q %w", shorten(query), err)
	}
	v.recent.put(query, direction)
	return direction, nil
}

// recentVectors remembers the embeddings of the last queries: one query may be
// asked several times over, once for each label in [Balanced], say.
type recentVectors struct {
	mu    sync.Mutex
	known map[string][]float32
	ring  [64]string // the queries that are known, the next to be forgotten at next
	next  int
}

func (r *recentVectors) get(query string) []float32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known[query]
}

func (r *recentVectors) put(query string, direction []float32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[string][]float32{}
	}
	if r.known[query] != nil {
		return
	}
	if len(r.known) == len(r.ring) {
		delete(r.known, r.ring[r.next])
	}
	r.known[query] = direction
	r.ring[r.next] = query
	r.next = (r.next + 1) % len(r.ring)
}

// shorten cuts a text to what an error can show.
func shorten(text string) string {
	for i := range text {
		if i > 80 {
			return text[:i] + "…"
		}
	}
	return text
}
