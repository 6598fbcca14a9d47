package clitest

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/examples/internal/cli"
)

// A Step is a command in the tour and its documented output. The tour is the comment
// in examples/doc.go.
type Step struct {
	Command  string
	Name     string // of the program
	Args     []string
	Output   []string
	From, To int // the lines of the output
}

// ReadTour returns the lines of a file and the steps in them.
func ReadTour(t *testing.T, file string) (lines []string, steps []Step) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines = strings.Split(string(text), "\n")
	for i := 0; i < len(lines); {
		code, isCode := strings.CutPrefix(lines[i], "//\t")
		i++
		if !isCode {
			continue
		}
		command, isCommand := strings.CutPrefix(code, "$ ")
		program, ours := strings.CutPrefix(command, "go run ./examples/")
		if !isCommand || !ours {
			t.Errorf("line %d has no command above it: %q", i, code)
			continue
		}
		words := splitWords(program)
		s := Step{Command: command, Name: words[0], Args: words[1:], From: i, To: i}
		// An empty line of an output is "//". The next command or text ends the
		// output.
		for next := i; next < len(lines); next++ {
			if strings.HasPrefix(lines[next], "//\t") && !strings.HasPrefix(lines[next], "//\t$ ") {
				s.To = next + 1
			} else if lines[next] != "//" {
				break
			}
		}
		i = s.To
		for _, line := range lines[s.From:s.To] {
			s.Output = append(s.Output, strings.TrimPrefix(strings.TrimPrefix(line, "//"), "\t"))
		}
		steps = append(steps, s)
	}
	return lines, steps
}

// Tour runs this program's commands in the tour and compares their output with the
// documented output.
func Tour(t *testing.T, name string, run func(context.Context, *cli.Env) error) {
	t.Helper()
	_, steps := ReadTour(t, "../doc.go")
	mine := slices.DeleteFunc(steps, func(s Step) bool { return s.Name != name })
	if len(mine) == 0 {
		t.Errorf("the tour does not show %s", name)
	}
	for _, s := range mine {
		got := Run(t, name, run, "", nil, s.Args...)
		printed := strings.Split(strings.TrimRight(got.Stdout, "\n"), "\n")
		for i, line := range printed {
			printed[i] = strings.TrimRight(line, " \t") // as gofmt leaves comments
		}
		if got.Status != 0 || got.Stderr != "" {
			t.Errorf("%s: %+v", s.Command, got)
		}
		if diff := cmp.Diff(s.Output, printed); diff != "" {
			t.Errorf("%s prints something else; go test ./examples -update writes it anew (-doc +printed):\n%s", s.Command, diff)
		}
	}
}

// splitWords splits a command as a shell does, with double quotes.
func splitWords(command string) (words []string) {
	for i, part := range strings.Split(command, `"`) {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}
