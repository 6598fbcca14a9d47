// Command wordlists writes the word lists of the pocket model's corpus.
//
// The words are in words.tsv, beside this file: a table with one English word
// a line and its translations into six languages. From it the command makes
// seven pages for each language, every one with all the words in an order of
// its own and each laid out as people lay such lists out:
//
//	butterfly: 나비
//	butterfly => 나비
//	butterfly - 나비
//	Q: butterfly
//	A: 나비
//
// The pages are documents for the model to read and nothing more; no word is
// handled in code. To add a word, add a line to the table and run
//
//	go generate ./sampling/pocket
//
// which runs this command in the folder of package pocket. The same table
// always gives the same pages, byte for byte. Pages that the command no longer
// makes are left for you to delete; its test names them.
package main

import (
	_ "embed"
	"log"
	"os"
	"path/filepath"
)

// words is the table. It is embedded so that the command finds it from any
// working directory.
//
//go:embed words.tsv
var words string

func main() {
	log.SetFlags(0)
	log.SetPrefix("wordlists: ")
	if len(os.Args) > 1 {
		log.Fatal("takes no arguments; it writes to corpus/words in the working directory")
	}
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
	for _, p := range makePages(rows) {
		if err := os.WriteFile(filepath.Join(folder, p.name), []byte(p.text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
