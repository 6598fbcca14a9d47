package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/examples/internal/clitest"
	"github.com/foreword-go/foreword/internal/golden"
)

func TestAsk(t *testing.T) {
	got := clitest.Run(t, "assistant", run, "", nil, "-ask", "Why is the sky blue?")
	if got.Status != 0 || got.Stderr != "" || strings.Contains(got.Stdout, "Human:") || !strings.Contains(got.Stdout, "scatter") {
		t.Errorf("%+v", got)
	}
	golden.Check(t, "testdata/ask.txt", got.Stdout)
}

func TestBare(t *testing.T) {
	got := clitest.Run(t, "assistant", run, "", nil, "-bare", "-ask", "Why is the sky blue?")
	if got.Status != 0 || strings.Count(got.Stdout, "?\n") < 3 {
		t.Errorf("no more questions: %+v", got)
	}
	golden.Check(t, "testdata/bare.txt", got.Stdout)
}

func TestChat(t *testing.T) {
	file := filepath.Join(t.TempDir(), "talk.jsonl")
	got := clitest.Run(t, "assistant", run, strings.Join([]string{
		"/regenerate", "Hello!", "", "Can you help me with something?", "/branch", "What causes the tides?", "/tokens", "/undo", "/undo", "Good evening!", "/branch 1",
		"/regenerate", "/branch 2", "/tokens", "/branch 3", "/branch 1", "/save " + file, "/save " + file, "/save", "/show", "/nonsense", "/help", "/quit", "never said",
	}, "\n"), nil)
	if got.Status != 0 || got.Stderr != "" {
		t.Errorf("%+v", got)
	}
	golden.Check(t, "testdata/chat.txt", strings.ReplaceAll(got.Stdout, file, "talk.jsonl"))
	saved, turns, err := assistant.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer saved.Close()
	if len(turns) != 2 || turns[0].User != "Hello!" {
		t.Errorf("saved %+v", turns)
	}
}

// TestTakenUp chats twice with one log: the second goes on where the first ended.
func TestTakenUp(t *testing.T) {
	log := filepath.Join(t.TempDir(), "talk.jsonl")
	first := clitest.Run(t, "assistant", run, "Hello!\n", nil, "-log", log)
	again := clitest.Run(t, "assistant", run, "/undo\n", nil, "-log", log)
	if first.Status != 0 || again.Status != 0 || !strings.Contains(again.Stdout, "taken up after 1 turns") || !strings.Contains(again.Stdout, `took back "Hello!"`) {
		t.Errorf("first %+v\nagain %+v", first, again)
	}
}

// TestDraft has a stand-in for a chat model write the persona.
func TestDraft(t *testing.T) {
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = string(body)
		page := "Sure!\n\nuser: Human\nname: Assistant\n\nA talk with a gardener.\n\nHuman: When do I sow beans?\n\nAssistant: After the last frost.\n\nHuman: And peas?\n\nAssistant: Earlier, they like it cool.\n\n-----"
		json.NewEncoder(w).Encode(map[string]any{"choices": []any{map[string]any{"message": map[string]any{"role": "assistant", "content": page}}}})
	}))
	defer server.Close()
	vars := []string{"OPENAI_API_KEY=secret", "OPENAI_BASE_URL=" + server.URL}
	file := filepath.Join(t.TempDir(), "gardener.txt")
	got := clitest.Run(t, "assistant", run, "/show\n", vars, "-draft", "a patient gardener", "-persona", file)
	if got.Status != 0 || !strings.Contains(asked, "a patient gardener") || !strings.Contains(got.Stdout, "Assistant: After the last frost.") {
		t.Errorf("asked %s\ngot %+v", asked, got)
	}
	again := clitest.Run(t, "assistant", run, "/show\n", nil, "-persona", file)
	if again.Stdout != got.Stdout {
		t.Errorf("the persona's file reads as\n%s\nand was\n%s", again.Stdout, got.Stdout)
	}
	asked = ""
	if twice := clitest.Run(t, "assistant", run, "", vars, "-draft", "another", "-persona", file); twice.Status != 2 || asked != "" {
		t.Errorf("a file that is there was written over, or asked for in vain: %+v", twice)
	}
}

func TestMistakes(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.txt")
	if err := os.WriteFile(broken, []byte("Q: a\nA: b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		args   []string
		status int
	}{
		"bare without a question": {[]string{"-bare"}, 2},
		"a blank question":        {[]string{"-ask", " "}, 2},
		"words without a flag":    {[]string{"Why?"}, 2},
		"no such persona":         {[]string{"-persona", "nowhere.txt"}, 1},
		"a broken persona":        {[]string{"-persona", broken}, 1},
		"a folder as the persona": {[]string{"-persona", t.TempDir()}, 1},
		"a window too small":      {[]string{"-window", "300", "-ask", "Why?"}, 1},
		"a NUL in the question":   {[]string{"-ask", "a\x00b"}, 1},
	} {
		got := clitest.Run(t, "assistant", run, "", nil, tt.args...)
		if got.Status != tt.status || strings.Count(got.Stderr, "\n") != 1 || strings.Count(got.Stderr, "assistant: ") != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestFailedReply chats with a server that refuses: a program that pipes lines into
// the chat learns from its status that replies are missing.
func TestFailedReply(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			http.NotFound(w, r) // it does not tell its models
			return
		}
		http.Error(w, `{"error": {"message": "the key was refused"}}`, http.StatusUnauthorized)
	}))
	defer server.Close()
	got := clitest.Run(t, "assistant", run, "/help\nHello!\n", nil, "-backend", "openai", "-url", server.URL+"/v1", "-model", "m")
	if got.Status != 1 || !strings.Contains(got.Stderr, "a reply is missing") || !strings.Contains(got.Stdout, "refused") {
		t.Errorf("%+v", got)
	}
}
