package ollama_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foreword-go/foreword/internal/faultwire"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/ollama"
)

// Every fault of the FaultServer, streamed and whole, has its typed outcome;
// none is a silent success and none hangs.
func TestFaults(t *testing.T) {
	faultwire.TestFaults(t, faultwire.Generate, func(t *testing.T, url string, stream bool) sampling.Backend {
		return newBackend(t, ollama.Config{URL: url, Key: sampling.NewSecret(faultwire.FaultKey), Model: "m", Version: "0.17.4", NoStreaming: !stream})
	})
}

// The same faults may befall the question for the version. Whatever comes of
// it, the prompt then goes to the same server.
func TestFaultsOfVersion(t *testing.T) {
	server := faultwire.NewFaultServer(t)
	for _, fault := range faultwire.Faults() {
		outcome, ok := fault.Outcome(faultwire.Generate, true)
		if !ok || outcome.Class == faultwire.Success || outcome.Class == faultwire.Either {
			continue
		}
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			b := newBackend(t, ollama.Config{URL: server.URL(fault), Key: sampling.NewSecret(faultwire.FaultKey), Model: "m", Window: 4096})
			ctx, cancel := outcome.Context(t.Context())
			defer cancel()
			c, err := sampling.Model{Backend: b}.Complete(ctx, &sampling.Request{Prompt: "Once upon a time"})
			if _, ok := errors.AsType[*sampling.Error](err); !ok || strings.Contains(err.Error(), faultwire.FaultKey) {
				t.Errorf("got %+v, %v", c, err)
			}
		})
	}
}

func TestHints(t *testing.T) {
	const gone = "http://127.0.0.1:1" // where no server listens
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	answers := func(code int, body string) string {
		s := httptest.NewServer(status(code, body))
		t.Cleanup(s.Close)
		return s.URL
	}
	redirect := httptest.NewServer(http.RedirectHandler("https://elsewhere.test/api/generate", http.StatusPermanentRedirect))
	defer redirect.Close()
	for _, c := range []struct {
		name, url string
		status    int
		temporary bool
		words     string
	}{
		{"nobody listens", gone, 0, true, `"ollama serve"`},
		{"a certificate of nobody", secure.URL, 0, false, "certificate"},
		{"no TLS there", "https" + strings.TrimPrefix(answers(503, ""), "http"), 0, false, "begin its address with http://"},
		{"TLS there", "http" + strings.TrimPrefix(secure.URL, "https"), 400, false, "begin its address with https://"},
		{"an unknown model", answers(404, `{"error":"model 'm' not found"}`), 404, false, `"ollama pull m"`},
		{"another program", answers(404, "404 page not found"), 404, false, "Config.URL"},
		{"a path of another method", answers(405, ""), 405, false, "Config.URL"},
		{"no key", answers(401, `{"error":"unauthorized"}`), 401, false, "Config.Key"},
		{"too long a prompt", answers(400, `{"error":"the input length exceeds the context length"}`), 400, false, "Config.Window"},
		{"a proxy that gave up", answers(524, "<html><title>A timeout occurred</title></html>"), 524, true, "524"},
		{"a redirect", redirect.URL, 308, false, "redirects to https://elsewhere.test/api/generate, which is not followed"},
	} {
		b := newBackend(t, ollama.Config{URL: c.url, Model: "m", Version: "0.17.4"})
		_, err := sampling.Model{Backend: b}.Complete(t.Context(), short("a"))
		e, ok := errors.AsType[*sampling.Error](err)
		if !ok || e.Backend != "ollama" || e.Status != c.status || e.Temporary != c.temporary || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: got %+v, want status %d, temporary %v, %q", c.name, err, c.status, c.temporary, c.words)
		}
	}
}

