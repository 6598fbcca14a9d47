package internal_test

import (
	"math"
	"testing"

	"github.com/foreword-go/foreword/internal/seeds"
)

func TestAt(t *testing.T) {
	for _, test := range []struct {
		seed uint64
		i    int
		want uint64
	}{
		{1, 0, 1}, {1, 1, 2}, {7, 30, 37},
		{math.MaxUint64, 0, math.MaxUint64},
		{math.MaxUint64, 1, 1}, // 0 would ask for a fresh one
		{math.MaxUint64, 2, 2},
		{math.MaxUint64 - 1, 2, 1},
	} {
		if got := seeds.At(test.seed, test.i); got != test.want {
			t.Errorf("seeds.At(%d, %d) = %d, want %d", test.seed, test.i, got, test.want)
		}
	}
}
