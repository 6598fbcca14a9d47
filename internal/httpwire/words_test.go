package httpwire

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       Words
	}{
		{"empty", "", Words{}},
		{"Ollama", `{"error":"model 'x' not found"}`, Words{Text: "model 'x' not found"}},
		{"OpenAI", `{"error":{"message":"m","type":"t","param":null,"code":"c"}}`, Words{Text: "m", Type: "t", Code: "c"}},
		{"llama.cpp", `{"error":{"code":400,"message":"m","type":"exceed_context_size_error","n_prompt_tokens":9}}`, Words{Text: "m", Type: "exceed_context_size_error", Status: 400}},
		{"older vLLM", `{"object":"error","message":"m","type":"BadRequestError","param":null,"code":400}`, Words{Text: "m", Type: "BadRequestError", Status: 400}},
		{"a status as text", `{"error":{"message":"m","code":"503"}}`, Words{Text: "m", Status: 503}},
		{"a number of their own", `{"error":{"message":"m","code":7}}`, Words{Text: "m"}},
		{"FastAPI", `{"detail":"Not Found"}`, Words{Text: "Not Found"}},
		{"FastAPI's list", `{"detail":[{"loc":["body"],"msg":"field required"},{"msg":"too long"}]}`, Words{Text: "field required; too long"}},
		{"words in a list", `{"error":{"message":["bad","prompt"],"type":null,"code":"bad_prompt"}}`, Words{Text: "bad; prompt", Code: "bad_prompt"}},
		{"a list of both", `{"detail":["bad",{"loc":["body","n"],"msg":"too big"},7]}`, Words{Text: "bad; n: too big"}},
		{"a gateway", `{"message":"no route"}`, Words{Text: "no route"}},
		{"words handed on", `{"error":"{\"error\":{\"code\":400,\"message\":\"too long\",\"type\":\"exceed_context_size_error\"}}"}`, Words{Text: "too long", Type: "exceed_context_size_error", Status: 400}},
		{"nothing known", `{"oops":1}`, Words{Text: `{"oops":1}`}},
		{"null", `{"error":null}`, Words{Text: `{"error":null}`}},
		{"text", "upstream\n\tgone\x00", Words{Text: "upstream gone"}},
		{"broken JSON", `{"error":"cut`, Words{Text: `{"error":"cut`}},
		{"a page", "<!DOCTYPE html><HTML><TITLE>Günther says no</TITLE>", Words{Text: "an HTML page: Günther says no"}},
		{"a page with no title", "<html><body><h1>Go away</h1></body></html>", Words{Text: "an HTML page: Go away"}},
		{"not UTF-8", "caf\xe9", Words{Text: "caf\uFFFD"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Read([]byte(c.body)); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestNoModel(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   bool
	}{
		{404, `{"error":"model 'x' not found"}`, true},                                                       // Ollama
		{404, `{"error":{"message":"The model does not exist.","type":"NotFoundError","code":404}}`, true},   // vLLM
		{400, `{"error":{"message":"model 'x' not found","type":"invalid_request_error","code":400}}`, true}, // llama.cpp's router
		{403, `{"error":{"message":"Project has no access to x","code":"model_not_found"}}`, true},           // OpenAI
		{404, `<html><title>404: the model gateway has no such page</title></html>`, false},                  // a proxy
		{404, `{"message":"Cannot GET /v1/models"}`, false},                                                  // another address
		{404, `{"error":"Unexpected endpoint. (GET /props?model=x)"}`, false},                                // the same
		{404, `{"error":"Model 'x' not found or its engine is sleeping."}`, true},                            // a router of vLLM
		{404, `{"error":"model_not_found"}`, true},                                                           // a gateway
		{404, `404 page not found`, false},                                                                   // another path
		{400, `{"error":"the prompt exceeds the model's context length"}`, false},                            // another refusal
		{503, `{"error":{"message":"Loading model","type":"unavailable_error","code":503}}`, false},          // llama.cpp
	} {
		resp := &http.Response{StatusCode: c.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(c.body))}
		if err := (Source{}).Refusal(resp); errors.Is(err, ErrNoModel) != c.want {
			t.Errorf("%d %s: %v", c.status, c.body, err)
		}
	}
}

func TestReadIsBounded(t *testing.T) {
	for _, body := range []string{
		strings.Repeat("ä", 5000),
		`{"error":"` + strings.Repeat("ä", 5000) + `"}`,
		strings.Repeat(`{"error":`, 3000) + `"deep"` + strings.Repeat(`}`, 3000),
		"<html>" + strings.Repeat("<p>ä", 5000),
	} {
		got := Read([]byte(body)).Text
		if got == "" || len(got) > textLimit+8 || !utf8.ValidString(got) {
			t.Errorf("%d bytes became %d, %.60q", len(body), len(got), got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	t.Run("a date beside the server's own", func(t *testing.T) {
		h := http.Header{"Retry-After": {"Fri, 02 Jan 2026 00:00:09 GMT"}, "Date": {"Fri, 02 Jan 2026 00:00:00 GMT"}}
		if got := RetryAfter(h, now); got != 9*time.Second {
			t.Errorf("got %v, want 9s", got)
		}
	})
	for _, c := range []struct {
		name, key, value string
		want             time.Duration
	}{
		{"absent", "Retry-After", "", 0},
		{"seconds", "Retry-After", " 20 ", 20 * time.Second},
		{"a fraction", "Retry-After", "0.5", 500 * time.Millisecond},
		{"a date", "Retry-After", "Fri, 02 Jan 2026 03:04:35 GMT", 30 * time.Second},
		{"a date that has passed", "Retry-After", "Fri, 02 Jan 2026 03:04:00 GMT", 0},
		{"milliseconds", "Retry-After-Ms", "1500", 1500 * time.Millisecond},
		{"negative", "Retry-After", "-3", 0},
		{"not a number", "Retry-After", "NaN", 0},
		{"for ever", "Retry-After", "1e300", 1<<63 - 1},
		{"nonsense", "Retry-After", "soon", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := http.Header{}
			h.Set(c.key, c.value)
			if got := RetryAfter(h, now); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"error":{"message":"m","type":"t","code":400}}`))
	f.Add([]byte("<html><title>x</title>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		w := Read(body)
		if !utf8.ValidString(w.Text) || strings.ContainsAny(w.Text, "\n\r\x00") || len(w.Text) > textLimit+8 {
			t.Errorf("%q became %q", body, w.Text)
		}
		if w.Status != 0 && (w.Status < 400 || w.Status > 599) {
			t.Errorf("%q has status %d", body, w.Status)
		}
	})
}
