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
//
// Usage:
//
//	wordlists [-out folder]
package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// words is the table. It is embedded so that the command finds it from any
// working directory.
//
//go:embed words.tsv
var words string

func main() {
	err := run(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		// The flag package has printed the usage.
	case err != nil:
		fmt.Fprintln(os.Stderr, "wordlists:", err)
		os.Exit(1)
	}
}

// run is main without the process: it reads the flags, checks the table and
// writes the pages, creating their folder when there is none.
func run(args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("wordlists", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("out", filepath.Join("corpus", "words"), "`folder` to write the pages to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; the only setting is -out", flags.Arg(0))
	}
	rows, err := parseTable(words)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	for _, p := range makePages(rows) {
		if err := os.WriteFile(filepath.Join(*out, p.name), []byte(p.text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
