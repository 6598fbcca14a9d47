package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"
)

// endless is a server that goes on until the client leaves, and then says so.
func endless(t *testing.T) (address string, gone <-chan struct{}) {
	left := make(chan struct{}, 16)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-r.Context().Done():
				left <- struct{}{}
				return
			case <-tick.C:
				fmt.Fprint(w, `data: {"choices":[{"index":0,"text":" on"}]}`+"\n\n")
				_ = http.NewResponseController(w).Flush()
			}
		}
	}))
	t.Cleanup(s.Close)
	return s.URL + "/v1", left
}

// TestBrowser drives the page in a real browser, as a person would: see
// testdata/browser.mjs. It needs node, chromium, and FOREWORD_NPM with the path of
// the node_modules in which npm has installed playwright-core and axe-core.
// .ci/run installs all of them. With FOREWORD_SCREENSHOTS it writes pictures of
// the page into that folder.
func TestBrowser(t *testing.T) {
	if os.Getenv("FOREWORD_NPM") == "" {
		t.Skip("set FOREWORD_NPM to the node_modules in which npm has installed playwright-core and axe-core")
	}
	for _, name := range []string{"node", "chromium"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("FOREWORD_NPM is set, but there is no %s: %v", name, err)
		}
	}
	server, gone := endless(t)
	page := start(t, "-backend", "openai", "-url", server, "-model", "endless")
	// A browser that hangs is ended here and tells how far it came, instead of all
	// tests being ended without a word.
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "testdata/browser.mjs", page)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that it ends its browser too
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Error("the page was told to stop, and the backend goes on")
	}
}
