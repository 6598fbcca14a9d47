package examples

import (
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the output in doc.go anew")

// TestTour runs the commands in doc.go and compares what they print with what
// stands below them.
func TestTour(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	var now []string
	for i := 0; i < len(lines); i++ {
		now = append(now, lines[i])
		command, ok := strings.CutPrefix(lines[i], "//\t$ ")
		if !ok {
			continue
		}
		var printed []string
		for _, line := range strings.Split(run(t, command), "\n") {
			printed = append(printed, strings.TrimRight("//\t"+line, "\t "))
		}
		// Empty lines in an output stand as "//" too; the next command or text
		// ends it.
		end := i + 1
		for next := end; next < len(lines); next++ {
			if strings.HasPrefix(lines[next], "//\t") && !strings.HasPrefix(lines[next], "//\t$ ") {
				end = next + 1
			} else if lines[next] != "//" {
				break
			}
		}
		if diff := cmp.Diff(lines[i+1:end], printed); diff != "" && !*update {
			t.Errorf("%s prints something else; -update writes it anew (-doc +printed):\n%s", command, diff)
		}
		now = append(now, printed...)
		i = end - 1
	}
	if *update {
		if err := os.WriteFile("doc.go", []byte(strings.Join(now, "\n")), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// run runs a command of the tour as a shell would: words, some in quotes.
func run(t *testing.T, command string) string {
	t.Helper()
	var words []string
	for i, part := range strings.Split(command, `"`) {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
	cmd.Dir = ".."
	printed, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return strings.TrimRight(string(printed), "\n")
}
