package ollama_test

import (
	"fmt"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/ollama"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

func TestConformance(t *testing.T) {
	for _, version := range []string{"0.17.4", "0.32.0", "0.12.6", "0.0.0"} {
		for _, whole := range []bool{false, true} {
			t.Run(fmt.Sprintf("version=%s/whole=%v", version, whole), func(t *testing.T) {
				t.Parallel()
				server := &fake{version: version, mute: version == "0.12.6"}
				config := ollama.Config{URL: server.start(t), Model: "tiny", Window: 256, NoStreaming: whole}
				samplingtest.Kit{MaxTokens: 8}.TestBackend(t, func(t *testing.T) sampling.Backend { return newBackend(t, config) })
			})
		}
	}
}

// What cannot be done is said, and not dropped.
func TestConformanceUnsupported(t *testing.T) {
	old := &fake{version: "0.12.6", architecture: "gemma3"}
	config := ollama.Config{URL: old.start(t), Model: "tiny", Window: 256}
	samplingtest.Kit{
		MaxTokens: 8,
		Unsupported: []sampling.Params{
			{Logprobs: true, TopLogprobs: 1},
			{FrequencyPenalty: 0.5},
			{PresencePenalty: -0.5},
			{RepetitionPenalty: 1.1},
			{Extra: map[string]any{"suffix": "x"}},
			{Extra: map[string]any{"system": "x"}},
		},
	}.TestBackend(t, func(t *testing.T) sampling.Backend { return newBackend(t, config) })
	if n := old.asked("/api/show"); n == 0 {
		t.Error("the architecture was not asked for")
	}
}
