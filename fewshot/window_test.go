package fewshot_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// An answer that the context window cut is not one that more MaxTokens would
// mend. The server's own count tells the two apart.
func TestCutByWindow(t *testing.T) {
	for drawn, words := range map[int]string{27: "context window after 27 of 64", 64: "raise Params.MaxTokens", 63: "raise Params.MaxTokens", 0: "raise Params.MaxTokens"} {
		task := fewshot.Task[string, string]{Params: sampling.Params{MaxTokens: 64}}
		m := sampling.Model{Backend: &samplingtest.Script{Answer: samplingtest.InTurn(samplingtest.Reply{Text: " and so on", Reason: sampling.TokenLimit, Usage: sampling.Usage{PromptTokens: 2021, CompletionTokens: drawn}})}}
		_, err := task.MustCompile().Run(t.Context(), m, "x")
		if _, ok := errors.AsType[*fewshot.AnswerError](err); !ok || !errors.Is(err, sampling.ErrTokenLimit) || !strings.Contains(err.Error(), words) {
			t.Errorf("%d tokens drawn: %v, want %q", drawn, err, words)
		}
	}
}
