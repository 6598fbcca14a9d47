package foreword_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDocuments keeps the Markdown files true. A code block may say in a comment
// on the line before it where it comes from:
//
//	<!-- file: examples/first/main.go -->    the block is that file, from its package clause
//	<!-- part: sampling/pocket/x_test.go --> the block's lines stand in that file, side by side
//	<!-- run: go run ./examples/first -->    the block is what the command prints
//
// A block of Go without such a line fails, since nobody would compile it. With
// -update, blocks of output and of whole files are written anew.
func TestDocuments(t *testing.T) {
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, more...) {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			checked := checkBlocks(t, string(text))
			if *update && checked != string(text) {
				if err := os.WriteFile(file, []byte(checked), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// checkBlocks compares each code block with its source, and returns the text
// with the blocks as they should be.
func checkBlocks(t *testing.T, text string) string {
	t.Helper()
	var out []string
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		out = append(out, lines[i])
		language, ok := strings.CutPrefix(lines[i], "```")
		if !ok {
			continue
		}
		end := i + 1
		for end < len(lines) && lines[end] != "```" {
			end++
		}
		block := lines[i+1 : end]
		var note string
		if i > 0 {
			note = lines[i-1]
		}
		if file, ok := strings.CutPrefix(note, "<!-- part: "); ok {
			checkPart(t, strings.TrimSuffix(file, " -->"), block)
			out = append(append(out, block...), "```")
			i = end
			continue
		}
		want, known := source(t, note)
		switch {
		case known:
			if diff := cmp.Diff(want, block); diff != "" && !*update {
				t.Errorf("line %d: the block is not as %s says (-source +block):\n%s", i+1, note, diff)
			}
			block = want
		case language == "go":
			t.Errorf("line %d: a block of Go that no comment ties to a file", i+1)
		}
		out = append(out, block...)
		out = append(out, "```")
		i = end
	}
	return strings.Join(out, "\n")
}

// checkPart looks for the lines of a block in a file, where they may be indented.
func checkPart(t *testing.T, file string, block []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	flat := func(lines []string) string {
		var b strings.Builder
		for _, line := range lines {
			b.WriteString("\n" + strings.TrimSpace(line))
		}
		return b.String() + "\n"
	}
	if !strings.Contains(flat(strings.Split(string(text), "\n")), flat(block)) {
		t.Errorf("these lines do not stand in %s:\n%s", file, strings.Join(block, "\n"))
	}
}

func source(t *testing.T, note string) (lines []string, ok bool) {
	t.Helper()
	note, ok = strings.CutSuffix(note, " -->")
	if !ok {
		return nil, false
	}
	if file, ok := strings.CutPrefix(note, "<!-- file: "); ok {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, code, found := strings.Cut(string(text), "\npackage ")
		if !found {
			t.Fatalf("%s has no package clause behind a comment", file)
		}
		return strings.Split(strings.TrimRight("package "+code, "\n"), "\n"), true
	}
	if command, ok := strings.CutPrefix(note, "<!-- run: "); ok {
		words := strings.Fields(command)
		for i, word := range words {
			words[i] = strings.Trim(word, `"`) // the one use of quotes is an empty word
		}
		cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
		printed, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		return strings.Split(strings.TrimRight(string(printed), "\n"), "\n"), true
	}
	return nil, false
}
