package internal_test

import (
	"errors"
	"testing"

	"github.com/foreword-go/foreword/internal/gonames"
)

func TestPlainError(t *testing.T) {
	for text, want := range map[string]string{
		"sampling: invalid request: Params.TopP is 2; use 0 for off":                     "invalid request: top_p is 2; use 0 for off",
		"assistant: sampling: over the context window: 5 are left beside MaxTokens":      "over the context window: 5 are left beside max_tokens",
		"no room; without a Counter each byte counts, so set Model.Counter":              "no room",
		`Stop[0] repeats Stop[1], "Params.TopP is \"MaxTokens\""; leave one out`:         `stop[0] repeats stop[1], "Params.TopP is \"MaxTokens\""; leave one out`,
		"set Config.Dialect to openai.LlamaCpp":                                          "set dialect to llama_cpp",
		"Params.Temperature is -1":                                                       "temperature is -1",
		"Constraint: text 1 of OneOf is empty":                                           "Constraint: text 1 of one_of is empty",
		"The prompt of Paris":                                                            "The prompt of Paris",
		`the prompt has "Params.TopP, or set Config.X" in it`:                            `the prompt has "Params.TopP, or set Config.X" in it`,
		`names "<s>"; change the text, or set Config.SpecialTokens if it is meant`:       `names "<s>"; change the text`,
		"over the window; shorten the prompt, or raise Config.Window as far as possible": "over the window; shorten the prompt",
	} {
		if got := gonames.Plain(errors.New(text)); got != want {
			t.Errorf("%s\n got  %s\n want %s", text, got, want)
		}
	}
}
