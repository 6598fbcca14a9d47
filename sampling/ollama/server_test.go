package ollama_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/ollama"
)

func short(prompt string) *sampling.Request {
	return &sampling.Request{Prompt: prompt, Params: sampling.Params{MaxTokens: 4}}
}

// The version is asked for once, whoever comes first.
func TestVersionIsAskedOnce(t *testing.T) {
	server := &fake{version: "0.17.4"}
	b := newBackend(t, ollama.Config{URL: server.start(t), Model: "tiny"})
	if n := server.asked("/api/version"); n != 0 {
		t.Errorf("New asked %d times", n)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := (sampling.Model{Backend: b}).Complete(t.Context(), short("a dog")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := server.asked("/api/version"); n != 1 {
		t.Errorf("the version was asked for %d times", n)
	}
	if n := server.asked("/api/show"); n != 0 {
		t.Errorf("the model was asked for %d times, and nothing needed it", n)
	}
	given := newBackend(t, ollama.Config{URL: server.start(t), Model: "tiny", Version: "v0.17.4-rc1"})
	complete(t, given, short("a dog"))
	if n := server.asked("/api/version"); n != 1 {
		t.Errorf("the version was asked for although it was given")
	}
}

// front is a server before another one, which answers some paths by itself.
type front struct {
	http.Handler
	paths map[string]http.HandlerFunc
}

func (f front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h, ok := f.paths[r.URL.Path]; ok {
		h(w, r)
		return
	}
	f.Handler.ServeHTTP(w, r)
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(code)
		w.Write([]byte(body))
	}
}

func TestVersionUnknown(t *testing.T) {
	for _, c := range []struct {
		name    string
		version http.HandlerFunc
		window  int
		is      error // nil is success
		words   string
	}{
		{"no such path", http.NotFound, 128, sampling.ErrUnsupported, "does not look like Ollama"},
		{"not allowed by a proxy", status(405, "no"), 128, sampling.ErrUnsupported, "Config.Version"},
		{"another program", status(200, "<html>hello</html>"), 128, sampling.ErrUnsupported, "does not look like Ollama"},
		{"one that cuts prompts", status(200, `{"version":"0.12.5"}`), 128, sampling.ErrUnsupported, "0.12.6"},
		{"built from source", status(200, `{"version":"0.0.0"}`), 128, nil, ""},
		{"words for a version", status(200, `{"version":"main"}`), 128, nil, ""},
		{"unknown, and no window", status(200, `{"version":"0.0.0"}`), 0, nil, ""},
		{"a wrong key", status(401, `{"error":"unauthorized"}`), 128, errAny, "status 401: unauthorized; Config.Key is empty"},
		{"busy", status(503, `{"error":"server busy"}`), 128, errAny, "status 503: server busy"},
		{"cut off", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.Write([]byte(`{"ver`))
		}, 128, sampling.ErrTruncated, "unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inner := &fake{}
			server := httptest.NewServer(front{inner, map[string]http.HandlerFunc{"/api/version": c.version}})
			defer server.Close()
			b := newBackend(t, ollama.Config{URL: server.URL, Model: "tiny", Window: c.window})
			_, err := sampling.Model{Backend: b}.Complete(t.Context(), short("a dog"))
			switch {
			case c.is == nil && err != nil:
				t.Error(err)
			case c.is != nil && (err == nil || c.is != errAny && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.words)):
				t.Errorf("got %v, want %v with %q", err, c.is, c.words)
			}
			if c.is != nil && inner.asked("/api/generate") != 0 {
				t.Error("the prompt was sent all the same")
			}
		})
	}
}

var errAny = errors.New("any error")

// llama.cpp's server is told from others by its own description.
func TestNotOllama(t *testing.T) {
	server := httptest.NewServer(front{http.NotFoundHandler(), map[string]http.HandlerFunc{"/props": status(200, `{"build_info":"b11549"}`)}})
	defer server.Close()
	_, err := (sampling.Model{Backend: newBackend(t, ollama.Config{URL: server.URL, Model: "tiny"})}).Complete(t.Context(), short("a"))
	if !errors.Is(err, sampling.ErrUnsupported) || !strings.Contains(err.Error(), "package openai") {
		t.Errorf("got %v", err)
	}
}

