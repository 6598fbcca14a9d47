package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/examples/internal/clitest"
	"github.com/foreword-go/foreword/internal/golden"
)

func TestTranslate(t *testing.T) {
	tests := []struct {
		name  string
		why   string
		stdin string
		args  []string
		want  string
	}{
		{"one word", "the answer and nothing else", "", []string{"teacher"}, "선생님\n"},
		{"several words", "one a line", "", []string{"teacher", "friend", "water"}, "선생님\n친구\n물\n"},
		{"standard input", "each line that has a word", "teacher\n\n  friend \nwater", nil, "선생님\n친구\n물\n"},
		{"one-shot", "one example says which language", "", []string{"-shots", "1", "teacher"}, "선생님\n"},
		{"the prompt", "shown before the answer", "", []string{"-shots", "2", "-show", "teacher"}, "butterfly: 나비\nocean: 바다\nteacher: 선생님\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := clitest.Run(t, "translate", run, tt.stdin, nil, tt.args...)
			if want := (clitest.Result{Stdout: tt.want}); got != want {
				t.Errorf("%s: got %+v, want %+v", tt.why, got, want)
			}
		})
	}
}

func TestRawGoesOn(t *testing.T) {
	got := clitest.Run(t, "translate", run, "", nil, "-raw", "teacher")
	answer, invented, _ := strings.Cut(got.Stdout, "\n")
	if answer != "선생님" {
		t.Errorf("the answer is %q", answer)
	}
	in, out, ok := strings.Cut(strings.SplitN(invented, "\n", 2)[0], ": ")
	if !ok || in == "" || out == "" {
		t.Errorf("no invented pair after the answer: %q", invented)
	}
	golden.Check(t, "testdata/raw.txt", got.Stdout)
}

func TestHelp(t *testing.T) {
	got := clitest.Run(t, "translate", run, "", nil, "-h")
	if got.Status != 0 || got.Stderr != "" {
		t.Errorf("help ends with %+v", got)
	}
	golden.Check(t, "testdata/help.txt", got.Stdout)
}

func TestMistakes(t *testing.T) {
	const gone = "http://127.0.0.1:1" // where no server listens
	tests := []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"an unknown flag", []string{"-shot", "1"}, 2, "-shot"},
		{"too many shots", []string{"-shots", "11", "a"}, 2, "-shots is 11: there are 0 to 10"},
		{"an unknown backend", []string{"-backend", "chat", "a"}, 2, `unknown backend "chat": use pocket, openai or ollama`},
		{"a missing key", []string{"-backend", "openai", "-model", "m", "a"}, 2, "OPENAI_API_KEY"},
		{"a missing model", []string{"-backend", "openai", "-url", gone, "a"}, 2, "-model"},
		{"an address without a scheme", []string{"-backend", "openai", "-url", "localhost:80", "-model", "m", "a"}, 2, ""},
		{"an address for pocket", []string{"-url", gone, "a"}, 2, "-backend openai"},
		{"an unreachable server", []string{"-backend", "openai", "-url", gone + "/v1", "-model", "m", "a"}, 1, "connection refused"},
		{"a negative temperature", []string{"-temperature", "-1", "a"}, 1, "Temperature is -1"},
		{"a word of two lines", []string{"a\nb"}, 1, "line break"},
		{"an empty word", []string{""}, 1, "input is empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := clitest.Run(t, "translate", run, "", nil, tt.args...)
			if got.Status != tt.status || got.Stdout != "" {
				t.Errorf("got %+v, want status %d and nothing on standard output", got, tt.status)
			}
			if !strings.HasPrefix(got.Stderr, "translate: ") || strings.Count(got.Stderr, "\n") != 1 || !strings.Contains(got.Stderr, tt.want) {
				t.Errorf("standard error is %q, want one line that says %q", got.Stderr, tt.want)
			}
		})
	}
}

// TestServer checks what reaches a server: the prompt, the stop sequence, and the
// temperature 0.
func TestServer(t *testing.T) {
	var body, auth string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/completions" { // this server does not list its models
			http.NotFound(w, r)
			return
		}
		b := new(strings.Builder)
		if err := r.Write(b); err != nil {
			t.Error(err)
		}
		_, body, _ = strings.Cut(b.String(), "\r\n\r\n")
		auth = r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "text/event-stream")
		w.Write([]byte("data: {\"choices\":[{\"text\":\" 선생님\\nmor\",\"index\":0,\"finish_reason\":null}]}\n\ndata: [DONE]\n\n"))
	}))
	defer server.Close()
	got := clitest.Run(t, "translate", run, "", []string{"OPENAI_API_KEY=secret"}, "-backend", "openai", "-url", server.URL+"/v1", "-model", "base", "-shots", "1", "teacher")
	if want := (clitest.Result{Stdout: "선생님\n"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, want := range []string{`"prompt":"butterfly: papillon\nteacher:"`, `"temperature":0`, `"stop":["\n"]`, `"model":"base"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the request does not hold %s: %s", want, body)
		}
	}
	if auth != "Bearer secret" {
		t.Errorf("the key is sent as %q", auth)
	}
}
