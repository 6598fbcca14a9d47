package main

import (
	"cmp"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
)

// A layout is one way in which people write word lists down. A page is its
// heading followed by the rows, each as before + English + between +
// translation + after.
type layout struct {
	name    string // ends the file name: korean-list-1.txt
	heading string // %L stands for the language, as in "Korean"
	before  string
	between string
	after   string
}

// layouts has a plain list, the same list under two headings, and four others
// that differ in every mark. The three lists agree in their lines, so that a
// prompt of bare "word: translation" lines finds company whatever its heading.
var layouts = []layout{
	{name: "list-1", between: ": ", after: "\n"},
	{name: "list-2", heading: "English to %L word list\n\n", between: ": ", after: "\n"},
	{name: "list-3", heading: "Translate English to %L.\n\n", between: ": ", after: "\n"},
	// One newline after the heading, as in Figure 2.1 of Brown et al. 2020,
	// "Language Models are Few-Shot Learners".
	{name: "arrows", heading: "Translate English to %L:\n", between: " => ", after: "\n"},
	{name: "questions", heading: "Vocabulary quiz: %L\n\n", before: "Q: ", between: "\nA: ", after: "\n\n"},
	{name: "drill", heading: "Translate English to %L.\n\n", before: "Input: ", between: "\nOutput: ", after: "\n\n"},
	{name: "notes", heading: "%L words of the day\n\n", between: " - ", after: "\n"},
}

// A page is one finished file.
type page struct {
	name string // without a folder
	text string
}

// makePages lays every row out on a page of each layout for each language.
func makePages(rows []Row) []page {
	var pages []page
	for column, language := range columns {
		if column == 0 {
			continue // no page translates English to English
		}
		title := strings.ToUpper(language[:1]) + language[1:]
		for _, l := range layouts {
			name := language + "-" + l.name + ".txt"
			var b strings.Builder
			b.WriteString(strings.ReplaceAll(l.heading, "%L", title))
			for _, row := range shuffled(rows, name) {
				b.WriteString(l.before + row[0] + l.between + row[column] + l.after)
			}
			// The empty line that parts two blocks does not follow the last.
			pages = append(pages, page{name, strings.TrimRight(b.String(), "\n") + "\n"})
		}
	}
	return pages
}

// orderSeed is the half of every page's seed that all pages share. Another
// number gives another set of orders.
const orderSeed = 0x666f7265776f7264

// shuffled returns the rows in an order that depends only on the page's name. With
// the same order on two pages, a model could answer from the row above, without
// reading the word it is asked for.
//
// Each row draws a number, and the rows are sorted by their numbers. The definition
// of the PCG generator fixes these, while the shuffle of a Go release may change.
func shuffled(rows []Row, name string) []Row {
	h := fnv.New64a()
	h.Write([]byte(name))
	source := rand.NewPCG(orderSeed, h.Sum64())
	number := make(map[string]uint64, len(rows)) // by the English word
	for _, row := range rows {
		number[row[0]] = source.Uint64()
	}
	return slices.SortedFunc(slices.Values(rows), func(a, b Row) int {
		return cmp.Compare(number[a[0]], number[b[0]])
	})
}
