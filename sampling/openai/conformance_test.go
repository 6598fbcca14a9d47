package openai_test

import (
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// The kit, on a server of each flavour, streamed and whole. The servers send
// half runes, refuse every field that their originals do not know, and miss
// every neutral value that would be left to them.
func TestConformance(t *testing.T) {
	for name, f := range flavours {
		for _, whole := range []bool{false, true} {
			t.Run(name+map[bool]string{false: "/streamed", true: "/whole"}[whole], func(t *testing.T) {
				kit := samplingtest.Kit{MaxTokens: 16}
				switch name {
				case "OpenAI":
					kit.Unsupported = []sampling.Params{{TopK: 40}, {MinP: 0.1}, {RepetitionPenalty: 1.1}, {Logprobs: true, TopLogprobs: 6}}
				}
				s := serve(t, f)
				kit.TestBackend(t, func(t *testing.T) sampling.Backend {
					b, err := openai.New(openai.Config{BaseURL: s.URL + "/v1", Model: "toy", Dialect: f.dialect, NoStreaming: whole})
					if err != nil {
						t.Fatal(err)
					}
					return b
				})
			})
		}
	}
}
