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

func TestCommandLine(t *testing.T) {
	clitest.CommandLine(t, "continue", run, map[string][]string{
		"drawing 0":             {"-n", "0"},
		"at most 1,000":         {"-n", "1000000"},
		"Temperature is NaN":    {"-temperature", "NaN"},
		"TopP is 2":             {"-top-p", "2"},
		"MaxTokens is -1":       {"-max-tokens", "-1"},
		`value "x" for flag -n`: {"-n", "x"},
	})
}

func TestTour(t *testing.T) { clitest.Tour(t, "continue", run) }
