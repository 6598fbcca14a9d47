// Command wordlists writes the word lists of the pocket model's corpus.
//
// The table words.tsv has one English word a line, with its translations into six
// languages. For each language the command writes seven pages. Each has all the words,
// in its own order and layout:
//
//	butterfly: 나비
//	butterfly => 나비
//	butterfly - 나비
//	Q: butterfly
//	A: 나비
//
// To add a word, add a line to the table and run
//
//	go generate ./sampling/pocket
//
// The same table always gives the same pages. Pages that the command no longer
// writes are left for you to delete; its test names them.
package main

import (
	"cmp"
	_ "embed"
	"fmt"
	"hash/fnv"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// words is the table. It is embedded so that the command finds it from any
// working directory.
//
//go:embed words.tsv
var words string

func main() {
	log.SetFlags(0)
	log.SetPrefix("wordlists: ")
	if err := write(filepath.Join("corpus", "words")); err != nil {
		log.Fatal(err)
	}
}

// write checks the table and writes the pages to a folder.
func write(folder string) error {
	rows, err := parseTable(words)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, text := range makePages(rows) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// A layout is one way in which people write word lists down. A page is its heading
// followed by the rows.
type layout struct {
	name    string // ends the file name: korean-list-1.txt
	heading string // %L is replaced by the language, as in "Korean"
	row     string // the first %s is the English word, the second its translation
}

// layouts has a plain list, the same list under two headings, and four others. The
// three lists have the same lines, so that a prompt of bare "word: translation" lines
// matches all of them, whatever its heading.
var layouts = []layout{
	{"list-1", "", "%s: %s\n"},
	{"list-2", "English to %L word list\n\n", "%s: %s\n"},
	{"list-3", "Translate English to %L.\n\n", "%s: %s\n"},
	// One newline after the heading, as in Figure 2.1 of Brown et al. 2020,
	// "Language Models are Few-Shot Learners".
	{"arrows", "Translate English to %L:\n", "%s => %s\n"},
	{"questions", "Vocabulary quiz: %L\n\n", "Q: %s\nA: %s\n\n"},
	{"drill", "Translate English to %L.\n\n", "Input: %s\nOutput: %s\n\n"},
	{"notes", "%L words of the day\n\n", "%s - %s\n"},
}

// makePages lays every row out on a page of each layout for each language. It returns
// the pages by file name.
func makePages(rows []Row) map[string]string {
	pages := make(map[string]string)
	for i, language := range columns[1:] {
		title := strings.ToUpper(language[:1]) + language[1:]
		for _, l := range layouts {
			name := language + "-" + l.name + ".txt"
			var b strings.Builder
			b.WriteString(strings.ReplaceAll(l.heading, "%L", title))
			for _, row := range shuffled(rows, name) {
				fmt.Fprintf(&b, l.row, row[0], row[1+i])
			}
			// No empty line follows the last block.
			pages[name] = strings.TrimRight(b.String(), "\n") + "\n"
		}
	}
	return pages
}

// orderSeed is the half of a page's seed that all pages share.
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
