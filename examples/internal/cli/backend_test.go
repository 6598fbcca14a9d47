package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

func env() *cli.Env { return &cli.Env{Getenv: func(string) string { return "" }} }

// llamaCpp is a server with a window of 256 tokens in which a word is a token.
func llamaCpp(t *testing.T) (address string) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /props", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"default_generation_settings": {"n_ctx": 256}, "total_slots": 1, "model_path": "base.gguf"}`)
	})
	mux.HandleFunc("POST /tokenize", func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Content string }
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		tokens := make([]int, 1+len(strings.Fields(asked.Content)))
		json.NewEncoder(w).Encode(map[string]any{"tokens": tokens})
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// TestOpen fits examples into the window that the server tells, by the server's
// own count: with a byte for a token, a third of them would be shown.
func TestOpen(t *testing.T) {
	address := llamaCpp(t)
	task := fewshot.Task[string, string]{Format: fewshot.Lines, Params: sampling.Params{MaxTokens: 16}}
	for i := range 200 {
		task.Add(fmt.Sprint("input", i), fmt.Sprint("output", i))
	}
	prompter := task.MustCompile()
	shown := func(b cli.Backend) int {
		t.Helper()
		model, err := b.Open(t.Context(), env())
		if err != nil {
			t.Fatal(err)
		}
		prompt, err := prompter.Prompt(t.Context(), model, "input")
		if err != nil {
			t.Fatal(err)
		}
		return len(prompt.Shots)
	}
	b := cli.Backend{Kind: "openai", URL: address + "/v1", Name: "base", Dialect: "llamacpp"}
	if n := shown(b); n != 119 { // (256-16-1-1) / 2
		t.Errorf("%d shots in the server's window", n)
	}
	b.Window = 56
	if n := shown(b); n != 19 {
		t.Errorf("%d shots in a window of 56", n)
	}
	if n := shown(cli.Backend{Kind: "pocket"}); n != 200 {
		t.Errorf("%d shots without a window", n)
	}
}

// TestOpenWithoutCounter: a window without a counter is not used.
func TestOpenWithoutCounter(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"data": [{"id": "base", "context_length": 256}]}`)
	}))
	defer server.Close()
	b := cli.Backend{Kind: "openai", URL: server.URL + "/v1", Name: "base"}
	if model, err := b.Open(t.Context(), env()); err != nil || model.Window != 0 {
		t.Errorf("%+v, %v", model, err)
	}
	b.Window = 256
	if model, err := b.Open(t.Context(), env()); err != nil || model.Window != 256 {
		t.Errorf("%+v, %v", model, err)
	}
}

// TestOpenFails: a server that is not there, or refuses the key, is an error
// before any prompt is written, and a cancelled start ends.
func TestOpenFails(t *testing.T) {
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, `{"error": {"message": "wrong key"}}`, http.StatusUnauthorized)
	}))
	defer refuses.Close()
	const gone = "http://127.0.0.1:1" // where no server listens
	for _, address := range []string{refuses.URL, gone} {
		for _, b := range []cli.Backend{
			{Kind: "openai", URL: address + "/v1", Name: "base", Dialect: "llamacpp"},
			{Kind: "openai", URL: address + "/v1", Name: "base", Dialect: "vllm"},
			{Kind: "ollama", URL: address, Name: "base"},
		} {
			if model, err := b.Open(t.Context(), env()); err == nil {
				t.Errorf("%+v: %+v", b, model)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := b.Open(ctx, env()); err == nil {
				t.Errorf("%+v: opened after it was cancelled", b)
			}
		}
	}
}
