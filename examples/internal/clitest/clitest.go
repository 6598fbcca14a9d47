// Package clitest runs the examples in tests as a shell would.
package clitest

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/examples/internal/cli"
)

var update = flag.Bool("update", false, "write the goldens anew")

// Updating reports whether the test was called with -update.
func Updating() bool { return *update }

// A Result is what a program printed and how it ended.
type Result struct {
	Stdout, Stderr string
	Status         int
}

// Run runs a program with arguments and standard input, and an environment of
// variables given as NAME=value.
func Run(t *testing.T, name string, run func(context.Context, *cli.Env) error, stdin string, vars []string, args ...string) Result {
	t.Helper()
	var out, err strings.Builder
	env := &cli.Env{
		Args: args, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &err,
		Getenv: func(key string) string {
			for _, v := range vars {
				if value, ok := strings.CutPrefix(v, key+"="); ok {
					return value
				}
			}
			return ""
		},
	}
	status := cli.Run(t.Context(), name, env, run)
	return Result{out.String(), err.String(), status}
}

// CommandLine checks a program's help and its errors. The help shows the usage and
// each flag. mistakes maps a word of the error to a wrong command line, which must
// print one line on standard error and end with a status other than 0.
func CommandLine(t *testing.T, name string, run func(context.Context, *cli.Env) error, mistakes map[string][]string) {
	t.Helper()
	help := Run(t, name, run, "", nil, "-h")
	if help.Status != 0 || help.Stderr != "" {
		t.Errorf("help ends with %+v", help)
	}
	for _, want := range []string{name + ": ", "\nUsage: " + name + " [flags]", "  go run ./examples/" + name, "\nFlags:\n", "  -backend name\n"} {
		if !strings.Contains(help.Stdout, want) {
			t.Errorf("help does not hold %q:\n%s", want, help.Stdout)
		}
	}
	check := func(want string, args ...string) {
		t.Helper()
		got := Run(t, name, run, "", nil, args...)
		if got.Status == 0 || got.Stdout != "" {
			t.Errorf("%q: %+v, want a status that is not 0 and nothing on standard output", args, got)
		}
		if !strings.HasPrefix(got.Stderr, name+": ") || strings.Count(got.Stderr, "\n") != 1 || !strings.Contains(got.Stderr, want) {
			t.Errorf("%q: standard error is %q, want one line that says %q", args, got.Stderr, want)
		}
	}
	check("-colour", "-colour", "green")
	check(`unknown backend "chat"`, "-backend", "chat")
	check(`unknown dialect "chat"`, "-dialect", "chat")
	check("-dialect goes with -backend openai", "-dialect", "vllm")
	check("-window is -1", "-window", "-1")
	check("OPENAI_API_KEY", "-backend", "openai", "-model", "m")
	for want, args := range mistakes {
		check(want, args...)
	}
}

// Golden compares text with testdata/name, which -update writes.
func Golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("not as %s says; -update writes it anew (-want +got):\n%s", file, diff)
	}
}
