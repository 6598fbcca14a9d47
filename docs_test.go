package foreword_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/internal/golden"
)

// TestDocuments keeps the Markdown files true. A code block may say in a comment
// on the line before it where it comes from:
//
//	<!-- file: examples/first/main.go -->    the block is that file, from its package clause
//	<!-- part: sampling/pocket/x_test.go --> the block is a part of that file
//	<!-- lines: example_test.go -->          the block's lines are in that file, in this order
//	<!-- run: go run ./examples/first -->    the block is what the command prints
//	<!-- printed: .ci/real-servers -->       the block is the output of a command too slow for a test
//
// Shell is checked by checkCommands. Any other block is an error. -update rewrites
// blocks of output and of whole files.
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
			checkLinks(t, filepath.Dir(file), string(text))
			checked := checkBlocks(t, string(text))
			if *golden.Update && checked != string(text) {
				if err := os.WriteFile(file, []byte(checked), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

var link = regexp.MustCompile(`\]\(([^()#\s]+)[)#]`)

// checkLinks looks for the files that a document in dir links to and for the programs
// that it runs.
func checkLinks(t *testing.T, dir, text string) {
	t.Helper()
	for _, found := range link.FindAllStringSubmatch(text, -1) {
		if to := found[1]; !strings.Contains(to, "://") {
			if _, err := os.Stat(filepath.Join(dir, to)); err != nil {
				t.Errorf("a broken link: %v", err)
			}
		}
	}
	for _, found := range regexp.MustCompile(`go run \./([\w/]+)`).FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(found[1]); err != nil {
			t.Errorf("%s: the program is missing: %v", found[0], err)
		}
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
		want := block
		switch kind, from := origin(lines[max(i-1, 0)]); {
		case kind == "file":
			want = program(t, from)
		case kind == "part":
			checkPart(t, from, block)
		case kind == "lines":
			checkLines(t, from, block)
		case kind == "run":
			want = printed(t, from)
		case kind == "printed":
		case language == "sh":
			checkCommands(t, block)
		default:
			t.Errorf("line %d: the block needs a comment that names its file or its command", i+1)
		}
		if diff := cmp.Diff(want, block); diff != "" && !*golden.Update {
			t.Errorf("line %d: the block differs from its source (-source +block):\n%s", i+1, diff)
		}
		out = append(append(out, want...), "```")
		i = end
	}
	return strings.Join(out, "\n")
}

// origin reads the comment that says where a block comes from.
func origin(line string) (kind, from string) {
	if comment, ok := strings.CutPrefix(line, "<!-- "); ok {
		kind, from, _ = strings.Cut(strings.TrimSuffix(comment, " -->"), ": ")
	}
	return kind, from
}

// checkPart looks for the lines of a block in a file. The file may indent them.
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
		t.Errorf("these lines are not in %s:\n%s", file, strings.Join(block, "\n"))
	}
}

// checkLines looks for the lines of a block in a file, in their order. A document can
// leave out lines, such as error handling.
func checkLines(t *testing.T, file string, block []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	left := strings.Split(string(text), "\n")
	for _, line := range block {
		i := slices.IndexFunc(left, func(l string) bool { return strings.TrimSpace(l) == strings.TrimSpace(line) })
		if i < 0 {
			t.Errorf("%s does not have this line after the ones before it: %s", file, line)
			return
		}
		left = left[i+1:]
	}
}

// program returns a Go file from its package clause on.
func program(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, code, found := strings.Cut(string(text), "\npackage ")
	if !found {
		t.Fatalf("%s has no package clause after a comment", file)
	}
	return strings.Split(strings.TrimRight("package "+code, "\n"), "\n")
}