// A fault while asking is not kept for an answer.
func TestVersionIsAskedAgainAfterAFault(t *testing.T) {
	faults := 1
	inner := &fake{version: "0.17.4"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/version" && faults > 0 {
			faults--
			refuse(w, 503, "starting")
			return
		}
		inner.ServeHTTP(w, r)
	}))
	defer server.Close()
	b := newBackend(t, ollama.Config{URL: server.URL, Model: "tiny"})
	_, err := sampling.Model{Backend: b}.Complete(t.Context(), short("a dog"))
	if e, ok := errors.AsType[*sampling.Error](err); !ok || !e.Temporary {
		t.Fatalf("got %v, want a temporary error", err)
	}
	complete(t, b, short("a dog"))
}

// Whoever waits for another's question about the version still heeds its own
// context.
func TestVersionHeedsContext(t *testing.T) {
	asked, answer := make(chan bool), make(chan bool)
	inner := &fake{version: "0.17.4"}
	server := httptest.NewServer(front{inner, map[string]http.HandlerFunc{"/api/version": func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-answer
		inner.ServeHTTP(w, r)
	}}})
	defer server.Close()
	b := newBackend(t, ollama.Config{URL: server.URL, Model: "tiny"})
	first := make(chan error)
	go func() {
		_, err := sampling.Model{Backend: b}.Complete(t.Context(), short("a dog"))
		first <- err
	}()
	<-asked
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	if _, err := (sampling.Model{Backend: b}).Complete(ctx, short("a dog")); !errors.Is(err, context.Canceled) {
		t.Errorf("the second got %v", err)
	}
	close(answer)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// A prompt that is longer than the server's window is ErrBudget.
func TestTooLong(t *testing.T) {
	long := strings.Repeat(" a dog and the cat ran.", 30) // 210 tokens
	server := &fake{version: "0.17.4", trained: 150}
	m := sampling.Model{Backend: newBackend(t, ollama.Config{URL: server.start(t), Model: "tiny"})}
	_, err := m.Complete(t.Context(), short(long))
	if e, ok := errors.AsType[*sampling.Error](err); !ok || e.Status != 400 || e.Temporary || !errors.Is(err, sampling.ErrBudget) {
		t.Errorf("got %v", err)
	}
}

// A model that is fetched later is asked for again, and so is one that a proxy hid.
func TestUnknownModelIsNotKept(t *testing.T) {
	for words, hidden := range map[string]bool{"model 'tiny' not found": false, "404 page not found": true} {
		there := false
		inner := &fake{version: "0.17.4", architecture: "gemma3"}
		server := httptest.NewServer(front{inner, map[string]http.HandlerFunc{"/api/show": func(w http.ResponseWriter, r *http.Request) {
			if !there {
				refuse(w, 404, words)
				return
			}
			inner.ServeHTTP(w, r)
		}}})
		defer server.Close()
		b := newBackend(t, ollama.Config{URL: server.URL, Model: "tiny"})
		req := &sampling.Request{Prompt: "a", Params: sampling.Params{MaxTokens: 1, FrequencyPenalty: 1}}
		_, err := sampling.Model{Backend: b}.Complete(t.Context(), req)
		if hidden && err != nil || !hidden && !strings.Contains(fmt.Sprint(err), "ollama pull tiny") {
			t.Errorf("%s: got %v", words, err)
		}
		there = true
		if _, err := (sampling.Model{Backend: b}).Complete(t.Context(), req); !errors.Is(err, sampling.ErrUnsupported) {
			t.Errorf("%s: then got %v", words, err)
		}
	}
}

