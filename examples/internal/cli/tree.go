package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// PrintTree prints answers, each a list of words, the commonest first. Those that
// begin with the same word are printed together: what they have in common, and
// below it how they go on from there.
func PrintTree(out io.Writer, paint Painter, answers [][]string, indent string) {
	for _, alike := range byFirstWord(answers) {
		shared := inCommon(alike)
		text := cmp.Or(strings.Join(alike[0][:shared], " "), "(nothing)")
		parts := slices.ContainsFunc(alike, func(a []string) bool { return len(a) > shared })
		if parts {
			text += " ..."
		}
		fmt.Fprintf(out, "%s%4d × %s\n", indent, len(alike), paint.Paint(Green, text))
		if parts {
			rest := make([][]string, len(alike))
			for i, answer := range alike {
				rest[i] = answer[shared:]
			}
			PrintTree(out, paint, rest, indent+"    ")
		}
	}
}

// byFirstWord groups answers, the largest group first. Answers of no words are a
// group too.
func byFirstWord(answers [][]string) (groups [][][]string) {
	place := map[string]int{}
	for _, answer := range answers {
		first := ""
		if len(answer) > 0 {
			first = bare(answer[0])
		}
		i, ok := place[first]
		if !ok {
			i = len(groups)
			place[first] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], answer)
	}
	slices.SortStableFunc(groups, func(a, b [][]string) int { return len(b) - len(a) })
	return groups
}

// inCommon returns how many words all answers begin with.
func inCommon(answers [][]string) int {
	shared := len(answers[0])
	for _, answer := range answers[1:] {
		n := 0
		for n < min(shared, len(answer)) && bare(answer[n]) == bare(answers[0][n]) {
			n++
		}
		shared = n
	}
	return shared
}

// bare is a word in lower case without the punctuation around it, so that
// "Paris", "Paris," and "Paris)" are the same word. A word of punctuation only is
// kept.
func bare(word string) string {
	return cmp.Or(strings.ToLower(strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })), word)
}
