package gonames_test

import (
	"errors"
	"testing"

	"github.com/foreword-go/foreword/internal/gonames"
)

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"sampling: invalid request: Params.TopP is 2; use 1":                             "invalid request: top_p is 2; use 1",
		`the prompt has "Params.TopP, or set Config.X" in it`:                            `the prompt has "Params.TopP, or set Config.X" in it`,
		`names "<s>"; change the text, or set Config.SpecialTokens if it is meant`:       `names "<s>"; change the text`,
		"over the window; shorten the prompt, or raise Config.Window as far as possible": "over the window; shorten the prompt",
	} {
		if got := gonames.Plain(errors.New(text)); got != want {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
	}
}
