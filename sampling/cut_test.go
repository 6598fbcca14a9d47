package sampling_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

func ExampleCut() {
	before, found := sampling.Cut(" Paris.\nQ: And of Spain?", []string{"\n\n", "\nQ:"})
	fmt.Printf("%q, %q\n", before, found)
	// Output: " Paris.", "\nQ:"
}

// cutOracle looks at every end of the text and at every stop, in the most
// obvious way.
func cutOracle(text string, stop []string) (before, found string) {
	for end := range len(text) + 1 {
		for _, s := range stop {
			if s != "" && strings.HasSuffix(text[:end], s) && len(s) > len(found) {
				found = s
			}
		}
		if found != "" {
			return text[:end-len(found)], found
		}
	}
	return text, ""
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		why           string
		text          string
		stop          []string
		before, found string
	}{
		{"no stops", "abc", nil, "abc", ""},
		{"no text", "", []string{"a"}, "", ""},
		{"none is there", "abc", []string{"x", "ac"}, "abc", ""},
		{"at the start", "abc", []string{"a"}, "", "a"},
		{"at the end", "abc", []string{"bc"}, "a", "bc"},
		{"the whole text", "abc", []string{"abc"}, "", "abc"},
		{"the first of two places", "a.b.", []string{"."}, "a", "."},
		{"the one that completes first, though the other begins first", "abcd", []string{"abcd", "bc"}, "a", "bc"},
		{"the longer of two that complete together", "abc", []string{"c", "bc"}, "a", "bc"},
		{"the same, listed the other way round", "abc", []string{"bc", "c"}, "a", "bc"},
		{"one within another", "xaby", []string{"ab", "a"}, "x", "a"},
		{"a false start that holds the true one", "aab", []string{"ab"}, "a", "ab"},
		{"a long false start", "ababac", []string{"abac"}, "ab", "abac"},
		{"a fall into the middle of another stop", "abcx", []string{"abd", "bcx"}, "a", "bcx"},
		{"letters of several bytes", "나비 é", []string{" é"}, "나비", " é"},
		{"not half a letter", "é", []string{"è"}, "é", ""},
		{"an empty stop is none", "abc", []string{"", "c"}, "ab", "c"},
		{"the same stop twice", "abc", []string{"b", "b"}, "a", "b"},
	} {
		before, found := sampling.Cut(test.text, test.stop)
		if before != test.before || found != test.found {
			t.Errorf("%s: Cut(%q, %q) = %q, %q, want %q, %q", test.why, test.text, test.stop, before, found, test.before, test.found)
		}
	}
}

// In long texts most bytes are passed over, in one of two ways, and none of
// them must be passed over that begins a stop.
func TestCutLongText(t *testing.T) {
	stops := []string{"ab", "\n\n", "é.", "##"}
	for n := range 200 {
		for _, filler := range []string{strings.Repeat("x", n), strings.Repeat("x a\n#", n)[:n]} {
			for i, stop := range stops {
				for _, tail := range []string{"", "y", strings.Repeat("y", 100)} {
					text := filler + stop + tail
					before, found := sampling.Cut(text, stops[:i+1])
					if wantBefore, wantFound := cutOracle(text, stops[:i+1]); before != wantBefore || found != wantFound {
						t.Fatalf("Cut(%q, %q) = %q, %q, want %q, %q", text, stops[:i+1], before, found, wantBefore, wantFound)
					}
				}
			}
		}
	}
}

// letters are the alphabet of the fuzz tests. It is small, so that stops are met
// all the time, and one letter has two bytes.
var letters = []string{"a", "b", "é"}

// spell turns bytes into text over letters.
func spell(code []byte) string {
	var b strings.Builder
	for _, c := range code {
		b.WriteString(letters[int(c)%len(letters)])
	}
	return b.String()
}

// spellStops turns bytes into up to six stops, each as long as a byte says.
func spellStops(code []byte) (stops []string) {
	for len(code) > 1 && len(stops) < 6 {
		n := min(1+int(code[0])%4, len(code)-1)
		if s := spell(code[1 : 1+n]); !slices.Contains(stops, s) {
			stops = append(stops, s)
		}
		code = code[1+n:]
	}
	return stops
}

// fuzzSeeds are texts, stops and lengths of chunks to begin with.
var fuzzSeeds = []struct{ text, stops, cuts []byte }{
	{[]byte{0, 0, 1, 2, 0, 1}, []byte{1, 0, 1, 2, 1, 2, 0}, []byte{1, 2, 1}},
	{[]byte{0, 1, 0, 1, 0, 2}, []byte{3, 0, 1, 0, 2, 0, 1}, []byte{1}},
	{[]byte{2, 2, 2, 0, 2}, []byte{1, 2, 0, 2, 2, 2, 1}, []byte{1, 1, 1, 1, 1}},
	{nil, nil, nil},
	{[]byte(strings.Repeat("\x00\x01\x02\x00", 60)), []byte{3, 0, 1, 2, 2, 0, 1}, []byte{0, 40, 200}},
}

func FuzzCut(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add(s.text, s.stops)
	}
	f.Fuzz(func(t *testing.T, textCode, stopCode []byte) {
		text, stops := spell(textCode), spellStops(stopCode)
		before, found := sampling.Cut(text, stops)
		if wantBefore, wantFound := cutOracle(text, stops); before != wantBefore || found != wantFound {
			t.Errorf("Cut(%q, %q) = %q, %q, want %q, %q", text, stops, before, found, wantBefore, wantFound)
		}
	})
}
