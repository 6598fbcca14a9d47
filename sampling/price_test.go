package sampling_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

func TestPrice(t *testing.T) {
	usage := sampling.Usage{PromptTokens: 1000, CachedTokens: 900, CompletionTokens: 10}
	for price, want := range map[sampling.Price]float64{
		{}:                                      0,
		{Prompt: 4, Completion: 8}:              0.00408,
		{Prompt: 4, Cached: 1, Completion: 8}:   0.00138,
		{Prompt: 10, Cached: 5}:                 0.0055,
		{Prompt: 1e9, Cached: 1, Completion: 0}: 100000.0009,
	} {
		if got := price.Of(usage); math.Abs(got-want) > 1e-9*math.Max(1, want) {
			t.Errorf("%+v: %v, want %v", price, got, want)
		}
	}
	if got := (sampling.Price{Prompt: 1, Cached: 0.5}).Of(sampling.Usage{PromptTokens: 1, CachedTokens: 2}); got != 1e-6 {
		t.Errorf("more cached tokens than prompt tokens cost %v", got)
	}
}

// TestPriceAgainstOracle compares random costs with exact fractions.
func TestPriceAgainstOracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range sized(4000, 20_000) {
		prompt := rng.IntN(1 << rng.IntN(31))
		u := sampling.Usage{PromptTokens: prompt, CachedTokens: rng.IntN(prompt + 1), CompletionTokens: rng.IntN(1 << rng.IntN(31))}
		p := sampling.Price{Prompt: 100 * rng.Float64(), Cached: 10 * rng.Float64() * float64(rng.IntN(2)), Completion: 1000 * rng.Float64() * float64(rng.IntN(2))}
		cached := p.Cached
		if cached == 0 {
			cached = p.Prompt
		}
		sum := new(big.Rat)
		for _, part := range []struct {
			tokens int
			price  float64
		}{{u.PromptTokens - u.CachedTokens, p.Prompt}, {u.CachedTokens, cached}, {u.CompletionTokens, p.Completion}} {
			cost := new(big.Rat).SetFloat64(part.price)
			sum.Add(sum, cost.Mul(cost, new(big.Rat).SetFrac64(int64(part.tokens), 1e6)))
		}
		want, _ := sum.Float64()
		if got := p.Of(u); math.Abs(got-want) > 1e-14*want {
			t.Fatalf("%+v of %+v costs %v, want %v", p, u, got, want)
		}
	}
}
