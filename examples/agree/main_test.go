package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/examples/internal/clitest"
)

func TestAgree(t *testing.T) {
	for golden, args := range map[string][]string{
		"golden.txt":   {},
		"golden-2.txt": {"The chemical symbol of gold is"},
	} {
		got := clitest.Run(t, "agree", run, "", nil, args...)
		if got.Status != 0 || got.Stderr != "" {
			t.Errorf("%q: %+v", args, got)
		}
		clitest.Golden(t, golden, got.Stdout)
	}
}

func TestCommandLine(t *testing.T) {
	clitest.CommandLine(t, "agree", run, map[string][]string{
		"draw at least 2": {"-n", "1"},
		"MinP is -1":      {"-min-p", "-1"},
	})
}

func TestTree(t *testing.T) {
	var answers [][]string
	for _, a := range []string{"a b c", "x", "a, b", "", "A b, c)", "a d", "x."} {
		answers = append(answers, strings.Fields(a))
	}
	var b strings.Builder
	printTree(&b, false, answers, "")
	const want = `   4 × a ...
       3 × b ...
           2 × c
           1 × (nothing)
       1 × d
   2 × x
   1 × (nothing)
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTour(t *testing.T) { clitest.Tour(t, "agree", run) }
