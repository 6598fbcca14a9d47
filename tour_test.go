package foreword_test

import (
	"os"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/internal/golden"
)

// TestTour compares the outputs in the tour, the comment of examples/doc.go, with what
// its commands print. -update writes them.
func TestTour(t *testing.T) {
	const file = "examples/doc.go"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"agree", "assistant", "bare", "classify", "continue", "extract", "landmarks", "recite", "shots", "translate"} {
		if !strings.Contains(string(text), "//\t$ go run ./examples/"+name) {
			t.Errorf("the tour does not show %s", name)
		}
	}
	isOutput := func(line string) bool {
		return strings.HasPrefix(line, "//\t") && !strings.HasPrefix(line, "//\t$ ")
	}
	var want []string
	lines := strings.Split(string(text), "\n")
	for i := 0; i < len(lines); {
		line := lines[i]
		i++
		want = append(want, line)
		if isOutput(line) {
			t.Errorf("line %d has no command above it: %q", i, line)
		}
		command, isCommand := strings.CutPrefix(line, "//\t$ ")
		if !isCommand {
			continue
		}
		for _, line := range printed(t, command) {
			want = append(want, strings.TrimRight("//\t"+line, "\t ")) // as gofmt leaves comments
		}
		// An output may have an empty line, "//". The next command or text ends the output.
		end := i
		for ; i < len(lines) && (isOutput(lines[i]) || lines[i] == "//"); i++ {
			if isOutput(lines[i]) {
				end = i + 1
			}
		}
		i = end
	}
	golden.Check(t, file, strings.Join(want, "\n"))
}
