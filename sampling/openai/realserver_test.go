package openai_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// realServers are the servers that the environment names, by their addresses up
// to and with /v1, and the models on them.
func realServers(t *testing.T, test func(t *testing.T, c openai.Config)) {
	found := false
	for name, d := range map[string]openai.Dialect{"LLAMACPP": openai.LlamaCpp, "VLLM": openai.VLLM} {
		url, model := os.Getenv("FOREWORD_"+name+"_URL"), os.Getenv("FOREWORD_"+name+"_MODEL")
		if url != "" && model != "" {
			found = true
			t.Run(d.Name, func(t *testing.T) { test(t, openai.Config{BaseURL: url, Model: model, Dialect: d}) })
		}
	}
	if !found {
		t.Skip("set FOREWORD_LLAMACPP_URL and FOREWORD_LLAMACPP_MODEL, or the same for VLLM, to a server's /v1 and its model")
	}
}

func newReal(t *testing.T, c openai.Config, whole bool) *openai.Backend {
	t.Helper()
	c.NoStreaming = whole
	b, err := openai.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRealServerConformance(t *testing.T) {
	realServers(t, func(t *testing.T, c openai.Config) {
		for _, whole := range []bool{false, true} {
			t.Run(map[bool]string{false: "streamed", true: "whole"}[whole], func(t *testing.T) {
				kit := samplingtest.Kit{MaxTokens: 16, Timeout: 5 * time.Minute}
				if testing.Short() {
					kit.MaxTokens = 8
				}
				kit.TestBackend(t, func(t *testing.T) sampling.Backend { return newReal(t, c, whole) })
			})
		}
	})
}

// llama.cpp's server promises to keep a connection and closes it. Not one call
// in a row may fail for that, without any retry of ours.
func TestRealServerBackToBack(t *testing.T) {
	realServers(t, func(t *testing.T, c openai.Config) {
		m := sampling.Model{Backend: newReal(t, c, false)}
		calls, faults := 1000, 0
		if testing.Short() {
			calls = 100
		}
		for range calls {
			_, err := m.Complete(t.Context(), &sampling.Request{Prompt: "Once upon a time", Stop: []string{"\n"}, Params: sampling.Params{MaxTokens: 2}})
			if err != nil {
				faults++
				t.Log(err)
			}
		}
		if faults > 0 {
			t.Errorf("%d of %d calls failed", faults, calls)
		}
	})
}

func TestRealServerStops(t *testing.T) {
	realServers(t, func(t *testing.T, c openai.Config) {
		m := sampling.Model{Backend: newReal(t, c, false)}
		req := &sampling.Request{Prompt: "Once upon a time", Params: sampling.Params{MaxTokens: 40}}
		free, err := m.Complete(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, stop := range [][]string{{"."}, {" a "}, {"@@", "girl"}, {"@1", "@2", "@3", "@4", "@5", "\n", ","}} {
			one := *req
			one.Stop = stop
			want, found := sampling.Cut(free.Text, stop)
			c, err := m.Complete(t.Context(), &one)
			if err != nil || c.Text != want || found != "" && c.Reason == sampling.TokenLimit {
				t.Errorf("with the stops %q: %q, %v, %v; want %q", stop, c.Text, c.Reason, err, want)
			}
		}
	})
}

// A constraint holds, ends at the stop sequence, and works streamed and whole.
func TestRealServerConstraint(t *testing.T) {
	number, err := sampling.Matching(` [0-9]{1,3}`)
	if err != nil {
		t.Fatal(err)
	}
	realServers(t, func(t *testing.T, c openai.Config) {
		for _, whole := range []bool{false, true} {
			m := sampling.Model{Backend: newReal(t, c, whole)}
			for _, constraint := range []sampling.Constraint{sampling.OneOf(" positive", " negative"), number} {
				got, err := m.Complete(t.Context(), &sampling.Request{
					Prompt: "Review: a fine film\nSentiment:", Stop: []string{"\n"}, Constraint: constraint, Params: sampling.Params{MaxTokens: 16},
				})
				if err != nil || constraint.Match(got.Text) != nil || got.Reason != sampling.StopSequence && got.Reason != sampling.EndOfText {
					t.Errorf("whole %v: %+v, %v", whole, got, err)
				}
			}
		}
	})
}

// The tokens of a completion are those of its text: the one that ends the text
// is not among them, and neither is a stop sequence.
func TestRealServerTokens(t *testing.T) {
	realServers(t, func(t *testing.T, c openai.Config) {
		for _, whole := range []bool{false, true} {
			m := sampling.Model{Backend: newReal(t, c, whole)}
			for _, req := range []sampling.Request{
				{Prompt: "<|im_start|>user\nSay hi.<|im_end|>\n<|im_start|>assistant\n", Params: sampling.Params{MaxTokens: 60}},
				{Prompt: "Once upon a time", Stop: []string{".", "\n"}, Params: sampling.Params{MaxTokens: 60}},
			} {
				req.Params.Logprobs, req.Params.TopLogprobs = true, 3
				got, err := m.Complete(t.Context(), &req)
				if err != nil {
					t.Fatal(err)
				}
				joined := ""
				for _, token := range got.Tokens {
					joined += token.Text
				}
				if joined != got.Text {
					t.Errorf("whole %v: the tokens make %q, and the text is %q", whole, joined, got.Text)
				}
			}
		}
	})
}

func TestRealServerDialect(t *testing.T) {
	realServers(t, func(t *testing.T, c openai.Config) {
		if c.Dialect.Name != openai.LlamaCpp.Name {
			t.Skip("only llama.cpp names itself")
		}
		for _, d := range []openai.Dialect{openai.OpenAI, openai.VLLM} {
			c.Dialect = d
			c.Key = sampling.NewSecret("k")
			_, err := sampling.Model{Backend: newReal(t, c, false)}.Complete(t.Context(), &sampling.Request{Prompt: "x", Params: sampling.Params{MaxTokens: 1}})
			if err == nil || !strings.Contains(err.Error(), "LlamaCpp") {
				t.Errorf("%s: %v", d.Name, err)
			}
		}
	})
}

func TestRealServerFaults(t *testing.T) {
	realServers(t, func(t *testing.T, c openai.Config) {
		b := newReal(t, c, false)
		_, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: strings.Repeat("word ", 20000), Params: sampling.Params{MaxTokens: 4}})
		if !errors.Is(err, sampling.ErrBudget) {
			t.Errorf("too long a prompt: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		for _, err := range b.Sample(ctx, &sampling.Request{Prompt: "Once upon a time", Params: sampling.Params{MaxTokens: 400}}) {
			if n++; n == 3 {
				cancel()
			}
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
		}
		cancel()
		if n > 5 {
			t.Errorf("%d chunks came after the cancellation", n-3)
		}
	})
}
