package fewshot_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

func TestWhy(t *testing.T) {
	task := fewshot.Task[string, string]{Examples: manyPairs(6), Format: fewshot.Lines, Select: fewshot.First(4)}
	task.Params.MaxTokens = 10
	m := sampling.Model{Window: 10 + 45} // bytes: two shots of 17 and the query
	for _, tt := range []struct {
		query string
		why   string // of each example in turn
	}{
		{"teacher", "no room, no room, shown, shown, not chosen, not chosen"},
		{"word-2", "no room, no room, is the query, shown, shown, not chosen"},
	} {
		p, err := task.Prompt(t.Context(), m, tt.query)
		if err != nil {
			t.Fatal(err)
		}
		var why []string
		for i := range task.Examples {
			why = append(why, p.Why(i).String())
		}
		if got := strings.Join(why, ", "); got != tt.why {
			t.Errorf("%s: %s, want %s", tt.query, got, tt.why)
		}
		if p.Budget != 45 || p.Tokens != len(p.Text) || p.Tokens > p.Budget {
			t.Errorf("%s: %d tokens of %d", tt.query, p.Tokens, p.Budget)
		}
		if p.Why(-1) != fewshot.NotChosen || p.Why(6) != fewshot.NotChosen {
			t.Errorf("%s: examples that there are not: %v, %v", tt.query, p.Why(-1), p.Why(6))
		}
	}
	// Without a Window there is no budget, and a Prompt made by hand says what it can.
	if p, err := task.Prompt(t.Context(), sampling.Model{}, "teacher"); err != nil || p.Budget != 0 || p.Why(0) != fewshot.Shown {
		t.Errorf("no window: %+v, %v", p, err)
	}
	if p := (&fewshot.Prompt{Shots: []int{1}, Dropped: []int{0}}); p.Why(0) != fewshot.NoRoom || p.Why(1) != fewshot.Shown || p.Why(2) != fewshot.NotChosen {
		t.Error("a Prompt made by hand")
	}
	if got := fewshot.Absence(9).String(); got != "unknown" {
		t.Errorf("an Absence that there is not is %q", got)
	}
}

// A prompt says how full the window is, and why an example is not there.
func ExamplePrompt_Why() {
	task := fewshot.Task[string, string]{Examples: tenPairs[:5], Format: fewshot.Lines, Select: fewshot.First(4)}
	task.Params.MaxTokens = 8
	prompt, err := task.Prompt(context.Background(), sampling.Model{Window: 60}, "ocean")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d tokens of %d\n", prompt.Tokens, prompt.Budget)
	for i, e := range task.Examples {
		fmt.Printf("%s: %v\n", e.In, prompt.Why(i))
	}
	// Output:
	// 36 tokens of 52
	// butterfly: no room
	// ocean: is the query
	// whisper: no room
	// mountain: shown
	// thunder: shown
}
