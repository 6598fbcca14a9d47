package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/foreword-go/foreword/examples/internal/clitest"
)

func TestEvaluate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cases.jsonl")
	got := clitest.Run(t, "evaluate", run, "", nil, "-o", file)
	if got.Status != 0 || got.Stderr != "" {
		t.Fatalf("%+v", got)
	}
	clitest.Golden(t, "golden.txt", got.Stdout)
	lines, err := os.ReadFile(file)
	if n := bytes.Count(lines, []byte("\n")); err != nil || n != 13 {
		t.Errorf("%d lines, %v", n, err)
	}
}
