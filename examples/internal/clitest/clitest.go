// Package clitest runs the examples in tests as a shell would.
package clitest

import (
	"context"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/examples/internal/cli"
)

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
