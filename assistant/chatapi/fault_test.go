package chatapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// TestUnreachable has nobody at the backend's address: the log says so, and clients
// hear of no address.
func TestUnreachable(t *testing.T) {
	const address = "127.0.0.1:1"
	backend, err := openai.New(openai.Config{BaseURL: "http://" + address + "/v1", Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: backend}})
	resp, err := s.Client().Post(s.URL+"/v1/chat/completions", "application/json", strings.NewReader(`{`+hi+`}`))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable || strings.Contains(string(text), address) {
		t.Errorf("status %d: %s %v", resp.StatusCode, text, err)
	}
	if log := s.logged(); !strings.Contains(log, `"cause":"backend openai, dial tcp `+address) {
		t.Errorf("the log lacks the address: %s", log)
	}
}

// TestBackendErrors checks what clients are told of what goes wrong, and that no
// words of a server are among it.
func TestBackendErrors(t *testing.T) {
	fault := func(status int, temporary bool, after time.Duration) error {
		return &sampling.Error{Backend: "b", Status: status, Temporary: temporary, RetryAfter: after, Err: errors.New(secretText)}
	}
	for _, tt := range []struct {
		name   string
		err    error
		status int
		code   string
		param  string
		after  string
	}{
		{"temporary", fault(500, true, 0), 503, "unavailable", "", "1"},
		{"temporary, with a time", fault(503, true, 1500*time.Millisecond), 503, "unavailable", "", "2"},
		{"too many", fault(429, true, time.Minute), 429, "rate_limit_exceeded", "", "60"},
		{"no network", fault(0, true, 0), 503, "unavailable", "", "1"},
		{"our key is wrong", fault(401, false, 0), 502, "bad_gateway", "", ""},
		{"not found", fault(404, false, 0), 502, "bad_gateway", "", ""},
		{"the budget", fmt.Errorf("%w: numbers", sampling.ErrBudget), 400, "context_length_exceeded", "messages", ""},
		{"the server's budget", &sampling.Error{Backend: "b", Status: 400, Err: fmt.Errorf("%w: %s", sampling.ErrBudget, secretText)}, 400, "context_length_exceeded", "messages", ""},
		{"unsupported", fmt.Errorf("%w: Params.TopK", sampling.ErrUnsupported), 400, "unsupported_parameter", "top_k", ""},
		{"unsupported, by the configuration", fmt.Errorf("%w: Params.MinP", sampling.ErrUnsupported), 400, "unsupported_parameter", "", ""},
		{"unsupported, in an Error", &sampling.Error{Backend: "b", Err: fmt.Errorf("%w: Params.TopK", sampling.ErrUnsupported)}, 400, "unsupported_parameter", "top_k", ""},
		{"invalid", fmt.Errorf("%w: something", sampling.ErrInvalid), 400, "invalid_value", "", ""},
		{"truncated", sampling.ErrTruncated, 502, "bad_gateway", "", ""},
		{"anything", errors.New(secretText), 502, "bad_gateway", "", ""},
	} {
		for _, stream := range []string{"false", "true"} {
			for _, n := range []string{"1", "2"} {
				s := serveScript(t, &samplingtest.Script{Answer: samplingtest.Always(samplingtest.Reply{Err: tt.err})})
				resp, err := s.Client().Post(s.URL+"/v1/chat/completions", "application/json", strings.NewReader(with(`"top_k":5,"n":`+n+`,"stream":`+stream)))
				if err != nil {
					t.Fatal(err)
				}
				text := new(strings.Builder)
				_ = resp.Write(text)
				resp.Body.Close()
				_, body, _ := strings.Cut(text.String(), "\r\n\r\n")
				e := decode(t, body).Error
				param := ""
				if e != nil && e.Param != nil {
					param = *e.Param
				}
				if resp.StatusCode != tt.status || e == nil || *e.Code != tt.code || param != tt.param || resp.Header.Get("Retry-After") != tt.after {
					t.Errorf("%s: %s", tt.name, text)
				}
				if strings.Contains(text.String()+s.logged(), secretText) {
					t.Errorf("%s: says what the server said: %s %s", tt.name, text, s.log)
				}
			}
		}
	}
}

