//go:build !race

// What is pinned here is pinned without the race detector, which allocates for
// itself and lets a sync.Pool lose things at random.

package sampling_test

import (
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

// Chunks that nothing is held of cost no allocation, with tokens or without.
func TestUntilAllocates(t *testing.T) {
	chunk := sampling.Chunk{Text: " word", Tokens: []sampling.Token{{Text: " word"}}}
	run := func(n int) float64 {
		return testing.AllocsPerRun(20, func() {
			source := func(yield func(sampling.Chunk, error) bool) {
				for range n {
					if !yield(chunk, nil) {
						return
					}
				}
			}
			for range sampling.Until(source, []string{"\n", "###", "<|end|>"}) {
			}
		})
	}
	if few, many := run(1), run(1001); few != many {
		t.Errorf("1 chunk costs %v allocations and 1001 cost %v", few, many)
	}
}
