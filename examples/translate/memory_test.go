package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/examples/internal/clitest"
)

// TestMemory: an exact match needs no model, a repeated line is asked once, and a
// second run asks nothing.
func TestMemory(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.jsonl")
	args := []string{"-memory", "testdata/memory.tmx", "-out", out, "-price", "1,0.5,2", "-shots", "3"}
	first := clitest.Run(t, "translate", run, "teacher\nocean\n\nteacher\nfriend\n", nil, args...)
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatalf("%v: %+v", err, first)
	}
	want := `{"in":"teacher","out":"선생님","by":"model"}
{"in":"ocean","out":"바다","by":"memory"}
{"in":"teacher","out":"선생님","by":"model"}
{"in":"friend","out":"친구","by":"model"}
`
	if string(text) != want || first.Status != 0 || first.Stdout != "" {
		t.Errorf("%+v\n%s", first, text)
	}
	if !strings.Contains(first.Stderr, "4 lines, 3 different: 1 from the memory of 4 segments, 2 by the model (0 in an earlier run), 0 failed") ||
		!strings.Contains(first.Stderr, "2 calls") {
		t.Errorf("report:\n%s", first.Stderr)
	}
	again := clitest.Run(t, "translate", run, "teacher\nocean\n\nteacher\nfriend\n", nil, args...)
	if text, _ := os.ReadFile(out); string(text) != want || !strings.Contains(again.Stderr, "(2 in an earlier run)") || !strings.Contains(again.Stderr, "0 calls") {
		t.Errorf("%+v\n%s", again, text)
	}
}

func TestMemoryMistakes(t *testing.T) {
	for name, args := range map[string][]string{
		"no such file":     {"-memory", "testdata/none.tmx"},
		"no such language": {"-memory", "testdata/memory.tmx", "-to", "fr"},
		"prices":           {"-memory", "testdata/memory.tmx", "-price", "1,2"},
		"a directory":      {"-memory", "testdata/memory.tmx", "-in", "testdata"},
	} {
		args = append(args, "-out", filepath.Join(t.TempDir(), "out.jsonl"))
		if got := clitest.Run(t, "translate", run, "teacher\n", nil, args...); got.Status == 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
