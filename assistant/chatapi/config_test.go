package chatapi_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// TestAllowed checks what the options let in, and what needs none.
func TestAllowed(t *testing.T) {
	for _, tt := range []struct {
		config     chatapi.Config
		host, name string
		origin     string
		status     int
	}{
		{host: "localhost:80", status: 200},
		{host: "LOCALHOST.", status: 200},
		{host: "a.localhost", status: 200},
		{host: "[::1]:8080", status: 200},
		{host: "[::1]", status: 200},
		{host: "192.0.2.1:1", status: 200},
		{host: "", status: 403},
		{host: "chat.example.org", status: 403},
		{config: chatapi.Config{Hosts: []string{"Chat.example.org"}}, host: "chat.example.org:443", status: 200},
		{config: chatapi.Config{Hosts: []string{"chat.example.org"}}, host: "xchat.example.org", status: 403},
		{config: chatapi.Config{Hosts: []string{"*"}}, host: "anything.example", status: 200},
		{host: "localhost", origin: "http://localhost", status: 200},
		{host: "localhost", origin: "https://chat.example.org", status: 403},
		{config: chatapi.Config{Origins: []string{"https://chat.example.org"}}, host: "localhost", origin: "https://chat.example.org", status: 200},
		{config: chatapi.Config{Origins: []string{"https://chat.example.org"}}, host: "localhost", origin: "http://chat.example.org", status: 403},
	} {
		tt.config.Model.Backend = &samplingtest.Script{Answer: samplingtest.Always(" ok")}
		h, err := chatapi.New(t.Context(), tt.config)
		if err != nil {
			t.Fatal(err)
		}
		send := func(method string, header map[string]string) *httptest.ResponseRecorder {
			req := httptest.NewRequestWithContext(t.Context(), method, "/v1/chat/completions", strings.NewReader(`{`+hi+`}`))
			req.Host = tt.host
			req.Header.Set("Content-Type", "application/json; charset=UTF-8")
			if tt.origin != "" {
				req.Header.Set("Origin", tt.origin)
			}
			for name, value := range header {
				req.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, req)
			return w
		}
		if w := send("POST", nil); w.Code != tt.status {
			t.Errorf("host %q, origin %q: status %d: %s", tt.host, tt.origin, w.Code, w.Body)
		}
		if len(tt.config.Origins) == 0 {
			continue
		}
		w := send("OPTIONS", map[string]string{"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, content-type"})
		allowed := w.Header().Get("Access-Control-Allow-Origin") == tt.origin && w.Code == http.StatusNoContent && strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "authorization")
		if allowed != (tt.status == 200) {
			t.Errorf("preflight from %q: %d %v", tt.origin, w.Code, w.Header())
		}
	}
}

// TestNew checks what no Handler is made of.
func TestNew(t *testing.T) {
	model := sampling.Model{Backend: &samplingtest.Script{}}
	for name, c := range map[string]chatapi.Config{
		"no backend":      {},
		"a bad persona":   {Model: model, Persona: assistant.Persona{Name: "a:"}},
		"a small window":  {Model: sampling.Model{Backend: model.Backend, Window: 257}, Persona: assistant.Helpful()},
		"bad parameters":  {Model: model, Params: sampling.Params{TopP: 2}},
		"an empty key":    {Model: model, Keys: []sampling.Secret{sampling.NewSecret("a"), {}}},
		"a key and space": {Model: model, Keys: []sampling.Secret{sampling.NewSecret("a\n")}},
		"no origin":       {Model: model, Origins: []string{"example.org"}},
		"a limit below 0": {Model: model, Limits: chatapi.Limits{Choices: -1}},
	} {
		if _, err := chatapi.New(t.Context(), c); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// TestNewKnowsTheParameters has a window in which the persona leaves room for 100
// tokens, which is less than the default of a Validate by itself.
func TestNewKnowsTheParameters(t *testing.T) {
	c := chatapi.Config{Model: sampling.Model{Backend: &samplingtest.Script{}}, Persona: assistant.Helpful()}
	question := assistant.Conversation{Model: c.Model, Persona: c.Persona}
	p, err := question.Prompt(t.Context(), "?", assistant.ReplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := c.Model.Count(t.Context(), p.Text)
	if err != nil {
		t.Fatal(err)
	}
	c.Model.Window = tokens + 100
	for tokens, fits := range map[int]bool{0: false, 100: true, 101: false} { // 0 is 256
		c.Params.MaxTokens = tokens
		if _, err := chatapi.New(t.Context(), c); (err == nil) != fits || !fits && !errors.Is(err, sampling.ErrBudget) {
			t.Errorf("a MaxTokens of %d: %v", tokens, err)
		}
	}
}

// TestBehindMiddleware puts ResponseWriters of a program's own around the
// Handler's: with an Unwrap method a stream comes, and without one it is refused
// before the backend is asked.
func TestBehindMiddleware(t *testing.T) {
	for _, tt := range []struct {
		name   string
		around func(http.ResponseWriter) http.ResponseWriter
		whole  int // status of an answer that is not a stream
		stream int
		calls  int
	}{
		{"nothing", func(w http.ResponseWriter) http.ResponseWriter { return w }, 200, 200, 2},
		{"Unwrap", func(w http.ResponseWriter) http.ResponseWriter { return unwrapping{hiding{w}} }, 200, 200, 2},
		{"neither Flush nor Unwrap", func(w http.ResponseWriter) http.ResponseWriter { return hiding{w} }, 200, 500, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			script := &samplingtest.Script{Answer: samplingtest.InTurn(" Hello.", " Hello.")}
			h, err := chatapi.New(t.Context(), chatapi.Config{Model: sampling.Model{Backend: script}})
			if err != nil {
				t.Fatal(err)
			}
			mux := http.NewServeMux()
			mux.Handle("/llm/", http.StripPrefix("/llm", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.ServeHTTP(tt.around(w), r)
			})))
			server := httptest.NewServer(mux)
			defer server.Close()
			for body, status := range map[string]int{`{` + hi + `}`: tt.whole, `{"stream":true,` + hi + `}`: tt.stream} {
				resp, err := http.Post(server.URL+"/llm/v1/chat/completions", "application/json", strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				text, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || resp.StatusCode != status {
					t.Errorf("%s: status %d, want %d: %s %v", body, resp.StatusCode, status, text, err)
				}
				if want := map[int]string{200: "Hello.", 500: "nor an Unwrap method"}[status]; !strings.Contains(string(text), want) {
					t.Errorf("%s: %s, want %q in it", body, text, want)
				}
			}
			if calls := len(script.Calls()); calls != tt.calls {
				t.Errorf("the backend was asked %d times, want %d", calls, tt.calls)
			}
		})
	}
}

// A hiding ResponseWriter has Write, WriteHeader and Header alone.
type hiding struct{ http.ResponseWriter }

type unwrapping struct{ hiding }

func (w unwrapping) Unwrap() http.ResponseWriter { return w.ResponseWriter }
