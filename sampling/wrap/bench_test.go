package wrap_test

import (
	"context"
	"iter"
	"log/slog"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// A fixed backend yields the same chunks again and again, with no work of its own.
type fixed []sampling.Chunk

func (f fixed) Sample(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		for _, c := range f {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// BenchmarkChunk measures what each wrapper adds to a chunk of a long stream.
// The backend itself does nothing, so that "none" is the price of the loop.
func BenchmarkChunk(b *testing.B) {
	const n = 1000
	chunks := make(fixed, n)
	for i := range chunks {
		chunks[i].Text = " token"
	}
	chunks[n-1].Reason, chunks[n-1].Usage = sampling.EndOfText, sampling.Usage{PromptTokens: 10, CompletionTokens: n}
	req := &sampling.Request{Prompt: "Once upon a time", Stop: []string{"\n\n"}, Params: sampling.Params{MaxTokens: n}}
	quiet := slog.New(slog.DiscardHandler)
	meter := func() wrap.Wrapper { return &wrap.Meter{Price: llama405b} }
	limit := func() wrap.Wrapper { return &wrap.Limit{Requests: 1 << 30, Concurrent: 8} }
	for _, bench := range []struct {
		name     string
		wrappers []wrap.Wrapper
	}{
		{"none", nil},
		{"Limit", []wrap.Wrapper{limit()}},
		{"Meter", []wrap.Wrapper{meter()}},
		{"Meter with a Counter", []wrap.Wrapper{&wrap.Meter{Price: llama405b, Counter: words{}}}},
		{"Retry", []wrap.Wrapper{wrap.Retry{}}},
		{"Cache hit", []wrap.Wrapper{&wrap.Cache{}}},
		{"Log", []wrap.Wrapper{wrap.Log{Logger: quiet}}},
		{"Limit Meter Retry Log", []wrap.Wrapper{limit(), meter(), wrap.Retry{}, wrap.Log{Logger: quiet}}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			backend := wrap.Around(chunks, bench.wrappers...)
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range backend.Sample(b.Context(), req) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/chunk")
		})
	}
}
