//go:build !race

// What is pinned here is pinned without the race detector, which allocates for
// itself and lets a sync.Pool lose things at random.

package pocket_test

import (
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// TestAllocations pins what a token costs beside its share of the call: nothing.
func TestAllocations(t *testing.T) {
	m := pocket.Default()
	sample := func(tokens int) func() {
		return func() {
			for range m.Sample(t.Context(), &sampling.Request{Prompt: zebra, Params: sampling.Params{MaxTokens: tokens}}) {
			}
		}
	}
	sample(200)() // grow the scratch
	few, many := testing.AllocsPerRun(20, sample(20)), testing.AllocsPerRun(20, sample(200))
	if perToken := (many - few) / 180; perToken > 0.1 {
		t.Errorf("20 tokens allocate %v times and 200 tokens %v times, %.2f for each more; want the scratch to be used again", few, many, perToken)
	}
}
