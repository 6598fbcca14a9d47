package sampling_test

import (
	"math/rand/v2"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

// BenchmarkDecoder draws from a vocabulary as large as that of Llama 3. The
// filters are compared with the plain draw of the same logits: none may take
// more than 1.5 times as long, which rules out sorting the vocabulary.
func BenchmarkDecoder(b *testing.B) {
	const vocabulary = 128256
	random := rand.New(rand.NewPCG(1, 2))
	for _, logits := range []struct {
		name   string
		spread float64
	}{{"language", 3}, {"flat", 0.01}} {
		all := make([]sampling.Candidate, vocabulary)
		for i := range all {
			all[i] = sampling.Candidate{ID: i, Logprob: logits.spread * random.NormFloat64()}
		}
		scratch := make([]sampling.Candidate, vocabulary)
		plain := 0.0
		for _, test := range []struct {
			name string
			p    sampling.Params
		}{
			{"unfiltered", sampling.Params{Temperature: 1}},
			{"TopK=40", sampling.Params{Temperature: 1, TopK: 40}},
			{"TopK=40000", sampling.Params{Temperature: 1, TopK: 40000}},
			{"TopP=0.95", sampling.Params{Temperature: 1, TopP: 0.95}},
			{"MinP=0.05", sampling.Params{Temperature: 1, MinP: 0.05}},
			{"all", sampling.Params{Temperature: 1, TopK: 40, TopP: 0.95, MinP: 0.05}},
		} {
			b.Run(logits.name+"/"+test.name, func(b *testing.B) {
				d := decoder(test.p)
				for b.Loop() {
					copy(scratch, all)
					d.Next(scratch)
				}
				each := b.Elapsed().Seconds() / float64(b.N)
				if test.name == "unfiltered" {
					plain = each
				}
				b.ReportMetric(each/plain, "x-unfiltered")
			})
		}
	}
}
