package choose

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/foreword-go/foreword/fewshot"
)

// An Embedder turns texts into vectors, so that texts of similar meaning have similar
// directions. The Backend of package openai is one.
//
// Embed returns one vector for each text, in order and all of one size, and keeps
// neither the texts nor the vectors. It is safe for concurrent use.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// An EmbedderFunc is a function as an [Embedder], like http.HandlerFunc.
type EmbedderFunc func(ctx context.Context, texts []string) ([][]float32, error)

// Embed calls f.
func (f EmbedderFunc) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	return f(ctx, texts)
}

// Nearest picks the k examples whose inputs are nearest in meaning to the query,
// the nearest last. It is Top(k, v): see [Embed].
func Nearest(k int, v *Vectors) fewshot.Selector { return Top(k, v) }

// Vectors are embeddings of texts, made by [Embed]. As a [Ranker] they rank
// examples by the cosine similarity of their input and the query (Liu et al., What
// Makes Good In-Context Examples for GPT-3?, 2021). Every example is compared, so the
// result is exact. 100,000 examples of 384 dimensions take some tens of milliseconds.
// Ranking.Scores and Alike are cosines, from -1 to 1.
//
// A query that is not among the texts is embedded each time, except for the last few.
// Vectors are safe for concurrent use.
type Vectors struct {
	embedder Embedder
	at       map[string]int // the row of each text
	size     int            // numbers in each
	rows     []float32

	mu     sync.Mutex
	recent map[string][]float32 // by query: Balanced asks one query once for each label
}

// recentQueries is the most queries that Vectors remember.
const recentQueries = 64

// EmbedOptions are the options of [Embed].
type EmbedOptions struct {
	// Batch is how many texts are embedded at most in one call; 0 is 256.
	Batch int

	// Have are vectors that were made before. What they hold is not made again.
	Have *Vectors
}

// Embed embeds texts: the inputs of a Task's examples as they are in a prompt. Each
// different text is embedded once. Use the result for every variant of a Task.
// wrap.Cache.Embed keeps embeddings in a file.
//
// When a batch fails or ctx ends, Embed returns the embeddings so far with the error.
// Set EmbedOptions.Have to them to continue. A vector with NaN, an infinity, only
// zeros or another size is an error that names its text.
func Embed(ctx context.Context, e Embedder, texts []string, o EmbedOptions) (*Vectors, error) {
	if e == nil {
		return nil, errors.New("choose: the Embedder is nil; give one, such as an openai.Backend")
	}
	if o.Batch < 0 {
		return nil, fmt.Errorf("choose: EmbedOptions.Batch is %d; use 0 for 256 texts a call, or a positive number", o.Batch)
	}
	v := &Vectors{embedder: e, at: map[string]int{}, recent: map[string][]float32{}}
	if o.Have != nil {
		v.at, v.size, v.rows = maps.Clone(o.Have.at), o.Have.size, slices.Clip(o.Have.rows)
	}
	var missing []string
	wanted := map[string]bool{}
	for _, text := range texts {
		if _, ok := v.at[text]; !ok && !wanted[text] {
			wanted[text] = true
			missing = append(missing, text)
		}
	}
	total := len(v.at) + len(missing)
	for part := range slices.Chunk(missing, cmp.Or(o.Batch, 256)) {
		if err := ctx.Err(); err != nil {
			return v, err
		}
		directions, err := v.directions(ctx, part)
		if err != nil {
			return v, fmt.Errorf("choose: after %d of %d texts: %w", len(v.at), total, err)
		}
		for i, direction := range directions {
			v.at[part[i]] = len(v.at)
			v.rows = append(v.rows, direction...)
		}
	}
	return v, nil
}

// directions embeds texts and returns the directions of their vectors.
func (v *Vectors) directions(ctx context.Context, texts []string) ([][]float32, error) {
	vectors, err := v.embedder.Embed(ctx, slices.Clone(texts)) // an Embedder may be anybody's
	if err != nil {
		return nil, fmt.Errorf("embedding %d texts: %w", len(texts), err)
	}
	if len(vectors) != len(texts) {
		return nil, fmt.Errorf("the Embedder returned %d vectors for %d texts", len(vectors), len(texts))
	}
	if len(v.at) == 0 {
		v.size = len(vectors[0])
	}
	all := make([][]float32, len(vectors))
	for i, vector := range vectors {
		if len(vector) != v.size {
			return nil, fmt.Errorf("the embedding of %q has %d numbers, that of the first text has %d; embed all with the same model", shorten(texts[i]), len(vector), v.size)
		}
		all[i] = make([]float32, v.size)
		if err := normalize(all[i], vector); err != nil {
			return nil, fmt.Errorf("the embedding of %q %w", shorten(texts[i]), err)
		}
	}
	return all, nil
}

// Prepare implements [Ranker]. A pool with an input that was not embedded is an
// error.
func (v *Vectors) Prepare(pool []fewshot.Example[string, string]) (Rank, error) {
	if v == nil {
		return nil, errors.New("the Vectors are nil; make them with Embed")
	}
	directions := make([][]float32, len(pool))
	for i, e := range pool {
		if directions[i] = v.row(e.In); directions[i] == nil {
			return nil, fmt.Errorf("the input %q has no embedding; give all inputs to Embed", shorten(e.In))
		}
	}
	return func(ctx context.Context, query string, n int) (*Ranking, error) {
		if n <= 0 || len(pool) == 0 {
			return &Ranking{}, nil
		}
		direction, err := v.query(ctx, query)
		if err != nil {
			return nil, err
		}
		r, err := top(ctx, pool, query, n, func(i int) float64 { return dot(directions[i], direction) })
		if err != nil {
			return nil, err
		}
		r.Alike = func(i, j int) float64 { return dot(directions[r.Order[i]], directions[r.Order[j]]) }
		return r, nil
	}, nil
}

// query returns the direction of the query's embedding.
func (v *Vectors) query(ctx context.Context, query string) ([]float32, error) {
	if query == "" {
		return make([]float32, v.size), nil // no direction
	}
	if direction := v.row(query); direction != nil {
		return direction, nil
	}
	v.mu.Lock()
	direction := v.recent[query]
	v.mu.Unlock()
	if direction != nil {
		return direction, nil
	}
	directions, err := v.directions(ctx, []string{query})
	if err != nil {
		return nil, fmt.Errorf("embedding the query: %w", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.recent) == recentQueries {
		clear(v.recent)
	}
	v.recent[query] = directions[0]
	return directions[0], nil
}

// row returns the direction of one of the texts, or nil for any other.
func (v *Vectors) row(text string) []float32 {
	at, ok := v.at[text]
	if !ok {
		return nil
	}
	return v.rows[at*v.size : (at+1)*v.size]
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
