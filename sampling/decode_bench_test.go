package sampling_test

import (
	"fmt"
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

// BenchmarkDecoderConstraint compares a draw under a constraint with one without.
// The first constraint leaves few tokens, the last nearly all.
func BenchmarkDecoderConstraint(b *testing.B) {
	const vocabulary = 128256
	random := rand.New(rand.NewPCG(1, 2))
	texts, all := make([]string, vocabulary), make([]sampling.Candidate, vocabulary)
	for i := range all {
		all[i] = sampling.Candidate{ID: i, Logprob: 3 * random.NormFloat64()}
		for range 1 + random.IntN(8) {
			texts[i] += string(" etaoinshrdlu,.\n"[random.IntN(16)])
		}
	}
	scratch := make([]sampling.Candidate, vocabulary)
	free := 0.0
	for _, expr := range []string{"", `true|false|none|other`, `[0-9]+`, ` ?[a-z]+`, `[^\n]*`} {
		b.Run(fmt.Sprintf("expr=%s", expr), func(b *testing.B) {
			req := &sampling.Request{Params: sampling.Params{Temperature: 1}}
			if expr != "" {
				req.Constraint = matching(b, expr)
			}
			for b.Loop() {
				d := sampling.NewDecoder(req, nil, texts)
				for range 4 { // of a continuation of four tokens
					copy(scratch, all)
					d.Next(scratch)
				}
			}
			each := b.Elapsed().Seconds() / float64(b.N)
			if expr == "" {
				free = each
			}
			b.ReportMetric(each/free, "x-free")
		})
	}
}
