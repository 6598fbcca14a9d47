package pocket

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// texts are sequences of tokens after a boundary, ordinary and repetitive.
func texts() map[string][]int32 {
	random := rand.New(rand.NewPCG(1, 2))
	all := map[string][]int32{
		"none":    {boundary},
		"one":     {boundary, 1},
		"run":     append([]int32{boundary}, slices.Repeat([]int32{1}, 300)...),
		"period":  append([]int32{boundary}, slices.Repeat([]int32{1, 2, 1, 3}, 80)...),
		"example": {boundary, 1, 2, 1, 2},
	}
	a, b := []int32{1}, []int32{2}
	for len(b) < 200 {
		a, b = b, slices.Concat(b, a)
	}
	all["fibonacci"] = append([]int32{boundary}, b...)
	for kinds := range 5 {
		text := []int32{boundary}
		for range 200 {
			text = append(text, 1+random.Int32N(int32(kinds+1)))
		}
		all["random "+strings.Repeat("x", kinds+1)] = text
	}
	return all
}

func compareContexts(text []int32, a, b int32) int {
	for i := int32(0); ; i++ {
		if c := cmp.Compare(text[a-i], text[b-i]); c != 0 || a == b {
			return c
		}
	}
}

func TestSortContexts(t *testing.T) {
	var contexts sorter
	for name, text := range texts() {
		want := make([]int32, len(text))
		for i := range want {
			want[i] = int32(i)
		}
		slices.SortFunc(want, func(a, b int32) int { return compareContexts(text, a, b) })
		got, place := contexts.sort(text)
		if !slices.Equal(got, want) {
			t.Errorf("%s: order is %v, want %v", name, got, want)
		}
		for i, position := range got {
			if place[position] != int32(i) {
				t.Errorf("%s: position %d is in place %d and its place is %d", name, position, i, place[position])
			}
		}
	}
	if got, _ := contexts.sort([]int32{boundary, 1, 2, 1, 2}); !slices.Equal(got, []int32{0, 1, 3, 2, 4}) {
		t.Errorf("the example of the comment: order is %v", got)
	}
}

// TestKinds counts what follows each group of contexts by looking.
func TestKinds(t *testing.T) {
	for name, text := range texts() {
		var contexts sorter
		order, place := contexts.sort(text)
		var d document
		d.build(text, order, place, make([]int32, 10))
		for lo := range order {
			// The groups that begin here end where ever less is shared.
			least := maxDepth
			for hi := lo + 1; hi < len(order); hi++ {
				least = min(least, int(d.common[hi]))
				isGroup := int(max(d.common[lo], d.common[hi+1])) < least
				if !isGroup {
					continue
				}
				followers := slices.Compact(slices.Sorted(slices.Values(d.next[lo : hi+1])))
				if got := d.kinds[kindsAt(d.common, int32(lo), int32(hi+1))]; int(got) != len(followers) {
					t.Errorf("%s: %d different tokens follow the contexts from %d to %d, want %d", name, got, lo, hi+1, len(followers))
				}
			}
		}
	}
}
