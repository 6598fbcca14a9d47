package ollama

import (
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

func TestSentStops(t *testing.T) {
	for _, c := range []struct {
		stops, want []string
		why         string
	}{
		{nil, []string{}, "a list that is empty overrules the Modelfile's"},
		{[]string{"\n"}, []string{"\n"}, ""},
		{[]string{"\n", "\n\n"}, []string{"\n"}, "the second never completes first"},
		{[]string{"\n\n", "\n"}, []string{"\n"}, "nor does the first"},
		{[]string{"\nHuman:", "\n\n"}, []string{"\n\n", "\nHuman:"}, "of \"\\n\\nHuman:\" the first two bytes end the text"},
		{[]string{"b", "ab"}, []string{"ab", "b"}, "both complete at once, and the longer wins"},
		{[]string{"a", "aba"}, []string{"a"}, ""},
		{[]string{"ab", "ba"}, []string{}, "each reaches into the other"},
		{[]string{"ab", "ba", "c"}, []string{"c"}, ""},
		{[]string{"aa"}, []string{"aa"}, "a stop that reaches into itself is found where it first completes"},
		{[]string{"x", "y", "z"}, []string{"x", "y", "z"}, "in their order"},
	} {
		got := sentStops(c.stops)
		if got == nil || !slices.Equal(got, c.want) {
			t.Errorf("of %q %q are sent, want %q (%s)", c.stops, got, c.want, c.why)
		}
	}
}

// A serverStop finds the stop sequence at which a server ends what it has
// drawn and not given out, and returns the text before it.
type serverStop func(pending string, stops []string) (before string, found bool)

// inOrder is what Ollama's own engines do: the one that was named first.
func inOrder(pending string, stops []string) (string, bool) {
	for _, stop := range stops {
		if before, _, found := strings.Cut(pending, stop); found {
			return before, true
		}
	}
	return pending, false
}

// leftmost is what llama.cpp's server does.
func leftmost(pending string, stops []string) (string, bool) {
	at := -1
	for _, stop := range stops {
		if i := strings.Index(pending, stop); i >= 0 && (at < 0 || i < at) {
			at = i
		}
	}
	if at < 0 {
		return pending, false
	}
	return pending[:at], true
}

// served is the text as a server gives it out, piece by piece: it looks for stop
// sequences after each token and holds back what may become one.
func served(tokens, stops []string, find serverStop) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		pending := ""
		for _, token := range tokens {
			pending += token
			before, found := find(pending, stops)
			if found {
				yield(sampling.Chunk{Text: before, Reason: sampling.EndOfText}, nil)
				return
			}
			if slices.ContainsFunc(stops, func(s string) bool { return endsWithin(pending, s) }) {
				continue
			}
			if !yield(sampling.Chunk{Text: pending}, nil) {
				return
			}
			pending = ""
		}
		yield(sampling.Chunk{Text: pending, Reason: sampling.TokenLimit}, nil)
	}
}

func endsWithin(text, stop string) bool {
	for k := 1; k <= len(stop); k++ {
		if strings.HasSuffix(text, stop[:k]) {
			return true
		}
	}
	return false
}

// Whatever the stops, however the text falls into tokens, and whichever way the
// server looks for them: what Model makes of it is the text cut as Cut cuts it.
func TestSentStopsCutAlike(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func(longest int) string {
		b := make([]byte, 1+random.IntN(longest))
		for i := range b {
			b[i] = "abc"[random.IntN(3)]
		}
		return string(b)
	}
	sent, left, rounds := 0, 0, 10_000
	if os.Getenv("FOREWORD_LONG") != "" {
		rounds *= 10
	}
	for range rounds {
		var stops []string
		for range 1 + random.IntN(4) {
			if s := word(4); !slices.Contains(stops, s) {
				stops = append(stops, s)
			}
		}
		var tokens []string
		for range 1 + random.IntN(6) {
			tokens = append(tokens, word(6))
		}
		want, found := sampling.Cut(strings.Join(tokens, ""), stops)
		on := sentStops(stops)
		sent += len(on)
		left += len(stops) - len(on)
		for name, find := range map[string]serverStop{"in order": inOrder, "leftmost": leftmost} {
			text, stop := "", ""
			for chunk := range sampling.Until(served(tokens, on, find), stops) {
				text += chunk.Text
				stop = chunk.Stop
			}
			if text != want || stop != "" && stop != found {
				t.Fatalf("%s, tokens %q, stops %q, sent %q: got %q, stop %q; want %q, stop %q", name, tokens, stops, on, text, stop, want, found)
			}
		}
	}
	if sent == 0 || left == 0 {
		t.Errorf("%d stops were sent and %d left to Model; the test saw one kind only", sent, left)
	}
	t.Logf("%d stops were sent and %d left to Model", sent, left)
}
