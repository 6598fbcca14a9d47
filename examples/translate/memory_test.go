package main

import (
	"errors"
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
	if !strings.Contains(first.Stderr, "4 lines, 3 different: 1 from the memory of 4 segments, 2 by the model, 0 failed; asked in an earlier run: 0") ||
		!strings.Contains(first.Stderr, "2 calls") {
		t.Errorf("report:\n%s", first.Stderr)
	}
	again := clitest.Run(t, "translate", run, "teacher\nocean\n\nteacher\nfriend\n", nil, args...)
	if text, _ := os.ReadFile(out); string(text) != want || !strings.Contains(again.Stderr, "asked in an earlier run: 2") || !strings.Contains(again.Stderr, "0 calls") {
		t.Errorf("%+v\n%s", again, text)
	}
	bad := clitest.Run(t, "translate", run, "teacher\n\xff\n", nil, args...)
	if bad.Status == 0 || !strings.Contains(bad.Stderr, "1 failed; asked in an earlier run: 1") {
		t.Errorf("a line that cannot be sent: %+v", bad)
	}
}

func TestMemoryMistakes(t *testing.T) {
	for name, args := range map[string][]string{
		"no such file":     {"-memory", "testdata/none.tmx"},
		"no such language": {"-memory", "testdata/memory.tmx", "-to", "fr"},
		"two prices":       {"-memory", "testdata/memory.tmx", "-price", "1,2"},
		"four prices":      {"-memory", "testdata/memory.tmx", "-price", "1,2,3,4"},
		"a negative price": {"-memory", "testdata/memory.tmx", "-price", "1,2,-3"},
		"no number":        {"-memory", "testdata/memory.tmx", "-price", "nan,2,3"},
		"words":            {"-memory", "testdata/memory.tmx", "teacher"},
		"no memory":        {"-in", "testdata/memory.tmx"},
		"a directory":      {"-memory", "testdata/memory.tmx", "-in", "testdata"},
	} {
		args = append([]string{"-out", filepath.Join(t.TempDir(), "out.jsonl")}, args...)
		if got := clitest.Run(t, "translate", run, "teacher\n", nil, args...); got.Status == 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestMemoryKeepsItsFiles names a file that is read as the output too, or no file.
func TestMemoryKeepsItsFiles(t *testing.T) {
	dir := t.TempDir()
	in, link := filepath.Join(dir, "in.txt"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(in, []byte("teacher\n"), 0o600), os.Link(in, link)); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{in, link, dir, ""} {
		got := clitest.Run(t, "translate", run, "", nil, "-memory", "testdata/memory.tmx", "-in", in, "-out", out)
		if text, _ := os.ReadFile(in); got.Status != 2 || string(text) != "teacher\n" {
			t.Errorf("-out %s: %+v; the input is %q", out, got, text)
		}
	}
}
