package openai_test

import (
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
