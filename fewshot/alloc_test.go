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

// TestPromptAllocations pins what a query costs: the text and the Prompt.
func TestPromptAllocations(t *testing.T) {
	for _, n := range []int{0, 10, 1000} {
		p := fewshot.Task[string, string]{Examples: manyPairs(n), Format: fewshot.Lines}.MustCompile()
		got := testing.AllocsPerRun(100, func() {
			var err error
			if kept, err = p.Prompt(t.Context(), sampling.Model{}, "teacher"); err != nil {
				t.Fatal(err)
			}
		})
		if got > 2 {
			t.Errorf("%d pairs: %v allocations a prompt, want at most 2", n, got)
		}
	}
	p, err := promptOf(t.Context(), fewshot.Task[string, string]{Examples: manyPairs(3), Format: fewshot.Lines}, sampling.Model{}, "teacher")
	if err != nil || p.Text != plain(manyPairs(3), "teacher") {
		t.Errorf("the benchmark compares different texts: %+v, %v", p, err)
	}
}

// TestFitAllocations pins what a query under a window costs where bytes count: the
// Prompt, and its text as it is counted. The number of examples plays no part.
func TestFitAllocations(t *testing.T) {
	for _, n := range []int{10, 1000} {
		prompter := fewshot.Task[string, string]{Examples: manyPairs(n), Format: fewshot.Lines}.MustCompile()
		m := sampling.Model{Window: 4096} // each byte counts, which allocates nothing
		got := testing.AllocsPerRun(100, func() {
			p, err := prompter.Prompt(t.Context(), m, "teacher")
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
