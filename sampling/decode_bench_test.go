package sampling_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// BenchmarkDecoder draws from a vocabulary as large as that of Llama 3, with each
// filter and without one in turn, and compares the fastest draws, since other
// programs may run. No filter may take more than 1.5 times as long.
func BenchmarkDecoder(b *testing.B) {
	const vocabulary = 128256
	random := rand.New(rand.NewPCG(1, 2))
	for _, logits := range []struct {
		name string
		of   func(id int) float64
	}{
		{"peaked", func(id int) float64 { return 2*random.NormFloat64() - 15*min(1, math.Log1p(float64(id))/8) }},
		{"language", func(int) float64 { return 3 * random.NormFloat64() }},
		{"between", func(int) float64 { return random.NormFloat64() }},
		{"flat", func(int) float64 { return 0.01 * random.NormFloat64() }},
		{"two values", func(int) float64 { return float64(random.IntN(2)) }},
		{"equal", func(int) float64 { return 7 }},
	} {
		all := make([]sampling.Candidate, vocabulary)
		for i := range all {
			all[i] = sampling.Candidate{ID: i, Logprob: logits.of(i)}
		}
		scratch := make([]sampling.Candidate, vocabulary)
		timed := func(d *sampling.Decoder) time.Duration {
			copy(scratch, all)
			start := time.Now()
			d.Next(scratch)
			return time.Since(start)
		}
		for _, p := range []sampling.Params{
			{TopK: 40}, {TopK: 40000}, {TopP: 0.95}, {TopP: 0.5}, {MinP: 0.05}, {TopK: 40, TopP: 0.95, MinP: 0.05},
		} {
			p.Temperature = 1
			b.Run(fmt.Sprintf("%s/TopK=%d,TopP=%v,MinP=%v", logits.name, p.TopK, p.TopP, p.MinP), func(b *testing.B) {
				plain, filtered := decoder(sampling.Params{Temperature: 1}), decoder(p)
				var with, without []time.Duration
				for b.Loop() {
					without = append(without, timed(plain))
					with = append(with, timed(filtered))
				}
				once := float64(slices.Min(without))
				b.ReportMetric(once, "ns/unfiltered")
				b.ReportMetric(float64(slices.Min(with))/once, "x-unfiltered")
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
