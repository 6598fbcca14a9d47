package sampling_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// words counts a token for each word.
type words struct{}

func (words) Count(ctx context.Context, text string) (int, error) {
	if strings.Contains(text, "uncountable") {
		return 0, errors.New("no such word")
	}
	return len(strings.Fields(text)), nil
}

func TestCount(t *testing.T) {
	backend := new(samplingtest.Script)
	plain := sampling.BackendFunc(capitals)
	for _, test := range []struct {
		why  string
		m    sampling.Model
		want int
	}{
		{"bytes, when nobody counts", sampling.Model{Backend: plain}, 6},
		{"bytes without a backend too", sampling.Model{}, 6},
		{"the backend", sampling.Model{Backend: struct {
			sampling.Backend
			words
		}{}}, 2},
		{"the Model's own before the backend", sampling.Model{Backend: backend, Counter: words{}}, 2},
	} {
		if n, err := test.m.Count(context.Background(), "a 나b"); n != test.want || err != nil {
			t.Errorf("%s: %d, %v", test.why, n, err)
		}
	}
}

func TestPromptBudget(t *testing.T) {
	for _, test := range []struct {
		window, maxTokens, want int
		err                     string
	}{
		{0, 0, math.MaxInt, ""},
		{0, 1 << 30, math.MaxInt, ""},
		{1000, 0, 744, ""}, // the default of 256 is asked for
		{1000, 999, 1, ""},
		{1000, 1000, 0, "MaxTokens of 1000 leaves no room for a prompt in a window of 1000 tokens; lower MaxTokens"},
		{100, 0, 0, "MaxTokens of 256 leaves no room"},
		{1000, math.MaxInt, 0, "leaves no room"},
		{-5, 0, 0, "Model.Window is -5; use 0 for no limit"},
		{1000, -5, 0, "Params.MaxTokens is -5; use 0 for the default of 256"},
	} {
		m := sampling.Model{Window: test.window}
		n, err := m.PromptBudget(sampling.Params{MaxTokens: test.maxTokens})
		if n != test.want || test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("window %d, MaxTokens %d: %d, %v, want %d, %q", test.window, test.maxTokens, n, err, test.want, test.err)
		}
		if err != nil && errors.Is(err, sampling.ErrBudget) == errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%v is of no or of both kinds", err)
		}
	}
}

// A prompt that just fits is sent, and one token more is an error with both
// numbers.
func TestWindow(t *testing.T) {
	req := func(n int) *sampling.Request {
		return &sampling.Request{Prompt: strings.Repeat("word ", n), Params: sampling.Params{MaxTokens: 10}}
	}
	m := sampling.Model{Backend: sampling.BackendFunc(capitals), Window: 30, Counter: words{}}
	if _, err := m.Complete(t.Context(), req(20)); err != nil {
		t.Error(err)
	}
	_, err := m.Complete(t.Context(), req(21))
	if !errors.Is(err, sampling.ErrBudget) {
		t.Fatal(err)
	}
	for _, want := range []string{"the prompt has 21 tokens", "20 of the window of 30 are left", "shorten the prompt or lower MaxTokens"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "Counter") {
		t.Errorf("%q blames a missing Counter", err)
	}

	m.Counter = nil
	if _, err := m.Complete(t.Context(), req(5)); !errors.Is(err, sampling.ErrBudget) || !strings.Contains(err.Error(), "setting Model.Counter may be enough") {
		t.Errorf("without a Counter: %v", err)
	}
	m.Counter = words{}
	if _, err := m.Complete(t.Context(), &sampling.Request{Prompt: "uncountable", Params: sampling.Params{MaxTokens: 1}}); err == nil || !strings.Contains(err.Error(), "counting the prompt's tokens: no such word") {
		t.Errorf("a Counter that fails: %v", err)
	}
	m.Window = 0
	if _, err := m.Complete(t.Context(), &sampling.Request{Prompt: "uncountable"}); err != nil {
		t.Errorf("a prompt was counted where there is no window: %v", err)
	}
}
