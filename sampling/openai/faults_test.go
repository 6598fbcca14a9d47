package openai_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/internal/faultwire"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// Every fault of the FaultServer, streamed and whole, has its typed outcome;
// none is a silent success and none hangs.
func TestFaults(t *testing.T) {
	faultwire.TestFaults(t, faultwire.Completions, func(t *testing.T, url string, stream bool) sampling.Backend {
		b, err := openai.New(openai.Config{BaseURL: url + "/v1", Key: sampling.NewSecret(faultwire.FaultKey), Model: "m", NoStreaming: !stream})
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}

// What a server answers in the error's stead, by status.
func TestStatuses(t *testing.T) {
	for _, test := range []struct {
		status    int
		header    string
		body      string
		temporary bool
		after     time.Duration
		is        error
		words     string
	}{
		{400, "", `{"error":{"message":"bad","type":"invalid_request_error"}}`, false, 0, nil, "status 400: bad"},
		{400, "", `{"error":{"message":"too long","code":"context_length_exceeded"}}`, false, 0, sampling.ErrBudget, "too long"},
		{401, "", `{"error":"wrong key"}`, false, 0, nil, "wrong key"},
		{403, "", `{"message":"no"}`, false, 0, nil, "no"},
		{404, "", `{"error":{"message":"model 'm' not found"}}`, false, 0, nil, "model 'm' not found"},
		{404, "", `404 page not found`, false, 0, nil, "Config.BaseURL"},
		{404, "", `{"detail":"Not Found"}`, false, 0, nil, "Config.BaseURL"},
		{405, "", ``, false, 0, nil, "Config.BaseURL"},
		{408, "", ``, true, 0, nil, "status 408"},
		{413, "", `too large`, false, 0, nil, "too large"},
		{422, "", `{"detail":[{"loc":["body","n"],"msg":"not a number"}]}`, false, 0, nil, "not a number"},
		{425, "", ``, true, 0, nil, "status 425"},
		{429, "Retry-After: 7", `{"error":"slow down"}`, true, 7 * time.Second, nil, "slow down"},
		{429, "Retry-After: 0.5", `{"error":"slow down"}`, true, 500 * time.Millisecond, nil, "slow down"},
		{429, "Retry-After-Ms: 250\nRetry-After: 1", `{"error":"slow down"}`, true, 250 * time.Millisecond, nil, "slow down"},
		{429, "Date: Mon, 23 Nov 2026 15:00:00 GMT\nRetry-After: Mon, 23 Nov 2026 15:00:30 GMT", ``, true, 30 * time.Second, nil, "status 429"},
		{429, "", `{"error":{"message":"pay","code":"insufficient_quota"}}`, false, 0, nil, "pay"},
		{500, "", `{"error":{"message":"oops"}}`, true, 0, nil, "oops"},
		{500, "", `{"error":{"message":"too long","type":"exceed_context_size_error"}}`, false, 0, sampling.ErrBudget, "too long"},
		{501, "", ``, false, 0, nil, "status 501"},
		{502, "", `<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>`, true, 0, nil, "an HTML page: 502 Bad Gateway"},
		{503, "Retry-After: soon", `{"error":{"message":"Loading model","type":"unavailable_error","code":503}}`, true, 0, nil, "Loading model"},
		{200, "Content-Type: text/html", `<html><title>Sign in to the hotel's network</title></html>`, false, 0, nil, "Sign in to the hotel's network"},
		{200, "X-Long: event", `data: {"id":"` + strings.Repeat("of many letters ", 200) + `","choices":[{"text":5}]}`, false, 0, nil, "Config.NoStreaming"},
		{200, "Content-Encoding: br", `x`, false, 0, nil, `the encoding "br"`},
		{200, "Content-Encoding: gzip", `not zipped`, true, 0, sampling.ErrTruncated, "gzip: invalid header"},
		{204, "", ``, false, 0, nil, "status 204"},
		{301, "Location: https://elsewhere.test/v1/completions", ``, false, 0, nil, "https://elsewhere.test/v1/completions"},
		{307, "Location: /v2/completions", ``, false, 0, nil, "not followed"},
		{401, "", `{"error": {"message": "invalid key"}}`, false, 0, nil, "Config.Key"},
	} {
		t.Run(fmt.Sprint(test.status, " ", test.header), func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				for line := range strings.Lines(test.header) {
					name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
					w.Header().Set(name, value)
				}
				w.WriteHeader(test.status)
				w.Write([]byte(test.body))
			}))
			defer s.Close()
			b, err := openai.New(openai.Config{BaseURL: s.URL, Key: sampling.NewSecret("sk-1"), Model: "m"})
			if err != nil {
				t.Fatal(err)
			}
			_, err = sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: "x"})
			e, ok := errors.AsType[*sampling.Error](err)
			if !ok || e.Backend != "openai" || e.Status != test.status || e.Temporary != test.temporary || e.RetryAfter != test.after {
				t.Fatalf("the error is %+v", err)
			}
			if !strings.Contains(err.Error(), test.words) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("the error is %q, want %q in it", err, test.words)
			}
			if test.status == 404 && strings.Contains(test.words, "model") && strings.Contains(err.Error(), "BaseURL") {
				t.Errorf("the error is %q, and the address was right", err)
			}
		})
	}
}