// The description is the server's, and tells weights of one name apart.
func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		config ollama.Config
		server *fake
		want   sampling.Info
	}{
		{ollama.Config{}, &fake{version: "0.17.4"}, sampling.Info{Model: "tiny:latest@0123456789ab", Server: "Ollama 0.17.4"}},
		{ollama.Config{Window: 100}, &fake{version: "0.17.4", parameters: "stop \"a\"\nnum_ctx   64\n"}, sampling.Info{Model: "tiny:latest@0123456789ab", Server: "Ollama 0.17.4", Window: 100}},
		{ollama.Config{Window: 900}, &fake{version: "0.0.0", parameters: "num_ctx 64"}, sampling.Info{Model: "tiny:latest@0123456789ab", Server: "Ollama", Window: 512}},
		{ollama.Config{}, &fake{version: "0.30.1", parameters: "num_ctx 64", trained: 32}, sampling.Info{Model: "tiny:latest@0123456789ab", Server: "Ollama 0.30.1", Window: 32}},
	} {
		c.config.URL, c.config.Model = c.server.start(t), "tiny"
		got, err := newBackend(t, c.config).Describe(t.Context())
		if err != nil || got != c.want {
			t.Errorf("got %+v, %v; want %+v", got, err, c.want)
		}
	}
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	if info, err := newBackend(t, ollama.Config{URL: other.URL + "/model", Model: "tiny"}).Describe(t.Context()); !errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("another server: %+v, %v", info, err)
	}
	silent := httptest.NewServer(front{&fake{}, map[string]http.HandlerFunc{"/api/version": func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, 404, "name a model")
	}}})
	defer silent.Close()
	if info, err := newBackend(t, ollama.Config{URL: silent.URL, Model: "tiny"}).Describe(t.Context()); !errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("a server without /api/version: %+v, %v", info, err)
	}
	// A model that is not there is an error. A proxy that hides /api/show is not.
	for words, there := range map[string]bool{"model 'tiny' not found": false, "404 page not found": true} {
		server := httptest.NewServer(front{&fake{version: "0.17.4"}, map[string]http.HandlerFunc{
			"/api/show": func(w http.ResponseWriter, _ *http.Request) { refuse(w, 404, words) }}})
		defer server.Close()
		_, err := sampling.Discover(t.Context(), newBackend(t, ollama.Config{URL: server.URL, Model: "tiny"}))
		if there != (err == nil) || !there && !strings.Contains(err.Error(), "ollama pull tiny") {
			t.Errorf("%s: %v", words, err)
		}
	}
}

// The list of special tokens is asked for once, and only where it matters.
func TestSpecialTokens(t *testing.T) {
	server := &fake{version: "0.17.4"}
	b := newBackend(t, ollama.Config{URL: server.start(t), Model: "tiny"})
	complete(t, b, short("a < dog > b [1, 2]"))
	if n := server.asked("/api/show"); n != 0 {
		t.Errorf("the list was asked for %d times, and nothing needed it", n)
	}
	for prompt, refused := range map[string]bool{"a <s> b": true, "</s>": true, "<b>a dog</b>": false, "[INST] x": false} {
		_, err := sampling.Model{Backend: b}.Complete(t.Context(), short(prompt))
		if errors.Is(err, sampling.ErrInvalid) != refused || !refused && err != nil {
			t.Errorf("%q: %v", prompt, err)
		}
	}
	if n := server.asked("/api/show"); n != 1 {
		t.Errorf("the list was asked for %d times", n)
	}
	wanted := newBackend(t, ollama.Config{URL: server.start(t), Model: "tiny", SpecialTokens: true})
	complete(t, wanted, short("a <s> b"))
	silent := httptest.NewServer(front{&fake{version: "0.17.4"}, map[string]http.HandlerFunc{"/api/show": http.NotFound}})
	defer silent.Close()
	_, err := (sampling.Model{Backend: newBackend(t, ollama.Config{URL: silent.URL, Model: "tiny"})}).Complete(t.Context(), short("<b>a</b>"))
	if !errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("a server that tells no list: %v", err)
	}
	none := httptest.NewServer(front{&fake{version: "0.17.4"}, map[string]http.HandlerFunc{"/api/show": status(200,
		`{"model_info":{"tokenizer.ggml.tokens":["a","<b>"],"tokenizer.ggml.token_type":[1,1]}}`)}})
	defer none.Close()
	complete(t, newBackend(t, ollama.Config{URL: none.URL, Model: "tiny"}), short("<b>a</b>")) // a list without special tokens
}

func TestVersionThatIsNone(t *testing.T) {
	for _, version := range []string{"-1.2.3", "0.-1.2", "0.12.x", "0.12.", "0x10.1", "main", "."} {
		if _, err := ollama.New(ollama.Config{Model: "m", Version: version}); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("Config.Version %q: the error is %v", version, err)
		}
	}
	for _, version := range []string{"1", "v0.17", "0.17.4-rc1", "0.17.4+git"} {
		if _, err := ollama.New(ollama.Config{Model: "m", Version: version}); err != nil {
			t.Errorf("Config.Version %q: %v", version, err)
		}
	}
}

// What a server says instead of text may be that the prompt is too long.
func TestBudgetInPlaceOfText(t *testing.T) {
	server := httptest.NewServer(status(200, `{"message":"the input length exceeds the context length"}`))
	defer server.Close()
	b := newBackend(t, ollama.Config{URL: server.URL, Model: "m", Version: "0.17.4"})
	_, err := sampling.Model{Backend: b}.Complete(t.Context(), short("a dog"))
	if !errors.Is(err, sampling.ErrBudget) || !errors.Is(err, sampling.ErrTruncated) {
		t.Errorf("the error is %v", err)
	}
}
