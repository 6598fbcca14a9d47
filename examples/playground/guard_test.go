package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/sampling"
)

// pocketServer is the playground as it is started without flags.
func pocketServer(t *testing.T) http.Handler {
	t.Helper()
	return serverFor(t, &cli.Backend{Kind: "pocket"}, sampling.Price{})
}

func serverFor(t *testing.T, backend *cli.Backend, price sampling.Price) http.Handler {
	t.Helper()
	env := &cli.Env{Getenv: func(name string) string {
		if name == "OPENAI_API_KEY" {
			return "sk-secret"
		}
		return ""
	}}
	m, err := newModels(env, backend, price)
	if err != nil {
		t.Fatal(err)
	}
	return newServer(m)
}

// TestGuard sends what a page of another origin could make a browser send, and
// what only the own page sends.
func TestGuard(t *testing.T) {
	h := pocketServer(t)
	const raw = `{"prompt":"2+2","max_tokens":1}`
	for _, c := range []struct {
		name, method, path, host, header, body string
		want                                   int
	}{
		{"the page", "GET", "/", "127.0.0.1:8090", "", "", 200},
		{"by name", "GET", "/main.js", "localhost:8090", "", "", 200},
		{"by IPv6", "GET", "/style.css", "[::1]:8090", "", "", 200},
		{"a name that was pointed here", "GET", "/", "evil.example:8090", "", "", 403},
		{"the address of another machine", "GET", "/", "192.168.1.5:8090", "", "", 403},
		{"no host", "GET", "/", "", "", "", 403},
		{"its own request", "POST", "/api/raw/run", "127.0.0.1:8090", "Origin: http://127.0.0.1:8090", raw, 200},
		{"a program", "POST", "/api/raw/run", "127.0.0.1:8090", "", raw, 200},
		{"a page of another origin", "POST", "/api/raw/run", "127.0.0.1:8090", "Origin: https://evil.example", raw, 403},
		{"a page of another port", "POST", "/api/raw/run", "127.0.0.1:8090", "Origin: http://127.0.0.1:9999", raw, 403},
		{"told by the browser", "POST", "/api/raw/run", "127.0.0.1:8090", "Sec-Fetch-Site: cross-site", raw, 403},
		{"a script of ours on another's page", "GET", "/api/state", "127.0.0.1:8090", "Sec-Fetch-Site: cross-site", "", 403},
		{"rebinding with a post", "POST", "/api/raw/run", "evil.example", "Origin: http://evil.example", raw, 403},
		{"a form", "POST", "/api/raw/run", "127.0.0.1:8090", "Content-Type: text/plain", raw, 415},
		{"no method for it", "PUT", "/api/raw/run", "127.0.0.1:8090", "", raw, 405},
		{"a get that runs", "GET", "/api/raw/run", "127.0.0.1:8090", "", "", 404},
		{"no such file", "GET", "/../main.go", "127.0.0.1:8090", "", "", 404},
		{"no such act", "POST", "/api/raw/delete", "127.0.0.1:8090", "", raw, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "http://127.0.0.1:8090"+strings.TrimPrefix(c.path, "/.."), strings.NewReader(c.body))
			r.Host = c.host
			if c.method == "POST" {
				r.Header.Set("Content-Type", "application/json")
			}
			if name, value, ok := strings.Cut(c.header, ": "); ok {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.want {
				t.Errorf("status %d, want %d: %s", w.Code, c.want, w.Body)
			}
			if got := w.Header().Get("Content-Security-Policy"); got != policy {
				t.Errorf("the policy is %q", got)
			}
			if strings.Contains(w.Body.String(), "sk-secret") {
				t.Error("the key is in the answer")
			}
		})
	}
}
