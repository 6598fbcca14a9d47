package ollama_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/ollama"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// The tests in this file ask a real server. They are skipped unless
// FOREWORD_OLLAMA_URL and FOREWORD_OLLAMA_MODEL name one and a base model on it.

// realConfig names the real server.
func realConfig(t *testing.T) ollama.Config {
	t.Helper()
	url, model := os.Getenv("FOREWORD_OLLAMA_URL"), os.Getenv("FOREWORD_OLLAMA_MODEL")
	if url == "" || model == "" {
		t.Skip("FOREWORD_OLLAMA_URL and FOREWORD_OLLAMA_MODEL name no server")
	}
	return ollama.Config{URL: url, Model: model, Window: 400, Key: sampling.NewSecret(os.Getenv("FOREWORD_OLLAMA_KEY"))}
}

func newBackend(t *testing.T, c ollama.Config) *ollama.Backend {
	t.Helper()
	b, err := ollama.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func complete(t *testing.T, b *ollama.Backend, req *sampling.Request) *sampling.Completion {
	t.Helper()
	c, err := sampling.Model{Backend: b}.Complete(t.Context(), req)
	if err != nil {
		t.Fatalf("%+v: %v", req.Params, err)
	}
	return c
}

const opening = "Once upon a time"

func TestRealServerConformance(t *testing.T) {
	config := realConfig(t)
	for _, whole := range []bool{false, true} {
		config.NoStreaming = whole
		t.Run(fmt.Sprintf("whole=%v", whole), func(t *testing.T) {
			samplingtest.Kit{}.TestBackend(t, func(t *testing.T) sampling.Backend { return newBackend(t, config) })
		})
	}
}

func TestRealServerStreamedIsWhole(t *testing.T) {
	config := realConfig(t)
	for _, p := range []sampling.Params{
		{MaxTokens: 60},
		{MaxTokens: 60, Temperature: 1, Seed: 11},
		{MaxTokens: 60, Temperature: 1.5, Seed: 12, TopK: 20, TopP: 0.9, MinP: 0.05},
		{MaxTokens: 40, RepetitionPenalty: 1.3},
	} {
		for _, stop := range [][]string{nil, {"."}, {"\n", "\n\n", " little"}} {
			req := &sampling.Request{Prompt: opening, Params: p, Stop: stop}
			config.NoStreaming = false
			streamed := complete(t, newBackend(t, config), req)
			config.NoStreaming = true
			whole := complete(t, newBackend(t, config), req)
			if streamed.Text != whole.Text || streamed.Reason != whole.Reason || streamed.Usage.PromptTokens != whole.Usage.PromptTokens {
				t.Errorf("%+v, stops %q: streamed %+v, whole %+v", p, stop, streamed, whole)
			}
		}
	}
}

// A Modelfile that sets everything must not show in a sample.
func TestRealServerModelfileDoesNotColour(t *testing.T) {
	config := realConfig(t)
	ask := func(method, path string, body any) {
		t.Helper()
		raw, _ := json.Marshal(body)
		r, err := http.NewRequest(method, config.URL+path, bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if config.Key.Reveal() != "" {
			r.Header.Set("Authorization", "Bearer "+config.Key.Reveal())
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %s", method, path, resp.Status)
		}
	}
	const colourful = "foreword-test-colourful"
	ask("POST", "/api/create", map[string]any{
		"model": colourful, "from": config.Model, "stream": false,
		"system": "Speak like a pirate.", "template": "Answer at once: {{ .Prompt }}",
		"parameters": map[string]any{
			"temperature": 1.9, "top_k": 2, "top_p": 0.3, "min_p": 0.4, "typical_p": 0.3, "repeat_penalty": 1.9, "repeat_last_n": 5,
			"presence_penalty": 1.5, "frequency_penalty": 1.5, "seed": 7, "num_predict": 3, "stop": []string{"e", ","}, "num_ctx": 64,
		},
	})
	defer ask("DELETE", "/api/delete", map[string]any{"model": colourful})
	plain := newBackend(t, config)
	config.Model = colourful
	coloured := newBackend(t, config)
	for _, p := range []sampling.Params{
		{MaxTokens: 40},
		{MaxTokens: 100, Temperature: 1, Seed: 3},
		{MaxTokens: 40, Temperature: 0.7, Seed: 4, RepetitionPenalty: 1.2, FrequencyPenalty: 0.3},
	} {
		req := &sampling.Request{Prompt: opening, Params: p}
		if want, got := complete(t, plain, req), complete(t, coloured, req); got.Text != want.Text || got.Usage.CompletionTokens != want.Usage.CompletionTokens {
			t.Errorf("%+v: the model gives %q, under a Modelfile %q", p, want.Text, got.Text)
		}
	}
}

func TestRealServerTooLongPrompt(t *testing.T) {
	config := realConfig(t)
	config.Window = 64
	b := newBackend(t, config)
	long := strings.Repeat("Once upon a time there was a little dog. ", 40)
	m := sampling.Model{Backend: b} // without a window, so that Model lets it through
	c, err := m.Complete(t.Context(), &sampling.Request{Prompt: long, Params: sampling.Params{MaxTokens: 5}})
	if !errors.Is(err, sampling.ErrBudget) {
		t.Errorf("got %+v, %v; want ErrBudget", c, err)
	}
	if e, ok := errors.AsType[*sampling.Error](err); !ok || e.Temporary {
		t.Errorf("got %#v, want an Error that lasts", err)
	}
	known, err := sampling.Discover(t.Context(), b)
	if err != nil || known.Window != 64 {
		t.Errorf("Discover: %+v, %v", known, err)
	}
	if _, err := known.Complete(t.Context(), &sampling.Request{Prompt: long, Params: sampling.Params{MaxTokens: 5}}); !errors.Is(err, sampling.ErrBudget) {
		t.Errorf("through the Model that knows the window: %v", err)
	}
	// The window ends a continuation, and does not slide over the prompt.
	c, err = m.Complete(t.Context(), &sampling.Request{Prompt: opening, Params: sampling.Params{MaxTokens: 500, Temperature: 1, Seed: 2}})
	if err != nil || c.Reason == sampling.EndOfText && c.Usage.CompletionTokens > 64 || c.Usage.PromptTokens+c.Usage.CompletionTokens > 65 {
		t.Errorf("got %+v, %v; want at most the window", c, err)
	}
}

func TestRealServerLogprobs(t *testing.T) {
	b := newBackend(t, realConfig(t))
	req := &sampling.Request{Prompt: opening, Params: sampling.Params{MaxTokens: 20, Logprobs: true, TopLogprobs: 3}}
	c := complete(t, b, req)
	if len(c.Tokens) != 20 || c.Usage.CompletionTokens != 20 {
		t.Fatalf("%d tokens came and %d are charged, want 20", len(c.Tokens), c.Usage.CompletionTokens)
	}
	sum := 0.0
	for i, token := range c.Tokens {
		if len(token.Top) != 3 || token.Top[0].Text != token.Text || math.Abs(token.Top[0].Logprob-token.Logprob) > 1e-6 {
			t.Errorf("token %d is %+v; greedy decoding draws the first of three alternatives", i, token)
		}
		sum += token.Logprob
	}
	if sum >= 0 || sum < -200 {
		t.Errorf("the log probability of the text is %v", sum)
	}
	// They are the model's own, whatever it is sampled with.
	req.Params.Temperature, req.Params.TopK, req.Params.Seed = 2, 1, 5
	for i, token := range complete(t, b, req).Tokens {
		if math.Abs(token.Logprob-c.Tokens[i].Logprob) > 0.02 {
			t.Errorf("token %d has %v at temperature 2 and %v at 0", i, token.Logprob, c.Tokens[i].Logprob)
		}
	}
}

// An enormous penalty lets no token come twice, to the end of the continuation.
func TestRealServerPenalties(t *testing.T) {
	b := newBackend(t, realConfig(t))
	for _, p := range []sampling.Params{{FrequencyPenalty: 1e4}, {PresencePenalty: 1e4}, {RepetitionPenalty: 1e4}} {
		p.MaxTokens, p.Logprobs, p.Seed = 100, true, 1
		c, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: opening, Params: p})
		if errors.Is(err, sampling.ErrUnsupported) {
			t.Skip(err) // the model runs on an engine without penalties
		}
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for i, token := range c.Tokens {
			if first, again := seen[token.Text]; again && !strings.Contains(token.Text, "\uFFFD") {
				t.Errorf("%+v: token %d is %q, as token %d was", p, i, token.Text, first)
			}
			seen[token.Text] = i
		}
		if len(c.Tokens) < 20 {
			t.Errorf("%+v: only %d tokens came: %q", p, len(c.Tokens), c.Text)
		}
	}
}

