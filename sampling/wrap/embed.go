package wrap

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/foreword-go/foreword/sampling"
)

// Embed returns a function that embeds texts as e does and caches the vectors, so
// that a pool of examples is embedded once. Package fewshot/choose takes it as an
// EmbedderFunc. It requests only texts that are not in the Cache. With a Store the
// Namespace names the embedding model, unless e is a backend that describes itself.
func (c *Cache) Embed(e interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}) func(ctx context.Context, texts []string) ([][]float32, error) {
	backend, _ := e.(sampling.Backend)
	k := c.Wrap(backend).(*cached)
	return func(ctx context.Context, texts []string) ([][]float32, error) {
		vectors := make([][]float32, len(texts))
		entries := make([]*entry, len(texts))
		places := map[string][]int{} // of the texts to request
		var ask []string
		for i, text := range texts {
			if places[text] != nil {
				places[text] = append(places[text], i)
				continue
			}
			q := &question{Method: "embed", Prompt: text}
			en, a, err := k.find(ctx, q, q.check())
			if err != nil {
				return nil, err
			}
			if a != nil {
				vectors[i] = readVector(a.Vector)
				continue
			}
			entries[i], places[text] = en, []int{i}
			ask = append(ask, text)
		}
		if len(ask) == 0 {
			return vectors, nil
		}
		if e == nil {
			return nil, fmt.Errorf("%w: no embedder for %d texts", sampling.ErrUnsupported, len(ask))
		}
		asked, err := e.Embed(ctx, ask)
		if err != nil {
			return nil, err
		}
		if len(asked) != len(ask) {
			return nil, fmt.Errorf("wrap: the embedder returned %d vectors for %d texts", len(asked), len(ask))
		}
		for j, text := range ask {
			for _, i := range places[text] {
				vectors[i] = asked[j]
			}
			entries[places[text][0]].put(&answer{Vector: writeVector(asked[j])}, new(trace))
		}
		return vectors, nil
	}
}

// A vector is stored as its float32 numbers, in little-endian order.
func writeVector(v []float32) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func readVector(b []byte) []float32 {
	v := make([]float32, len(b)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return v
}
