package llamacpp_test

import (
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/llamacpp"
)

// BenchmarkGreedy draws greedily, with one thread.
func BenchmarkGreedy(b *testing.B) {
	m := open(b, llamacpp.Config{Threads: 1})
	tokens := 0
	for b.Loop() {
		for chunk, err := range m.Sample(b.Context(), &sampling.Request{Prompt: "Once upon a time", Params: sampling.Params{MaxTokens: 200}}) {
			if err != nil {
				b.Fatal(err)
			}
			if chunk.Usage != (sampling.Usage{}) {
				tokens += chunk.Usage.CompletionTokens
			}
		}
	}
	b.ReportMetric(float64(tokens)/b.Elapsed().Seconds(), "tokens/s")
}

// BenchmarkRead reads a prompt of about a thousand tokens, another one each time.
func BenchmarkRead(b *testing.B) {
	m := open(b, llamacpp.Config{Threads: 1})
	before, text := m.Decoded(), strings.Repeat("The soup arrived cold and the waiter never came back. ", 80)
	for n := 0; b.Loop(); n++ {
		req := &sampling.Request{Prompt: strings.Repeat("a", n%20) + text, Params: sampling.Params{MaxTokens: 1}}
		for _, err := range m.Sample(b.Context(), req) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(m.Decoded()-before)/b.Elapsed().Seconds(), "tokens/s")
}
