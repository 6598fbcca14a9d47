package main

import (
	"testing"

	"github.com/foreword-go/foreword/examples/internal/clitest"
)

func TestExtract(t *testing.T) {
	for golden, args := range map[string][]string{
		"golden.txt":      {},
		"draws.txt":       {"-draws", "200"},
		"constrained.txt": {"-draws", "200", "-constrain"},
	} {
		got := clitest.Run(t, "extract", run, "", nil, args...)
		if got.Status != 0 || got.Stderr != "" {
			t.Errorf("%q: %+v", args, got)
		}
		clitest.Golden(t, golden, got.Stdout)
	}
}

func TestCommandLine(t *testing.T) {
	clitest.CommandLine(t, "extract", run, map[string][]string{
		"input is empty": {""},
	})
}

func TestTour(t *testing.T) { clitest.Tour(t, "extract", run) }
