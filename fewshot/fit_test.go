package fewshot_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A wordCounter counts words, and line breaks that follow each other in pairs,
// so that the count of a whole differs from the sum of its parts where two parts
// meet, as with real tokenizers. Each text has one token more, as with those
// that begin it with one.
type wordCounter struct{ calls *atomic.Int64 }

func (c wordCounter) Count(text string) (int, error) {
	if c.calls != nil {
		c.calls.Add(1)
	}
	n := 1
	for line := range strings.Lines(text) {
		n += len(strings.Fields(line))
	}
	for breaks := range strings.FieldsFuncSeq(text, func(r rune) bool { return r != '\n' }) {
		n += (len(breaks) + 1) / 2
	}
	return n, nil
}

func TestFitting(t *testing.T) {
	task := fewshot.Task[string, string]{Instruction: "Translate.", Examples: tenPairs, Format: fewshot.Lines}
	task.Params.MaxTokens = 8
	tests := []struct {
		why     string
		window  int
		shots   int
		dropped []int
		tokens  int
	}{
		{"all fit", 100, 10, nil, 34},
		{"just", 42, 10, nil, 34},
		{"one token less costs an example, the first", 41, 9, []int{0}, 31},
		{"most are dropped, in the order of their value", 18, 2, []int{0, 1, 2, 3, 4, 5, 6, 7}, 10},
		{"none fits, but the query does", 14, 0, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 4},
	}
	for _, tt := range tests {
		m := sampling.Model{Window: tt.window, Counter: wordCounter{}}
		p, err := task.Prompt(t.Context(), m, "teacher")
		if err != nil {
			t.Errorf("%s: %v", tt.why, err)
			continue
		}
		n, _ := m.Count(p.Text)
		if n != p.Tokens || n > tt.window-8 {
			t.Errorf("%s: the prompt says %d tokens, has %d, and %d fit", tt.why, p.Tokens, n, tt.window-8)
		}
		if len(p.Shots) != tt.shots || p.Tokens != tt.tokens {
			t.Errorf("%s: %d shots and %d tokens, want %d and %d", tt.why, len(p.Shots), p.Tokens, tt.shots, tt.tokens)
		}
		if diff := cmp.Diff(tt.dropped, p.Dropped); len(tt.dropped)+len(p.Dropped) > 0 && diff != "" {
			t.Errorf("%s: dropped (-want +got):\n%s", tt.why, diff)
		}
		if !strings.HasPrefix(p.Text, "Translate.\n\n") || !strings.HasSuffix(p.Text, "teacher:") {
			t.Errorf("%s: the instruction and the query are never dropped: %q", tt.why, p.Text)
		}
	}
	_, err := task.Prompt(t.Context(), sampling.Model{Window: 11, Counter: wordCounter{}}, "teacher")
	if !errors.Is(err, sampling.ErrBudget) || !strings.Contains(err.Error(), "have 4 tokens, and 3 are left") {
		t.Errorf("the query alone does not fit: %v", err)
	}
	_, err = task.Prompt(t.Context(), sampling.Model{Window: 8, Counter: wordCounter{}}, "teacher")
	if !errors.Is(err, sampling.ErrBudget) {
		t.Errorf("MaxTokens fills the window: %v", err)
	}
}

func TestEachExampleIsCountedOnce(t *testing.T) {
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	for i := range 1000 {
		task.Add(fmt.Sprintf("word %d", i), "x")
	}
	task.Params.MaxTokens = 1
	counter := wordCounter{calls: new(atomic.Int64)}
	m := sampling.Model{Window: 500, Counter: counter}
	prompt := func(query string) int64 {
		before := counter.calls.Load()
		if _, err := task.Prompt(t.Context(), m, query); err != nil {
			t.Fatal(err)
		}
		return counter.calls.Load() - before
	}
	if n := prompt("first"); n > 1020 {
		t.Errorf("the first query counted %d texts for 1000 examples", n)
	}
	for range 5 {
		if n := prompt("another"); n > 4 {
			t.Errorf("a later query counted %d texts", n)
		}
	}
}

// FuzzFit checks that no prompt is over the window by a counter that counts
// exactly, whatever the examples, and that no more than the window asks for is
// dropped.
func FuzzFit(f *testing.F) {
	f.Add(uint8(20), []byte{0, 8, 0, 0, 8, 0}, []byte{0}, true)
	f.Fuzz(func(t *testing.T, window uint8, data, query []byte, random bool) {
		task := fewshot.Task[string, string]{Format: fewshot.QA}
		for i := 0; i+2 <= len(data); i += 2 {
			task.Add(dense(data[i:i+1])+"a", "a"+dense(data[i+1:i+2])+"a")
		}
		task.Params.MaxTokens = 2
		if random && len(task.Examples) > 0 {
			task.Select = fewshot.Random(len(task.Examples), uint64(window))
		}
		m := sampling.Model{Window: int(window), Counter: wordCounter{}}
		p, err := task.Prompt(t.Context(), m, dense(query))
		if err != nil {
			return
		}
		n, _ := m.Count(p.Text)
		if window > 0 && n > int(window)-2 {
			t.Errorf("%d tokens in a window of %d beside 2: %q", n, window, p.Text)
		}
		if n != p.Tokens {
			t.Errorf("the prompt says %d tokens and has %d: %q", p.Tokens, n, p.Text)
		}
	})
}