func TestNoResponse(t *testing.T) {
	const gone = "http://127.0.0.1:1" // where no server listens
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	dns := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "model.test", IsNotFound: true}
	}}}
	for _, test := range []struct {
		name      string
		config    openai.Config
		temporary bool
		words     string
	}{
		{"nobody listens", openai.Config{BaseURL: gone}, true, "running at " + gone},
		{"a certificate of nobody", openai.Config{BaseURL: secure.URL}, false, "certificate"},
		{"no TLS there", openai.Config{BaseURL: "https" + strings.TrimPrefix(plain.URL, "http")}, false, "begin its address with http://"},
		{"no such host", openai.Config{BaseURL: "http://model.test/v1", HTTPClient: dns}, false, "no such host"},
	} {
		test.config.Model, test.config.Key = "m", sampling.NewSecret("sk-secret")
		b, err := openai.New(test.config)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: "x"})
		e, ok := errors.AsType[*sampling.Error](err)
		if !ok || e.Status != 0 || e.Temporary != test.temporary || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: %+v", test.name, err)
		}
		if _, err := b.Embed(t.Context(), []string{"x"}); err == nil || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: Embed: %v", test.name, err)
		}
	}
}

// A cancellation is the caller's own error, with the cause that it gave, and a
// time limit of the HTTP client is not the caller's.
func TestCancelled(t *testing.T) {
	because := errors.New("the user left")
	ctx, cancel := context.WithCancelCause(t.Context())
	s := replay(t, nil)
	b, err := openai.New(openai.Config{BaseURL: s.URL, Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	go func() { <-s.asked; cancel(because) }()
	_, err = sampling.Model{Backend: b}.Complete(ctx, &sampling.Request{Prompt: "x"})
	if e, ok := errors.AsType[*sampling.Error](err); !ok || e.Temporary || !errors.Is(err, context.Canceled) || !errors.Is(err, because) {
		t.Errorf("the error is %+v", err)
	}

	b, err = openai.New(openai.Config{BaseURL: s.URL, Model: "m", HTTPClient: &http.Client{Timeout: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: "x"})
	if e, ok := errors.AsType[*sampling.Error](err); !ok || !e.Temporary {
		t.Errorf("the error is %+v", err)
	}
}

// Wherever a server repeats the key, no error shows it, nor anything else that
// is printed.
func TestKeyIsNeverShown(t *testing.T) {
	const key = `sk-"<hunter2>&\key`
	echo := map[string]func(w http.ResponseWriter, auth string){
		"JSON error": func(w http.ResponseWriter, auth string) {
			w.WriteHeader(401)
			fmt.Fprintf(w, `{"error":{"message":%s}}`, rawString("wrong key: "+auth))
		},
		"text error": func(w http.ResponseWriter, auth string) { http.Error(w, auth, 400) },
		"HTML error": func(w http.ResponseWriter, auth string) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(502)
			fmt.Fprintf(w, "<html><title>%s</title></html>", auth)
		},
		"at the cut": func(w http.ResponseWriter, auth string) { http.Error(w, strings.Repeat("x", 490)+" "+auth, 400) },
		"redirect": func(w http.ResponseWriter, auth string) {
			w.Header().Set("Location", "http://elsewhere.test/"+strings.TrimPrefix(auth, "Bearer "))
			w.WriteHeader(302)
		},
		"in a stream": func(w http.ResponseWriter, auth string) {
			fmt.Fprintf(w, "data: {\"error\":%s}\n\n", rawString(auth))
		},
		"broken event": func(w http.ResponseWriter, auth string) { fmt.Fprintf(w, "data: {oops %s\n\ndata: x\n\n", auth) },
		"cut event":    func(w http.ResponseWriter, auth string) { fmt.Fprintf(w, "data: {\"a\":\"%s", auth) },
		"no event":     func(w http.ResponseWriter, auth string) { fmt.Fprint(w, auth) },
		"no choices":   func(w http.ResponseWriter, auth string) { fmt.Fprintf(w, `{"seen":%s}`, rawString(auth)) },
		"wrong reason": func(w http.ResponseWriter, auth string) {
			fmt.Fprintf(w, `{"choices":[{"text":"","finish_reason":%s}]}`, rawString(auth))
		},
		"wrong text": func(w http.ResponseWriter, auth string) {
			fmt.Fprintf(w, `{"choices":[{"text":[%s]}]}`, rawString(auth))
		},
		"encoding": func(w http.ResponseWriter, auth string) { w.Header().Set("Content-Encoding", auth) },
		"answered": func(w http.ResponseWriter, auth string) {
			fmt.Fprint(w, `{"choices":[{"text":"fine","finish_reason":"stop"}]}`)
		},
	}
	for name, answer := range echo {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				auth := r.Header.Get("Authorization")
				if auth != "Bearer "+key {
					t.Errorf("the server was sent the authorization %q", auth)
				}
				answer(w, auth)
			}))
			defer s.Close()
			for _, d := range []openai.Dialect{openai.OpenAI, openai.LlamaCpp} {
				config := openai.Config{BaseURL: s.URL, Key: sampling.NewSecret(key), Model: "m", Dialect: d}
				b, err := openai.New(config)
				if err != nil {
					t.Fatal(err)
				}
				_, err = sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: "x"})
				_, scoreErr := b.Score(t.Context(), &sampling.Request{Prompt: "a"}, []string{"b"})
				_, drawErr := b.Draw(t.Context(), &sampling.Request{Prompt: "x", Params: sampling.Params{Temperature: 1}}, 2)
				_, countErr := b.Count(t.Context(), "a")
				_, describeErr := b.Describe(t.Context())
				for _, shown := range []any{err, scoreErr, drawErr, countErr, describeErr, b, *b, config, &config, sampling.Model{Backend: b}, []any{b, config}, struct{ b *openai.Backend }{b}, struct{ b openai.Backend }{*b}} {
					hidden(t, key, shown)
				}
			}
		})
	}
}

