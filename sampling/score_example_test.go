package sampling_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// In tasks such as Winogrande the input varies, and the text that is scored stays
// the same: each option is filled in, and the one that makes the rest of the
// sentence likeliest wins. Such a task is a loop over Score.
func ExampleModel_Score() {
	m := sampling.Model{Backend: pocket.Default()}
	before, after, _ := strings.Cut("The capital of _ is Paris.", "_")
	best, score := "", 0.0
	for _, option := range []string{"Japan", "France", "Italy"} {
		scores, err := m.Score(context.Background(), &sampling.Request{Prompt: before + option}, []string{after})
		if err != nil {
			fmt.Println(err)
			return
		}
		if best == "" || scores[0].Logprob > score {
			best, score = option, scores[0].Logprob
		}
	}
	fmt.Printf("%s%s%s\n", before, best, after)
	// Output: The capital of France is Paris.
}
