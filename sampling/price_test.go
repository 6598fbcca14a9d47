package sampling_test

import (
	"math"
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