// TestPanics has backends that panic, before and after they have begun.
func TestPanics(t *testing.T) {
	for name, chunks := range map[string]int{"at once": 0, "later": 2} {
		backend := sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
			return func(yield func(sampling.Chunk, error) bool) {
				for range chunks {
					if !yield(sampling.Chunk{Text: " word"}, nil) {
						return
					}
				}
				panic(secretText)
			}
		})
		s := serve(t, chatapi.Config{Model: sampling.Model{Backend: backend}})
		for _, n := range []string{"1", "3"} {
			status, text := s.post(t, with(`"n":`+n))
			if status != 500 || *decode(t, text).Error.Code != "internal_error" || strings.Contains(text, secretText) {
				t.Errorf("%s: %d %s", name, status, text)
			}
			status, text = s.post(t, with(`"stream":true,"n":`+n))
			if want := map[bool]int{true: 200, false: 500}[chunks > 0]; status != want || !strings.Contains(text, `"internal_error"`) || strings.Contains(text, "[DONE]") || strings.Contains(text, secretText) {
				t.Errorf("%s: %d %s", name, status, text)
			}
		}
		if log := s.logged(); strings.Contains(log, secretText) || strings.Count(log, "panic with a string") != 4 || !strings.Contains(log, "fault_test.go") {
			t.Errorf("%s: log %s", name, log)
		}
	}
	// A counter runs outside of the backend, before a reply begins.
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: &samplingtest.Script{}, Window: 4096, Counter: panicky{}}})
	for _, n := range []string{"1", "3"} {
		if status, text := s.post(t, with(`"n":`+n)); status != 500 {
			t.Errorf("%d %s", status, text)
		}
	}
}

type panicky struct{}

// Count panics for the messages of a request, and not for the "?" of New.
func (panicky) Count(_ context.Context, text string) (int, error) {
	if strings.Contains(text, "private-words") {
		panic(secretText)
	}
	return len(text), nil
}

// TestTimeout has a backend that hangs. The limit is the default.
func TestTimeout(t *testing.T) {
	script := &samplingtest.Script{Answer: samplingtest.Always(" one two"), ChunkSize: 4, Wait: func(ctx context.Context, _, chunk int) error {
		if chunk == 0 {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}}
	synctest.Test(t, func(t *testing.T) {
		h, err := chatapi.New(t.Context(), chatapi.Config{Model: sampling.Model{Backend: script}})
		if err != nil {
			t.Fatal(err)
		}
		post := func(body string) (int, string) {
			r := httptest.NewRequest(http.MethodPost, "http://localhost/v1/chat/completions", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			w, begun := httptest.NewRecorder(), time.Now()
			h.ServeHTTP(w, r)
			if took := time.Since(begun); took != 5*time.Minute {
				t.Errorf("%s: %v", body, took)
			}
			return w.Code, w.Body.String()
		}
		if status, text := post(`{` + hi + `}`); status != 504 || *decode(t, text).Error.Code != "timeout" {
			t.Errorf("%d %s", status, text)
		}
		if status, text := post(with(`"stream":true`)); status != 200 || !strings.Contains(text, `"code":"timeout"`) || strings.Contains(text, "[DONE]") {
			t.Errorf("%d %s", status, text)
		}
	})
}

// TestWindow asks for more than a small window holds.
func TestWindow(t *testing.T) {
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: &samplingtest.Script{}, Window: 300}})
	status, text := s.post(t, `{"messages":[{"role":"user","content":"`+strings.Repeat("long ", 100)+`"}]}`)
	if status != 400 || *decode(t, text).Error.Code != "context_length_exceeded" || strings.Contains(text, "long long") {
		t.Errorf("%d %s", status, text)
	}
}
