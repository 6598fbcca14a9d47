package wrap_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/wrap"
)

func TestMoneyString(t *testing.T) {
	for _, test := range []struct {
		m    wrap.Money
		want string
	}{
		{0, "$0.00"},
		{4 * wrap.Dollar, "$4.00"},
		{15 * wrap.Cent, "$0.15"},
		{12_000, "$0.000012"},
		{1, "$0.000000001"},
		{wrap.Dollar + wrap.Cent/2, "$1.005"},
		{-3 * wrap.Dollar / 2, "-$1.50"},
		{math.MaxInt64, "$9223372036.854775807"},
		{math.MinInt64, "-$9223372036.854775808"},
	} {
		if got := test.m.String(); got != test.want {
			t.Errorf("%d is %s, want %s", int64(test.m), got, test.want)
		}
	}
}

func TestPrice(t *testing.T) {
	llama405b := wrap.Price{Prompt: 4 * wrap.Dollar, Completion: 4 * wrap.Dollar}
	for _, test := range []struct {
		price              wrap.Price
		prompt, completion int
		want               wrap.Money
	}{
		{llama405b, 1_000_000, 0, 4 * wrap.Dollar},
		{llama405b, 1200, 56, 5_024_000}, // 1256 tokens at 4 millionths
		{llama405b, 0, 0, 0},
		{wrap.Price{Prompt: 1}, 1, 0, 1}, // rounded up
		{wrap.Price{Prompt: 2 * wrap.Cent, Completion: 3}, 1, 1, 21},
		{wrap.Price{Prompt: math.MaxInt64, Completion: math.MaxInt64}, math.MaxInt64, math.MaxInt64, math.MaxInt64},
		{llama405b, -5, -5, 0},
	} {
		if got := test.price.Of(sampling.Usage{PromptTokens: test.prompt, CompletionTokens: test.completion}); got != test.want {
			t.Errorf("%d and %d tokens at %+v cost %v, want %v", test.prompt, test.completion, test.price, got, test.want)
		}
	}
}

// The cost is what arbitrary precision says, rounded up.
func TestPriceAgainstOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		p := wrap.Price{Prompt: wrap.Money(r.Int64() >> r.IntN(63)), Completion: wrap.Money(r.Int64() >> r.IntN(63))}
		in, out := r.Int64()>>r.IntN(63), r.Int64()>>r.IntN(63)
		sum := new(big.Int).Mul(big.NewInt(in), big.NewInt(int64(p.Prompt)))
		sum.Add(sum, new(big.Int).Mul(big.NewInt(out), big.NewInt(int64(p.Completion))))
		sum.Add(sum, big.NewInt(999_999)).Div(sum, big.NewInt(1_000_000))
		want := wrap.Money(math.MaxInt64)
		if sum.IsInt64() {
			want = wrap.Money(sum.Int64())
		}
		if got := p.Of(sampling.Usage{PromptTokens: int(in), CompletionTokens: int(out)}); got != want {
			t.Fatalf("%d and %d tokens at %+v cost %d, want %d", in, out, p, got, want)
		}
	}
}
