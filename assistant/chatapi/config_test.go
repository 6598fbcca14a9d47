package chatapi_test

import (
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
		tt.config.Model.Backend = &samplingtest.Script{Replies: []string{" ok"}, Loop: true}
		h, err := chatapi.New(tt.config)
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
		"an empty key":    {Model: model, Keys: []string{"a", ""}},
		"a key and space": {Model: model, Keys: []string{"a\n"}},
		"no origin":       {Model: model, Origins: []string{"example.org"}},
		"a limit below 0": {Model: model, Limits: chatapi.Limits{Choices: -1}},
	} {
		if _, err := chatapi.New(c); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