func TestRealServerRefusals(t *testing.T) {
	config := realConfig(t)
	req := &sampling.Request{Prompt: opening, Params: sampling.Params{MaxTokens: 3}}

	config.Model = "no-such-model"
	_, err := (sampling.Model{Backend: newBackend(t, config)}).Complete(t.Context(), req)
	if e, ok := errors.AsType[*sampling.Error](err); !ok || e.Status != 404 || e.Temporary || !strings.Contains(err.Error(), "ollama pull no-such-model") {
		t.Errorf("an unknown model gave %v", err)
	}

	config = realConfig(t)
	b := newBackend(t, config)
	if _, err := (sampling.Model{Backend: b}).Complete(t.Context(), &sampling.Request{}); !errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("an empty prompt gave %v", err)
	}
	req.Params.Extra = map[string]any{"num_thread": "many"}
	if _, err := (sampling.Model{Backend: b}).Complete(t.Context(), req); cmp.Or(err, errors.New("")).Error() == "" || !strings.Contains(err.Error(), "num_thread") {
		t.Errorf("an option of the wrong type gave %v, want the server's words", err)
	}
	req.Params.Extra = map[string]any{"num_thread": 1, "format": "json"}
	if c := complete(t, b, req); !strings.HasPrefix(strings.TrimSpace(c.Text), "{") {
		t.Errorf("with format json the text is %q", c.Text)
	}
}
