package cli_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/examples/internal/cli"
)

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for text, want := range map[string][]string{
		"":                       nil,
		"\n":                     {""},
		"one":                    {"one"},
		"one\r\n\ntwo\n":         {"one", "", "two"},
		"\ufeffone\ntwo":         {"one", "two"},
		long + "\n" + long + "y": {long, long + "y"},
	} {
		var got []string
		for line, err := range cli.Lines(t.Context(), iotest.HalfReader(strings.NewReader(text))) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, line)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.20q (-want +got):\n%s", text, diff)
		}
	}
	broken := errors.New("the disk is gone")
	var got []string
	for line, err := range cli.Lines(t.Context(), io.MultiReader(strings.NewReader("one\ntw"), iotest.ErrReader(broken))) {
		if got = append(got, line); err != nil && !errors.Is(err, broken) {
			t.Error(err)
		}
	}
	if diff := cmp.Diff([]string{"one", "tw"}, got); diff != "" {
		t.Errorf("before an error (-want +got):\n%s", diff)
	}
	for range cli.Lines(t.Context(), strings.NewReader("one\ntwo\n")) {
		break
	}
}

// TestInterrupted interrupts a program that waits for a line.
func TestInterrupted(t *testing.T) {
	in, typed := io.Pipe()
	defer typed.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var out strings.Builder
	status := cli.Run(ctx, "wait", &cli.Env{Stderr: &out}, func(ctx context.Context, _ *cli.Env) error {
		cancel()
		for _, err := range cli.Lines(ctx, in) {
			return err
		}
		return nil
	})
	if status != 130 || out.String() != "wait: interrupted\n" {
		t.Errorf("status %d, %q", status, out.String())
	}
}
