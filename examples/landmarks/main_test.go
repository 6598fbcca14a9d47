package main

import (
	"testing"

	"github.com/foreword-go/foreword/examples/internal/clitest"
)

func TestLandmarks(t *testing.T) {
	for golden, args := range map[string][]string{
		"golden.txt":   {},
		"golden-2.txt": {"-rounds", "9", "Tokyo"},
	} {
		got := clitest.Run(t, "landmarks", run, "", nil, args...)
		if got.Status != 0 || got.Stderr != "" {
			t.Errorf("%q: %+v", args, got)
		}
		clitest.Golden(t, golden, got.Stdout)
	}
}

func TestCommandLine(t *testing.T) {
	clitest.CommandLine(t, "landmarks", run, map[string][]string{
		"-rounds is 0":    {"-rounds", "0"},
		"MaxTokens is -1": {"-max-tokens", "-1", "Rome"},
	})
}

func TestTour(t *testing.T) { clitest.Tour(t, "landmarks", run) }