func hidden(t *testing.T, key string, shown any) {
	t.Helper()
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("seen", "value", shown)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("seen", "value", shown)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%T"} {
		fmt.Fprintf(&log, verb+"\n", shown)
	}
	encoded, _ := json.Marshal(shown)
	log.Write(encoded)
	for err, ok := shown.(error); ok && err != nil; err = errors.Unwrap(err) {
		fmt.Fprintf(&log, "%v %+v %#v\n", err, err, err)
	}
	for _, form := range []string{key, "hunter2", fmt.Sprintf("%x", key)} {
		if strings.Contains(log.String(), form) {
			t.Errorf("%T shows the key:\n%s", shown, log.String())
		}
	}
}

func TestNew(t *testing.T) {
	for _, test := range []struct {
		name   string
		config openai.Config
		words  string // "" where it is right
	}{
		{"hosted", openai.Config{Key: sampling.NewSecret("sk-1"), Model: "davinci-002"}, ""},
		{"local", openai.Config{BaseURL: "http://localhost:8080/v1", Model: "m", Dialect: openai.LlamaCpp}, ""},
		{"no model", openai.Config{Key: sampling.NewSecret("sk-1")}, "Config.Model"},
		{"no key for OpenAI", openai.Config{Model: "m"}, "Config.Key"},
		{"a line break in the key", openai.Config{Key: sampling.NewSecret("sk-secret\n"), Model: "m"}, "Config.Key"},
		{"no scheme", openai.Config{BaseURL: "localhost:8080/v1", Model: "m"}, "http://"},
		{"no host", openai.Config{BaseURL: "http:///v1", Model: "m"}, "http://"},
		{"no address", openai.Config{BaseURL: "http://[::1", Model: "m"}, "Config.BaseURL"},
		{"another scheme", openai.Config{BaseURL: "ftp://host/v1", Model: "m"}, "http://"},
		{"a user", openai.Config{BaseURL: "http://me:sk-secret@host/v1", Model: "m"}, "Config.Key"},
		{"a key for a user", openai.Config{BaseURL: "http://sk-secret@host/v1", Model: "m"}, "Config.Key"},
		{"a user and no scheme", openai.Config{BaseURL: "me:sk-secret@host/v1", Model: "m"}, "http://"},
		{"a key in a fragment", openai.Config{BaseURL: "http://host/v1#sk-secret", Model: "m"}, "Config.BaseURL"},
		{"no address for a key", openai.Config{BaseURL: "http://me:sk-secret@ho st/v1", Model: "m"}, "Config.BaseURL"},
		{"a query", openai.Config{BaseURL: "http://host/v1?key=sk-secret", Model: "m"}, "Config.BaseURL"},
		{"the whole address", openai.Config{BaseURL: "http://host/v1/completions", Model: "m"}, "http://host/v1"},
		{"the chat's address", openai.Config{BaseURL: "http://host/v1/chat/completions/", Model: "m"}, "http://host/v1"},
		{"a dialect without a limit", openai.Config{BaseURL: "http://host", Model: "m", Dialect: openai.Dialect{Name: "x"}}, "MaxTokens"},
		{"a dialect with half a field", openai.Config{BaseURL: "http://host", Model: "m", Dialect: openai.OpenAI.With("TopK", "k", "off")}, "TopK"},
		{"a dialect with an unknown parameter", openai.Config{BaseURL: "http://host", Model: "m", Dialect: openai.OpenAI.With("top_k", "top_k", "")}, `"top_k"`},
	} {
		b, err := openai.New(test.config)
		switch {
		case test.words == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.words != "" && (b != nil || !errors.Is(err, sampling.ErrInvalid) || !strings.Contains(err.Error(), test.words) || strings.Contains(err.Error(), "secret")):
			t.Errorf("%s: %v, want %q", test.name, err, test.words)
		}
	}
}
