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

// Golden compares text with testdata/name, which -update writes.
func Golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
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
