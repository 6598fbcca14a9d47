package openai_test

import (
	"bufio"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// A process submits a batch of a thousand lines and is killed while it waits. The
// next process takes the batch up by its id: each request is answered or failed
// once, and nothing is submitted twice.
func TestBatchKilled(t *testing.T) {
	const child = "FOREWORD_BATCH_SERVER"
	requests := batchOf(1000)
	backend := func(url string) *openai.Backend {
		b, err := openai.New(openai.Config{BaseURL: url, Model: "m"})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if url := os.Getenv(child); url != "" {
		id, err := backend(url).SubmitBatch(t.Context(), requests)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("id " + id)
		_, err = backend(url).AwaitBatch(t.Context(), id, requests)
		t.Fatal("the batch ended before the kill: ", err)
	}

	lines := make([]int, len(requests))
	server := &batchServer{takes: time.Hour, line: func(i int, body map[string]any) string {
		lines[i]++
		if i%10 == 3 {
			return `"response":{"status_code":400,"body":{"error":{"message":"This model's maximum context length is 10 tokens."}}},"error":null`
		}
		return echoes(i, body)
	}}
	web := httptest.NewServer(server)
	defer web.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBatchKilled$")
	cmd.Env = append(os.Environ(), child+"="+web.URL+"/v1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	id := ""
	for scan := bufio.NewScanner(out); id == "" && scan.Scan(); {
		id, _ = strings.CutPrefix(scan.Text(), "id ")
	}
	waits := func() bool {
		server.mu.Lock()
		defer server.mu.Unlock()
		return server.looked > 0
	}
	for id != "" && !waits() {
		time.Sleep(time.Millisecond)
	}
	cmd.Process.Kill()
	if err := cmd.Wait(); err == nil || id == "" {
		t.Fatalf("the child said %q and ended with %v", id, err)
	}

	server.mu.Lock()
	server.takes = 0
	server.mu.Unlock()
	results, err := backend(web.URL+"/v1").AwaitBatch(t.Context(), id, requests)
	if err != nil {
		t.Fatal(err)
	}
	good, bad := 0, 0
	for i, r := range results {
		switch {
		case r.Err == nil && r.Completion.Text == " "+requests[i].Prompt && i%10 != 3:
			good++
		case errors.Is(r.Err, sampling.ErrBudget) && r.Completion == nil && i%10 == 3:
			bad++
		default:
			t.Errorf("request %d: %+v", i, r)
		}
		if lines[i] != 1 {
			t.Errorf("line %d was answered %d times", i, lines[i])
		}
	}
	if good != 900 || bad != 100 || server.made != 1 {
		t.Errorf("%d answered, %d failed, %d batches", good, bad, server.made)
	}
}
