package ollama

import (
	"slices"
	"strings"
)

// sentStops returns the stop sequences to tell the server of, in the order to
// tell them in.
//
// Ollama ends a text before a stop sequence and does not say which, so Model
// must find in what comes the same place that it would find in the whole text:
// where the first stop completes. Nearly always the server finds that place too,
// since it looks after each token. When one token completes two stops it takes
// the one that was named first (the engines before 0.30) or that begins first
// (llama.cpp's server, since), and cuts off the head of the other. For the same
// place to come out:
//
//   - a stop that holds another one before its end is left out. It can never
//     complete first. (Of "\n" and "\n\n" only the first is sent.)
//   - a stop is named after those that may complete first and reach into it.
//     (Of "\nHuman:" and "\n\n" the second is named first: of "\n\nHuman:" it is
//     "\n\n" that ends the text.) When two reach into each other both are left
//     out.
//
// What is left out is left to Model. The result is never nil, since a list that
// is empty is what overrules the stops of a Modelfile.
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
