package sampling

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestFinder compares what a finder finds with a search by hand. Bytes that could
// begin a stop are rare in some texts and everywhere in others, and the stops begin
// with few different bytes or with many.
func TestFinder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, stops := range [][]string{
		{"ab"},
		{"abb", "acb", "a."},
		{"aab", "ba", "abb", "cc"},
		strings.Split("ab ba cb db eb fb gb hb ib jb kb lb mb nb ob pb qb rb sb tb", " "),
	} {
		m := newFinder(stops)
		for round := range 400 {
			seldom := []int{1, 4, 30, 300}[round%4]
			text := make([]byte, 64+rng.IntN(400))
			for i := range text {
				text[i] = '.'
				if rng.IntN(seldom) == 0 {
					text[i] = "abcp"[rng.IntN(4)]
				}
			}
			wantStop, wantEnd := -1, len(text)
			for end := 1; end <= len(text) && wantStop < 0; end++ {
				for i, s := range stops {
					if strings.HasSuffix(string(text[:end]), s) && (wantStop < 0 || len(s) > len(stops[wantStop])) {
						wantStop, wantEnd = i, end
					}
				}
			}
			// The first bytes are often read before, in a state that is not the first.
			before := rng.IntN(2) * rng.IntN(3)
			state, stop, end := m.feed(0, string(text[:before]))
			if stop < 0 {
				state, stop, end = m.feed(state, string(text[before:]))
				end += before
			}
			if stop != wantStop || end != wantEnd {
				t.Fatalf("stops %q, text %q: stop %d ends at %d, want %d at %d", stops, text, stop, end, wantStop, wantEnd)
			}
			if depth := int(m.nodes[state].depth); stop < 0 && depth != heldBy(stops, string(text)) {
				t.Fatalf("stops %q, text %q: %d bytes are held, want %d", stops, text, depth, heldBy(stops, string(text)))
			}
		}
	}
}

// heldBy is the length of the longest suffix that begins a stop.
func heldBy(stops []string, text string) int {
	held := 0
	for _, s := range stops {
		for n := range len(s) {
			if strings.HasSuffix(text, s[:n]) {
				held = max(held, n)
			}
		}
	}
	return held
}
