package main

import (
	"testing"

	"github.com/foreword-go/foreword/examples/internal/clitest"
)

func TestClassify(t *testing.T) {
	for golden, args := range map[string][]string{
		"golden.txt":      {},
		"draws.txt":       {"-draws", "200"},
		"constrained.txt": {"-draws", "200", "-constrain"},
		"golden-2.txt":    {"The charger was broken and nobody answered.", "A superb book!"},
	} {
		got := clitest.Run(t, "classify", run, "", nil, args...)
		if got.Status != 0 || got.Stderr != "" {
			t.Errorf("%q: %+v", args, got)
		}
		clitest.Golden(t, golden, got.Stdout)
	}
}

func TestCommandLine(t *testing.T) {
	clitest.CommandLine(t, "classify", run, map[string][]string{
		"input is empty": {""},
		"an empty line":  {"one\n\ntwo"},
	})
}

func TestTour(t *testing.T) { clitest.Tour(t, "classify", run) }
