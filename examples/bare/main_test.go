package main

import (
	"strings"
	"testing"

	"github.com/foreword-go/foreword/examples/internal/clitest"
)

func TestBare(t *testing.T) {
	got := clitest.Run(t, "bare", run, "", nil)
	if got.Status != 0 || got.Stderr != "" {
		t.Errorf("%+v", got)
	}
	if n := strings.Count(got.Stdout, "?\n"); n < 3 || strings.Contains(got.Stdout, "Assistant:") {
		t.Errorf("%d questions, where more questions were to follow:\n%s", n, got.Stdout)
	}
	clitest.Golden(t, "golden.txt", got.Stdout)
}

func TestCommandLine(t *testing.T) {
	clitest.CommandLine(t, "bare", run, map[string][]string{
		"MaxTokens is -1": {"-max-tokens", "-1"},
	})
}

func TestTour(t *testing.T) { clitest.Tour(t, "bare", run) }
