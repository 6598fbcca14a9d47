package ollama

import (
	"slices"
	"strings"
)

// sentStops returns the stop sequences to send, in order. Those left out are left to
// Model.
//
// Ollama cuts the text before a stop sequence and does not say which. It must be the
// one that completes first, or Model would cut at another place. When one token
// completes two, Ollama takes the one that was named first (before 0.30) or that begins
// first, and cuts off the head of the other. So:
//
//   - A stop that holds another one before its end can never complete first and is
//     left out. (Of "\n" and "\n\n" only the first is sent.)
//   - A stop is named after those that may complete first and reach into it. (Of
//     "\nHuman:" and "\n\n" the second is named first: of "\n\nHuman:" it is "\n\n"
//     that ends the text.) When two reach into each other, both are left out.
//
// The result is never nil, since an empty list overrules the stops of a Modelfile.
func sentStops(stops []string) []string {
	rest := slices.DeleteFunc(slices.Clone(stops), func(s string) bool {
		return slices.ContainsFunc(stops, func(other string) bool { return holds(s, other) })
	})
	sent := make([]string, 0, len(rest))
	for len(rest) > 0 {
		free := slices.IndexFunc(rest, func(s string) bool {
			return !slices.ContainsFunc(rest, func(other string) bool { return other != s && spoils(other, s) })
		})
		if free < 0 {
			break
		}
		sent = append(sent, rest[free])
		rest = slices.Delete(rest, free, free+1)
	}
	return sent
}

// holds reports whether other is in s and ends before s does.
func holds(s, other string) bool {
	return len(other) < len(s) && strings.Contains(s[:len(s)-1], other)
}

// spoils reports whether there is a text in which other wins over s although s
// begins within it: cut before s, the text would have lost the end of other.
func spoils(other, s string) bool {
	if strings.HasSuffix(other, s) {
		return true // both complete at once, and the longer wins
	}
	for k := 1; k < min(len(s), len(other)+1); k++ {
		if strings.HasSuffix(other, s[:k]) {
			return true
		}
	}
	return false
}
