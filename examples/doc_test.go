package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/examples/internal/clitest"
)

// TestTour checks that each program in the tour has a test that compares its output
// with the tour. With -update it builds and runs the programs, and writes their
// output into the tour.
func TestTour(t *testing.T) {
	lines, steps := clitest.ReadTour(t, "doc.go")
	for _, s := range slices.Backward(steps) {
		test, err := os.ReadFile(filepath.Join(s.Name, "main_test.go"))
		if err != nil || !strings.Contains(string(test), `clitest.Tour(t, "`+s.Name+`", run)`) {
			t.Errorf("%s is shown and not tested: call clitest.Tour in its test (%v)", s.Name, err)
		}
		if clitest.Updating() {
			lines = slices.Replace(lines, s.From, s.To, comment(t, s)...)
		}
	}
	if clitest.Updating() {
		if err := os.WriteFile("doc.go", []byte(strings.Join(lines, "\n")), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// comment runs a step and returns what it prints as lines of a comment.
func comment(t *testing.T, s clitest.Step) (lines []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"run", "./" + s.Name}, s.Args...)...)
	printed, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", s.Command, err)
	}
	for line := range strings.SplitSeq(strings.TrimRight(string(printed), "\n"), "\n") {
		lines = append(lines, strings.TrimRight("//\t"+line, "\t "))
	}
	return lines
}
