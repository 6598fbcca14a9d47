package main

import (
	"testing"

	"github.com/foreword-go/foreword/examples/internal/clitest"
)

func TestContinue(t *testing.T) {
	for golden, args := range map[string][]string{
		"golden.txt":   {},
		"golden-2.txt": {"-temperature", "0", "-n", "2", "The capital of France is"},
	} {
		got := clitest.Run(t, "continue", run, "", nil, args...)
		if got.Status != 0 || got.Stderr != "" {
			t.Errorf("%q: %+v", args, got)
		}
		clitest.Golden(t, golden, got.Stdout)
	}
}
