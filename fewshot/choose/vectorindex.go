package choose

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// A vectorIndex is the directions of the examples' embeddings, one behind the
// other.
type vectorIndex struct {
	size int // numbers in each
	done int // examples embedded so far
	rows []float32
}

func (x *vectorIndex) row(i int) []float32 { return x.rows[i*x.size : (i+1)*x.size] }

// embed goes on from the first example that has no vector yet.
func (x *vectorIndex) embed(ctx context.Context, e Embedder, pool []example, batch int) error {
	for x.done < len(pool) {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := pool[x.done:min(x.done+batch, len(pool))]
		texts := make([]string, len(part))
		for i := range part {
			texts[i] = part[i].In
		}
		vectors, err := e.Embed(ctx, texts)
		if err != nil {
			return fmt.Errorf("embedding examples %d to %d of %d: %w", x.done+1, x.done+len(part), len(pool), err)
		}
		if len(vectors) != len(part) {
			return fmt.Errorf("the Embedder returned %d vectors for %d texts, examples %d to %d of %d", len(vectors), len(part), x.done+1, x.done+len(part), len(pool))
		}
		if x.done == 0 {
			x.size = len(vectors[0])
			x.rows = slices.Grow(x.rows[:0], x.size*len(pool))[:x.size*len(pool)]
		}
		for i, vector := range vectors {
			at := x.done + i
			if len(vector) != x.size {
				return fmt.Errorf("the embedding of example %d of %d has %d numbers, that of example 1 has %d; embed all with the same model", at+1, len(pool), len(vector), x.size)
			}
			if err := normalize(x.row(at), vector); err != nil {
				return fmt.Errorf("the embedding of example %d of %d (%q) %w", at+1, len(pool), shorten(part[i].In), err)
			}
		}
		x.done += len(part)
	}
	return nil
}

// search returns the n examples with the greatest cosines, the greatest first.
func (x *vectorIndex) search(ctx context.Context, direction []float32, query string, pool []example, n int) ([]hit[float32], error) {
	found := best[float32]{k: n}
	floor := float32(-2) // a cosine must be above it to be among the best
	for i := range pool {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		score := dot(x.row(i), direction)
		if score <= floor || pool[i].In == query {
			continue
		}
		found.offer(hit[float32]{i, score})
		if found.full() {
			floor = found.worst().score
		}
	}
	return found.sorted(), nil
}

// normalize writes the direction of vector into dst: the vector made 1 long.
func normalize(dst, vector []float32) error {
	sum := 0.0
	for i, x := range vector {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return fmt.Errorf("has no direction: number %d of %d is %v", i+1, len(vector), x)
		}
		sum += float64(float64(x) * float64(x))
	}
	if sum == 0 {
		return fmt.Errorf("has no direction: each of its %d numbers is 0", len(vector))
	}
	length := math.Sqrt(sum)
	for i, x := range vector {
		dst[i] = float32(float64(x) / length)
	}
	return nil
}

// dot multiplies two vectors of one length. Eight sums that do not wait for one
// another let the machine add several at a time. The conversions keep it from
// multiplying and adding in one step where it could, so that every machine gets
// the same result.
func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	for len(a) >= 8 && len(b) >= 8 {
		s0 += float32(a[0] * b[0])
		s1 += float32(a[1] * b[1])
		s2 += float32(a[2] * b[2])
		s3 += float32(a[3] * b[3])
		s4 += float32(a[4] * b[4])
		s5 += float32(a[5] * b[5])
		s6 += float32(a[6] * b[6])
		s7 += float32(a[7] * b[7])
		a, b = a[8:], b[8:]
	}
	for i := range a {
		s0 += float32(a[i] * b[i])
	}
	return (s0 + s4) + (s1 + s5) + ((s2 + s6) + (s3 + s7))
}
