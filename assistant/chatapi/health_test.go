package chatapi_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// TestHealth follows a backend that dies and comes back. Only failures of the backend
// count, for a while, and a reply ends them. /healthz itself asks the backend nothing,
// and needs no key and no host name.
func TestHealth(t *testing.T) {
	down := &sampling.Error{Backend: "b", Temporary: true, Err: errors.New("connection refused")}
	reply := samplingtest.Reply{Text: " Yes."}
	for _, tt := range []struct {
		name   string
		turns  []samplingtest.Reply
		wait   time.Duration // after the last request
		status int
	}{
		{"before any request", nil, 0, 200},
		{"a reply", []samplingtest.Reply{reply}, 0, 200},
		{"unreachable", []samplingtest.Reply{reply, {Err: down}}, 0, 503},
		{"unreachable, much later", []samplingtest.Reply{reply, {Err: down}}, time.Minute, 200},
		{"back again", []samplingtest.Reply{{Err: down}, reply}, 0, 200},
		{"a wrong key at the backend", []samplingtest.Reply{{Err: &sampling.Error{Status: 401, Err: errors.New("no")}}}, 0, 503},
		{"a broken stream", []samplingtest.Reply{{Err: sampling.ErrTruncated}}, 0, 503},
		{"busy", []samplingtest.Reply{{Err: &sampling.Error{Status: 429, Temporary: true, Err: errors.New("wait")}}}, 0, 200},
		{"a mistake of the client", []samplingtest.Reply{{Err: sampling.ErrBudget}}, 0, 200},
		{"unreachable, then a mistake", []samplingtest.Reply{{Err: down}, {Err: sampling.ErrBudget}}, 0, 503},
	} {
		synctest.Test(t, func(t *testing.T) {
			script := &samplingtest.Script{Answer: samplingtest.InTurn(tt.turns...)}
			h, err := chatapi.New(t.Context(), chatapi.Config{Model: sampling.Model{Backend: script}, Keys: []sampling.Secret{sampling.NewSecret("k")}})
			if err != nil {
				t.Fatal(err)
			}
			for range tt.turns {
				r := httptest.NewRequest(http.MethodPost, "http://localhost/v1/chat/completions", strings.NewReader(`{`+hi+`}`))
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Authorization", "Bearer k")
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
			time.Sleep(tt.wait)
			asked := len(script.Calls())
			for range 3 {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://10.0.0.1.example/healthz", nil))
				want := map[int]string{200: `{"status":"ok"}`, 503: `{"status":"unavailable"}`}[tt.status]
				if w.Code != tt.status || w.Body.String() != want+"\n" {
					t.Errorf("%s: %d %s", tt.name, w.Code, w.Body)
				}
			}
			if asked != len(tt.turns) || len(script.Calls()) != asked {
				t.Errorf("%s: the backend was asked %d times, then %d", tt.name, asked, len(script.Calls()))
			}
		})
	}
}

// TestHealthAfterLoop: a backend that has answered is slow and not down, also if the
// answer was a loop and the time ends before there is another.
func TestHealthAfterLoop(t *testing.T) {
	for name, want := range map[string]int{"no answer": 503, "a loop": 200} {
		synctest.Test(t, func(t *testing.T) {
			script := &samplingtest.Script{
				Answer: samplingtest.Always(strings.Repeat(" and again", 60)),
				Wait: func(ctx context.Context, call, _ int) error {
					if name == "a loop" && call == 0 {
						return nil
					}
					<-ctx.Done()
					return ctx.Err()
				},
			}
			h, err := chatapi.New(t.Context(), chatapi.Config{Model: sampling.Model{Backend: script}})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodPost, "http://localhost/v1/chat/completions", strings.NewReader(`{`+hi+`}`))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			if h.ServeHTTP(w, r); w.Code != http.StatusGatewayTimeout {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
			w = httptest.NewRecorder()
			if h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost/healthz", nil)); w.Code != want {
				t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, want)
			}
		})
	}
}
