//go:build !race

// What is pinned here is pinned without the race detector, which allocates for
// itself and lets a sync.Pool lose things at random.

package fewshot_test

import (
	"testing"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

var kept *fewshot.Prompt

// TestPromptAllocations pins what a query costs: the text, and the Prompt itself
// where it is kept. What is read and forgotten stays on the caller's stack.
func TestPromptAllocations(t *testing.T) {
	for _, n := range []int{0, 10, 1000} {
		task := fewshot.Task[string, string]{Examples: manyPairs(n), Format: fewshot.Lines}
		read := testing.AllocsPerRun(100, func() {
			p, err := task.Prompt(t.Context(), sampling.Model{}, "teacher")
			if err != nil || p.Text == "" {
				t.Fatal(err)
			}
		})
		if read > 1 && testing.CoverMode() == "" { // Prompt with counters in it is not inlined
			t.Errorf("%d pairs: %v allocations for a prompt that is read, want at most 1", n, read)
		}
		keep := testing.AllocsPerRun(100, func() {
			var err error
			if kept, err = task.Prompt(t.Context(), sampling.Model{}, "teacher"); err != nil {
				t.Fatal(err)
			}
		})
		if keep > 2 {
			t.Errorf("%d pairs: %v allocations for a prompt that is kept, want at most 2", n, keep)
		}
	}
	if p, _ := (&fewshot.Task[string, string]{Examples: manyPairs(3), Format: fewshot.Lines}).Prompt(t.Context(), sampling.Model{}, "teacher"); p.Text != plain(manyPairs(3), "teacher") {
		t.Errorf("the benchmark compares different texts: %q", p.Text)
	}
}

// TestFitAllocations pins what a query under a window costs once the examples
// have been counted: the Prompt, its text, and the query as it is counted, alone
// and behind the last shot. The number of examples plays no part.
func TestFitAllocations(t *testing.T) {
	for _, n := range []int{10, 1000} {
		task := fewshot.Task[string, string]{Examples: manyPairs(n), Format: fewshot.Lines}
		m := sampling.Model{Window: 4096} // each byte counts, which allocates nothing
		got := testing.AllocsPerRun(100, func() {
			p, err := task.Prompt(t.Context(), m, "teacher")
			if err != nil {
				t.Fatal(err)
			}
			if n == 1000 && len(p.Dropped) == 0 {
				t.Fatal("all examples fit, so nothing is tested")
			}
		})
		if got > 5 {
			t.Errorf("%d examples: %v allocations a prompt, want at most 5", n, got)
		}
	}
}
