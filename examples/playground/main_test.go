package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/examples/internal/clitest"
)

// start runs the program at a free port and returns the page's address. It ends
// with the test, and must have ended well.
func start(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	env := &cli.Env{
		Args: append([]string{"-addr", "127.0.0.1:0", "-open=false"}, args...), Stdin: strings.NewReader(""), Stdout: in, Stderr: io.Discard,
		Getenv: func(string) string { return "" },
	}
	status := make(chan int, 1)
	go func() {
		status <- cli.Run(ctx, "playground", env, run)
		in.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if got := <-status; got != 0 {
			t.Errorf("it ended with status %d", got)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	page := regexp.MustCompile(`http://\S+/`).FindString(line)
	if err != nil || page == "" {
		t.Fatalf("it said %q, %v", line, err)
	}
	return page
}

func TestStart(t *testing.T) {
	page := start(t)
	resp, err := http.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(body), "<title>Foreword playground</title>") {
		t.Errorf("%.200s, %v", body, err)
	}
}

// TestUsage tries what cannot be meant: one line, and status 2.
func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"-nonsense"}, "-nonsense"},
		{[]string{"page"}, "only flags"},
		{[]string{"-addr", "0.0.0.0:0"}, "other machines"},
		{[]string{"-backend", "abacus"}, "abacus"},
		{[]string{"-backend", "openai", "-model", "m"}, "OPENAI_API_KEY"},
		{[]string{"-prompt-price", "-1"}, "negative"},
		{[]string{"-completion-price", "NaN"}, "negative"},
	} {
		r := clitest.Run(t, "playground", run, "", nil, append(c.args, "-open=false")...)
		if r.Status != 2 || strings.Count(r.Stderr, "\n") != 1 || !strings.Contains(r.Stderr, c.says) {
			t.Errorf("%v: status %d, %q", c.args, r.Status, r.Stderr)
		}
	}
	r := clitest.Run(t, "playground", run, "", nil, "-h")
	if r.Status != 0 || !strings.Contains(r.Stdout, "-prompt-price dollars") {
		t.Errorf("-h: status %d, %q", r.Status, r.Stdout)
	}
	if r := clitest.Run(t, "playground", run, "", nil, "-addr", "127.0.0.1:notaport", "-open=false"); r.Status != 1 || strings.Count(r.Stderr, "\n") != 1 {
		t.Errorf("a bad port: status %d, %q", r.Status, r.Stderr)
	}
}
