package wrap

import (
	"fmt"
	"math"
	"math/bits"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// Money is an amount in billionths of a dollar, up to nine billion dollars:
// amounts are whole numbers, so that sums of many small ones do not drift. Write
// it as a [time.Duration] is written:
//
//	4 * wrap.Dollar
//	15 * wrap.Cent
//
// Nothing depends on its being dollars but the sign that String prints.
type Money int64

// Amounts to multiply.
const (
	Dollar Money = 1_000_000_000
	Cent   Money = Dollar / 100
)

// String gives the amount in dollars with all digits that count and at least the
// cents, as in "$1.50" or "$0.000012".
func (m Money) String() string {
	sign, amount := "", uint64(m)
	if m < 0 {
		sign, amount = "-", -amount
	}
	fraction := fmt.Sprintf("%09d", amount%uint64(Dollar))
	fraction = fraction[:2] + strings.TrimRight(fraction[2:], "0")
	return fmt.Sprintf("%s$%d.%s", sign, amount/uint64(Dollar), fraction)
}

// A Price is what tokens cost, for a million of them. Llama-3.1-405B base at 4
// dollars is
//
//	wrap.Price{Prompt: 4 * wrap.Dollar, Completion: 4 * wrap.Dollar}
//
// Prompt tokens out of a server's cache cost what the others do: a discount
// makes the true bill smaller than the one told here.
type Price struct {
	Prompt, Completion Money
}

// Of returns what a usage costs, rounded up to a whole billionth of a dollar. An
// amount too large for Money is the largest.
func (p Price) Of(u sampling.Usage) Money {
	return p.of(int64(u.PromptTokens), int64(u.CompletionTokens))
}

// of multiplies in 128 bits: a million tokens at four dollars do not fit 64
// before they are divided by the million.
func (p Price) of(prompt, completion int64) Money {
	hi1, lo1 := bits.Mul64(natural(prompt), natural(int64(p.Prompt)))
	hi2, lo2 := bits.Mul64(natural(completion), natural(int64(p.Completion)))
	lo, carry := bits.Add64(lo1, lo2, 0)
	lo, up := bits.Add64(lo, million-1, 0) // rounds up
	hi := hi1 + hi2 + carry + up
	if hi >= million {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, million)
	return Money(min(q, math.MaxInt64))
}

const million = 1_000_000

func natural(n int64) uint64 { return uint64(max(n, 0)) }
