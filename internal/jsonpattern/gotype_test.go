package jsonpattern

import (
	"math/big"
	"testing"
)

// TestIntegerConstraints: the constraint of an integer has all of its values, and
// neither the next smaller number nor the next larger one.
func TestIntegerConstraints(t *testing.T) {
	for _, bits := range []int{8, 16, 32, 64} {
		for _, signed := range []bool{false, true} {
			c := compile(t, integers(bits, signed))
			least, most := new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(bits))
			if signed {
				most.Rsh(most, 1)
				least.Neg(most)
			}
			matches := func(n *big.Int, want bool) {
				t.Helper()
				if err := c.Match(n.String()); (err == nil) != want {
					t.Errorf("%d bits, signed %v: %v: %v", bits, signed, n, err)
				}
			}
			for i := range int64(300) {
				step := big.NewInt(i)
				matches(new(big.Int).Add(least, step), new(big.Int).Add(least, step).Cmp(most) < 0)
				matches(new(big.Int).Sub(new(big.Int).Sub(most, big.NewInt(1)), step), new(big.Int).Sub(new(big.Int).Sub(most, big.NewInt(1)), step).Cmp(least) >= 0)
				matches(new(big.Int).Sub(least, big.NewInt(i+1)), false)
				matches(new(big.Int).Add(most, step), false)
			}
		}
	}
}
