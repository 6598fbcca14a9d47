package llamacpp_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/llamacpp"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// files returns llama.cpp's library and the model of the tests, which
// FOREWORD_LLAMA and FOREWORD_GGUF name.
func files(t testing.TB) (library, gguf string) {
	t.Helper()
	library, gguf = os.Getenv("FOREWORD_LLAMA"), os.Getenv("FOREWORD_GGUF")
	if library == "" || gguf == "" {
		t.Skip("FOREWORD_LLAMA and FOREWORD_GGUF do not name a library and a model: see .ci/llamacpp-lib")
	}
	return library, gguf
}

func open(t testing.TB, config llamacpp.Config) *llamacpp.Model {
	t.Helper()
	config.Library, config.Model = files(t)
	m, err := llamacpp.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// exact reports whether greedy answers do not depend on how texts share batches.
// llama.cpp computes with quantized weights by other means for one token than for
// many, and two likely tokens may change places.
func exact() bool { return strings.Contains(filepath.Base(os.Getenv("FOREWORD_GGUF")), "f32") }

func TestConformance(t *testing.T) {
	m := open(t, llamacpp.Config{})
	samplingtest.Kit{MaxTokens: 16}.TestBackend(t, func(t *testing.T) sampling.Backend { return m })
}

// A caller that leaves the stream has the cost so far.
func TestUsageWhenLeft(t *testing.T) {
	m := open(t, llamacpp.Config{})
	req := &sampling.Request{Prompt: "The owl sat on", Params: sampling.Params{MaxTokens: 8, Seed: 1}}
	n, err := m.Count(t.Context(), req.Prompt)
	if err != nil {
		t.Fatal(err)
	}
	for chunk, err := range m.Sample(t.Context(), req) {
		if err != nil {
			t.Fatal(err)
		}
		if u := chunk.Usage; u.PromptTokens < n || u.CompletionTokens < 1 {
			t.Errorf("the first chunk has a usage of %+v for a prompt of %d tokens", u, n)
		}
		break
	}
}
