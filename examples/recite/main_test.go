package main

import (
	"testing"

	"github.com/foreword-go/foreword/examples/internal/clitest"
)

func TestRecite(t *testing.T) {
	for golden, args := range map[string][]string{
		"golden.txt":   {},
		"golden-2.txt": {"-temperature", "0", "-prefix", "12"},
		"golden-3.txt": {"-file", "testdata/unread.txt"},
	} {
		got := clitest.Run(t, "recite", run, "", nil, args...)
		if got.Status != 0 || got.Stderr != "" {
			t.Errorf("%q: %+v", args, got)
		}
		clitest.Golden(t, golden, got.Stdout)
	}
}

func TestCommandLine(t *testing.T) {
	clitest.CommandLine(t, "recite", run, map[string][]string{
		`unexpected "LICENSE"`: {"LICENSE"},
		"no such file":         {"-file", "testdata/nothing.txt"},
		"at least 1 word":      {"-prefix", "0"},
		"the text has":         {"-prefix", "5000"},
		"Length is -1":         {"-length", "-1"},
	})
}

func TestTour(t *testing.T) { clitest.Tour(t, "recite", run) }