// A cancellation is the caller's own error, with the cause that it gave.
func TestCancelCause(t *testing.T) {
	arrived := make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // or else the server does not notice that the client left
		close(arrived)
		<-r.Context().Done()
	}))
	defer server.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	because := errors.New("the user closed the window")
	go func() { <-arrived; cancel(because) }()
	b := newBackend(t, ollama.Config{URL: server.URL, Model: "m", Version: "0.17.4"})
	_, err := sampling.Model{Backend: b}.Complete(ctx, short("a"))
	if e, ok := errors.AsType[*sampling.Error](err); !ok || e.Temporary || !errors.Is(err, because) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestKey(t *testing.T) {
	const key = "sk-very-secret-key"
	var got, tenant string
	inner := &fake{version: "0.17.4"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, tenant = r.Header.Get("Authorization"), r.Header.Get("X-Tenant")
		inner.ServeHTTP(w, r)
	}))
	defer server.Close()
	config := ollama.Config{URL: server.URL + "/", Model: "tiny", Key: sampling.NewSecret(key), HTTPClient: server.Client(), Header: http.Header{"X-Tenant": {"a"}}}
	b := newBackend(t, config)
	if c := complete(t, b, short("a")); c.Model != "tiny" {
		t.Errorf("the model is %q", c.Model)
	}
	if got != "Bearer "+key || tenant != "a" {
		t.Errorf("the headers are %q and %q", got, tenant)
	}
	config.Key = sampling.Secret{}
	complete(t, newBackend(t, config), short("a"))
	if got != "" {
		t.Errorf("without a key the header is %q", got)
	}
	config.Key = sampling.NewSecret(key)
	type owner struct {
		Config  ollama.Config
		Backend *ollama.Backend
		backend ollama.Backend
	}
	for _, shown := range []any{config, &config, b, *b, owner{Config: config, Backend: b, backend: *b}, sampling.Model{Backend: b}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if text := fmt.Sprintf(verb, shown); strings.Contains(text, key) || strings.Contains(text, fmt.Sprintf("%x", key)) {
				t.Errorf("%s of %T shows the key: %s", verb, shown, text)
			}
		}
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		config ollama.Config
		words  string // "" is valid
	}{
		{ollama.Config{Model: "m"}, ""},
		{ollama.Config{Model: "m", URL: "https://proxy.test/ollama/"}, ""},
		{ollama.Config{}, "Config.Model"},
		{ollama.Config{Model: "m", URL: "localhost:11434"}, "http://"},
		{ollama.Config{Model: "m", URL: "127.0.0.1:11434"}, "http://"},
		{ollama.Config{Model: "m", URL: "http://"}, "http://"},
		{ollama.Config{Model: "m", URL: "http://localhost:11434/v1"}, "Config.URL"},
		{ollama.Config{Model: "m", URL: "http://localhost:11434/api/"}, "Config.URL"},
		{ollama.Config{Model: "m", URL: "http://me:hunter2@localhost:11434"}, "Config.Key"},
		{ollama.Config{Model: "m", URL: "http://hunter2@localhost:11434"}, "Config.Key"},
		{ollama.Config{Model: "m", URL: "me:hunter2@localhost"}, "http://"},
		{ollama.Config{Model: "m", URL: "http://localhost:11434?a=hunter2"}, "Config.URL"},
		{ollama.Config{Model: "m", Window: 3}, "Config.Window"},
		{ollama.Config{Model: "m", Window: -1}, "Config.Window"},
		{ollama.Config{Model: "m", Version: "latest"}, "Config.Version"},
		{ollama.Config{Model: "m", Key: sampling.NewSecret("hunter2\n")}, "Config.Key"},
	} {
		_, err := ollama.New(c.config)
		switch {
		case c.words == "" && err != nil:
			t.Errorf("%v: %v", c.config, err)
		case c.words != "" && (!errors.Is(err, sampling.ErrInvalid) || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "hunter2")):
			t.Errorf("%v: got %v, want %q", c.config, err, c.words)
		}
	}
}

// A version that is too old is refused wherever it comes from.
func TestOldVersions(t *testing.T) {
	for version, old := range map[string]bool{"0.12.0": true, "v0.12.5": true, "0.1": true, "0.12.6": false, "1.0": false, "0.0.0": false} {
		_, err := ollama.New(ollama.Config{Model: "m", Version: version})
		if old != errors.Is(err, sampling.ErrUnsupported) || !old && err != nil {
			t.Errorf("%s: got %v", version, err)
		}
	}
}

// A deadline before the first byte names what may be the cause.
func TestDeaf(t *testing.T) {
	deaf := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	overPipe(t, deaf, func(t *testing.T, b *ollama.Backend, _ *atomic.Int32) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := sampling.Model{Backend: b}.Complete(ctx, short("a"))
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "keep_alive") {
			t.Errorf("got %v", err)
		}
	})
}
