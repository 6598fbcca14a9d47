package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/examples/internal/clitest"
)

// A process is the program while it runs.
type process struct {
	url       string
	said      string // its second line
	interrupt context.CancelFunc
	status    chan int
	stderr    *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start runs the program on a free port and waits until it listens.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	p := &process{interrupt: cancel, status: make(chan int, 1), stderr: &lockedBuffer{}}
	env := &cli.Env{
		Args: append([]string{"-addr", "127.0.0.1:0"}, args...), Stdin: strings.NewReader(""), Stdout: in, Stderr: p.stderr,
		Getenv: func(string) string { return "" },
	}
	go func() {
		p.status <- cli.Run(ctx, "chatserver", env, run)
		in.Close()
	}()
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	if lines.Buffered() > 0 { // both lines are one write
		p.said, _ = lines.ReadString('\n')
	}
	found := regexp.MustCompile(`http://\S+/v1`).FindString(line)
	if err != nil || found == "" {
		t.Fatalf("said %q, %v; %s", line, err, p.stderr)
	}
	p.url = found
	t.Cleanup(cancel)
	return p
}

// upstream is a server that answers the question that the program begins with.
func upstream(answer http.HandlerFunc) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		switch {
		case err != nil || r.Method == http.MethodGet:
			http.NotFound(w, r)
		case strings.Contains(string(body), `"max_tokens":1,`) || strings.Contains(string(body), `"max_tokens":1}`):
			io.WriteString(w, `data: {"choices":[{"index":0,"text":" three","finish_reason":"length"}]}`+"\n\ndata: [DONE]\n\n")
		default:
			answer(w, r)
		}
	}))
}

// TestStart: the program does not listen where the model does not answer, and says
// what the server said.
func TestStart(t *testing.T) {
	refusing := func(status int, says string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			io.WriteString(w, `{"error":{"message":"`+says+`"}}`)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	const gone = "http://127.0.0.1:1" // where no server listens
	for name, tt := range map[string]struct{ url, says string }{
		"a wrong model": {refusing(404, "The model 'bsae' does not exist."), "does not exist"},
		"a wrong key":   {refusing(401, "Incorrect key."), "Incorrect key"},
		"a dead server": {gone, "refused"},
	} {
		got := clitest.Run(t, "chatserver", run, "", nil, "-addr", "127.0.0.1:0", "-backend", "openai", "-url", tt.url+"/v1", "-model", "bsae")
		if got.Status != 1 || strings.Count(got.Stderr, "\n") != 1 || !strings.Contains(got.Stderr, tt.says) || got.Stdout != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestStartSays prints what llama.cpp says of itself.
func TestStartSays(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /props", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"default_generation_settings":{"n_ctx":2048},"total_slots":1,"model_path":"/models/base.gguf","build_info":"b11549"}`)
	})
	mux.HandleFunc("POST /tokenize", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"tokens":[1]}`) })
	mux.HandleFunc("POST /v1/completions", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `data: {"choices":[{"index":0,"text":" three","finish_reason":"length"}]}`+"\n\ndata: [DONE]\n\n")
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	p := start(t, "-backend", "openai", "-dialect", "llamacpp", "-url", s.URL+"/v1", "-model", "any")
	if want := "the server: llama.cpp b11549, model /models/base.gguf, 2048 tokens\n"; p.said != want {
		t.Errorf("said %q, want %q", p.said, want)
	}
}

func (p *process) post(t *testing.T, key, body string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", p.url+"/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	return http.DefaultClient.Do(req)
}

const sky = `{"messages":[{"role":"user","content":"Why is the sky blue?"}]`

func TestServes(t *testing.T) {
	p := start(t)
	resp, err := p.post(t, "", sky+"}")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || resp.StatusCode != 200 || !strings.Contains(string(body), "scatter") {
		t.Errorf("%d %s %v", resp.StatusCode, body, err)
	}
	p.interrupt()
	if status := <-p.status; status != 0 {
		t.Errorf("status %d", status)
	}
	if log := p.stderr.String(); strings.Contains(log, "sky") || !strings.Contains(log, `"request":"chat","status":200`) {
		t.Errorf("log %s", log)
	}
}

// refused waits until a server no longer listens.
func refused(url string) {
	for {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			return
		}
		conn.Close()
		time.Sleep(time.Millisecond)
	}
}

// TestGraceEnds has a client that does not take its answer: the program does not
// wait for it for ever.
func TestGraceEnds(t *testing.T) {
	p := start(t, "-grace", "1ms")
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(p.url, "http://"), "/v1"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// A body that never ends keeps the request under way.
	io.WriteString(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q %v", line, err)
	}
	p.interrupt()
	if status := <-p.status; status != 1 || !strings.Contains(p.stderr.String(), "cut off") {
		t.Errorf("status %d: %s", status, p.stderr)
	}
}

func TestKeys(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte("# for the tests\n\nsk-one\r\nsk-two\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, "-key-file", file)
	for key, want := range map[string]int{"sk-one": 200, "sk-two": 200, "sk-three": 401, "": 401, "# for the tests": 401} {
		resp, err := p.post(t, key, sky+"}")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("key %q: status %d", key, resp.StatusCode)
		}
	}
	if strings.Contains(p.stderr.String(), "sk-") {
		t.Errorf("a key in the log: %s", p.stderr)
	}
}

func TestPersona(t *testing.T) {
	file := filepath.Join(t.TempDir(), "persona.txt")
	if err := os.WriteFile(file, []byte("name: Gardener\n\nA talk.\n-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, "-persona", file, "-name", "gardener")
	resp, err := p.post(t, "", sky+`,"model":"gardener"}`)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestMistakes(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("# none\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, tt := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"reachable without keys":     {[]string{"-addr", "0.0.0.0:0"}, 2, "-key-file"},
		"all addresses without keys": {[]string{"-addr", ":0"}, 2, "-key-file"},
		"all of IPv6 without keys":   {[]string{"-addr", "[::]:0"}, 2, "-key-file"},
		"no such key file":           {[]string{"-key-file", "nowhere"}, 1, "nowhere"},
		"no keys in the file":        {[]string{"-key-file", empty}, 1, "no key"},
		"no such persona":            {[]string{"-persona", "nowhere"}, 1, "nowhere"},
		"an address that is taken":   {[]string{"-addr", taken.Addr().String()}, 1, "in use"},
		"an origin that is none":     {[]string{"-origin", "example.org"}, 2, "origin"},
		"a negative limit":           {[]string{"-max-requests", "-1"}, 2, "limit"},
		"words without a flag":       {[]string{"run"}, 2, "run"},
		"no such backend":            {[]string{"-backend", "none"}, 2, "none"},
	} {
		got := clitest.Run(t, "chatserver", run, "", nil, tt.args...)
		if got.Status != tt.status || strings.Count(got.Stderr, "\n") != 1 || !strings.Contains(got.Stderr, tt.says) || got.Stdout != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
