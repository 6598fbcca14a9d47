//go:build !race

// What is pinned here is pinned without the race detector, which allocates for
// itself and lets a sync.Pool lose things at random.

package wrap_test

import (
	"log/slog"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// A chunk passes with no allocation: what a wrapper allocates it allocates once
// a call.
func TestChunksPassWithoutAllocation(t *testing.T) {
	chunks := make(fixed, 1000)
	for i := range chunks {
		chunks[i].Text = " token"
	}
	chunks[len(chunks)-1].Reason = sampling.EndOfText
	req := &sampling.Request{Prompt: "Once upon a time"}
	for name, w := range map[string]wrap.Wrapper{
		"Limit": &wrap.Limit{Requests: 1 << 30, Concurrent: 8},
		"Meter": &wrap.Meter{Price: llama405b, Cap: 1 << 60},
		"Retry": wrap.Retry{},
		"Log":   wrap.Log{Logger: slog.New(slog.DiscardHandler)},
	} {
		b := w.Wrap(chunks)
		n := testing.AllocsPerRun(10, func() {
			for _, err := range b.Sample(t.Context(), req) {
				if err != nil {
					t.Fatal(err)
				}
			}
		})
		t.Logf("%s: %v allocations for 1,000 chunks", name, n)
		if n > 30 {
			t.Errorf("%s: %v allocations for 1,000 chunks", name, n)
		}
	}
}
