package foreword_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// oddPhrase matches phrases that many readers do not know. "There is no X" and "is no
// longer" are plain English.
var (
	oddPhrase   = regexp.MustCompile(`(?i)\b(?:there )?(?:is|are) no (?:longer )?|\bstands? in\b|\bby heart\b|\bmakes? up\b`)
	plainPhrase = regexp.MustCompile(`(?i)^there |longer $`)
)

// TestPlainWords looks for odd phrases in Markdown files, and in the comments and
// strings of Go files that are not tests.
func TestPlainWords(t *testing.T) {
	look := func(place, text string) {
		text = strings.Join(strings.Fields(strings.ReplaceAll(text, "//", " ")), " ")
		for _, phrase := range oddPhrase.FindAllStringIndex(text, -1) {
			if !plainPhrase.MatchString(text[phrase[0]:phrase[1]]) {
				t.Errorf("%s: an odd phrase: %s", place, text[max(0, phrase[0]-40):min(len(text), phrase[1]+20)])
			}
		}
	}
	eachFile(t, func(file string) {
		switch {
		case strings.HasSuffix(file, ".md"):
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			look(file, string(text))
		case strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go"):
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, file, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			for _, comment := range f.Comments {
				look(set.Position(comment.Pos()).String(), comment.Text())
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					look(set.Position(literal.Pos()).String(), literal.Value)
				}
				return true
			})
		}
	})
}

// TestReadme keeps the README short.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(text), "\n"); lines > 170 {
		t.Errorf("README.md has %d lines; 170 is the limit", lines)
	}
}

// TestSentences keeps the sentences of the documents short.
func TestSentences(t *testing.T) {
	files, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "README.md", "CONTRIBUTING.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		longest := 0
		for _, sentence := range sentences(string(text)) {
			words := len(strings.Fields(sentence))
			if words > 25 {
				t.Errorf("%s: %d words; 25 is the limit: %s", file, words, sentence)
			}
			longest = max(longest, words)
		}
		t.Logf("%s: the longest sentence has %d words", file, longest)
	}
}

var (
	block       = regexp.MustCompile("(?ms)^```.*?^```$|^<!--.*?-->$|^#.*?$|^!\\[.*?$")
	target      = regexp.MustCompile(`\]\([^)]*\)`)
	sentenceEnd = regexp.MustCompile(`[.!?]\**\s|\n- `)
)

// sentences splits the prose of a Markdown text, without code blocks, headings
// and the targets of links. A table cell and an item of a list end a sentence.
func sentences(markdown string) []string {
	prose := target.ReplaceAllString(block.ReplaceAllString(markdown, "\n\n"), "]")
	var all []string
	for paragraph := range strings.SplitSeq(prose, "\n\n") {
		paragraph = strings.ReplaceAll(paragraph, "|", ". ")
		all = append(all, sentenceEnd.Split(paragraph, -1)...)
	}
	return all
}

// eachFile calls do with each file of the repository, hidden folders and test
// data aside.
func eachFile(t *testing.T, do func(file string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && file != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "corpus") {
			return fs.SkipDir
		}
		if !d.IsDir() {
			do(file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
