package openai_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// A tap remembers what goes through it.
type tap struct {
	mu    sync.Mutex
	paths map[string]int
	last  map[string][]byte // the last body, by path
}

func (t *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.paths == nil {
		t.paths, t.last = map[string]int{}, map[string][]byte{}
	}
	t.paths[r.URL.Path]++
	if r.Body != nil {
		body, _ := io.ReadAll(r.Body)
		t.last[r.URL.Path] = body
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return http.DefaultTransport.RoundTrip(r)
}

// taken returns how many requests there were since the last time, by path.
func (t *tap) taken() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := t.paths
	t.paths = nil
	return taken
}

func tapped(t *testing.T, f flavour, change func(*openai.Config)) (*openai.Backend, *tap) {
	seen := &tap{}
	config := openai.Config{BaseURL: serve(t, f).URL + "/v1", Model: "toy", Dialect: f.dialect, HTTPClient: &http.Client{Transport: seen}}
	if change != nil {
		change(&config)
	}
	b, err := openai.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return b, seen
}

// What is known of a label is not asked again: a classifier's second input costs
// one request on vLLM, and none for tokens on llama.cpp.
func TestScoreRequests(t *testing.T) {
	labels := []string{" owl", " tree", " owl sat", " owl and", ""}
	for name, want := range map[string][2]map[string]int{
		"vLLM":      {{"/tokenize": 5, "/v1/completions": 2}, {"/v1/completions": 2}},
		"llama.cpp": {{"/tokenize": 5, "/completion": 1}, {"/completion": 1}},
		"OpenAI":    {{"/v1/completions": 2}, {"/v1/completions": 1}},
	} {
		b, seen := tapped(t, flavours[name], nil)
		for i, input := range []string{"the tree", "a wall of the owl"} {
			prompt := strings.Repeat("an owl sat on a wall\n", 50) + input + "\nIt is the"
			if _, err := b.Score(t.Context(), &sampling.Request{Prompt: prompt}, labels); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if diff := cmp.Diff(want[i], seen.taken()); diff != "" {
				t.Errorf("%s, input %d (-want +got):\n%s", name, i, diff)
			}
		}
	}
}

// A long text is not scored token by token where each costs a request.
func TestScoreOfLongText(t *testing.T) {
	text := strings.Repeat(" the owl sat on a wall", 20)
	for name, most := range map[string]int{"vLLM": 2, "llama.cpp": 1} {
		b, seen := tapped(t, flavours[name], nil)
		scores, err := b.Score(t.Context(), &sampling.Request{Prompt: "On"}, []string{text})
		if err != nil || len(scores[0].Tokens) != 6*20 {
			t.Fatalf("%s: %v, %v", name, scores, err)
		}
		taken := seen.taken()
		if n := taken["/v1/completions"] + taken["/completion"]; n > most {
			t.Errorf("%s: %d requests for one text, want at most %d", name, n, most)
		}
	}
}

// Params.Extra reaches the server, and a field that Score needs is not replaced.
func TestScoreExtra(t *testing.T) {
	for name, path := range map[string]string{"vLLM": "/v1/completions", "llama.cpp": "/completion", "OpenAI": "/v1/completions"} {
		f := flavours[name]
		f.fields += " lora"
		b, seen := tapped(t, f, nil)
		req := &sampling.Request{Prompt: "The", Params: sampling.Params{Extra: map[string]any{"lora": "x"}}}
		if _, err := b.Score(t.Context(), req, []string{" owl"}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if body := seen.last[path]; !bytes.Contains(body, []byte(`"lora":"x"`)) {
			t.Errorf("%s: Extra is not in %s", name, body)
		}
		req.Params.Extra = map[string]any{"logprobs": 3, "grammar": "root ::= [a]", "n_probs": 3}
		if _, err := b.Score(t.Context(), req, []string{" owl"}); !errors.Is(err, sampling.ErrInvalid) && !errors.Is(err, sampling.ErrUnsupported) {
			t.Errorf("%s: fields that Score sets: %v", name, err)
		}
	}
}

// The name of a special token in a prompt is text, for each call that sends a
// prompt, unless the caller wants the token.
func TestSpecialTokensAreText(t *testing.T) {
	special := tokenText(beginning)
	for _, name := range []string{"llama.cpp", "vLLM"} {
		for _, prompt := range []string{"an owl " + special + " sat", special, "a<s" + special + "<s>>", "[x] " + special + special + " é"} {
			b, seen := tapped(t, flavours[name], nil)
			for what, call := range map[string]func(*sampling.Request) error{
				"Sample": func(req *sampling.Request) error {
					_, err := sampling.Model{Backend: b}.Complete(t.Context(), req)
					return err
				},
				"Draw": func(req *sampling.Request) error { _, err := b.Draw(t.Context(), req, 2); return err },
				"Score": func(req *sampling.Request) error {
					_, err := b.Score(t.Context(), req, []string{" owl" + special})
					return err
				},
			} {
				req := &sampling.Request{Prompt: prompt, Params: sampling.Params{MaxTokens: 2, Temperature: 1, Seed: 1}}
				if err := call(req); err != nil {
					t.Fatalf("%s: %s after %q: %v", name, what, prompt, err)
				}
				body := seen.last["/v1/completions"]
				if what == "Score" && name == "llama.cpp" {
					body = seen.last["/completion"]
				}
				var sent struct {
					Prompt prompts `json:"prompt"`
				}
				if err := json.Unmarshal(body, &sent); err != nil {
					t.Fatal(err)
				}
				ids := sent.Prompt[0]
				text := ""
				for _, id := range ids[1:] {
					text += tokenText(id)
				}
				if ids[0] != beginning || slices.Contains(ids[1:], beginning) || !strings.HasPrefix(text, prompt) {
					t.Errorf("%s: %s sent %q as the tokens %v", name, what, prompt, ids)
				}
			}
			n, err := b.Count(t.Context(), prompt)
			if want := len(tokensOf(prompt, false)) + 1; n != want || err != nil {
				t.Errorf("%s: %q was counted as %d tokens, %v; want %d", name, prompt, n, err, want)
			}
			wanted, seen := tapped(t, flavours[name], func(c *openai.Config) { c.SpecialTokens = true })
			if _, err := (sampling.Model{Backend: wanted}).Complete(t.Context(), &sampling.Request{Prompt: prompt}); err != nil {
				t.Fatal(err)
			}
			if body := seen.last["/v1/completions"]; !bytes.Contains(body, []byte(`"prompt":`+rawString(prompt))) {
				t.Errorf("%s: with SpecialTokens %q was sent in %s", name, prompt, body)
			}
		}
		// What cannot be a name costs nothing.
		b, seen := tapped(t, flavours[name], nil)
		for _, prompt := range []string{"a < b and c > d", "[1, 2]", "a[0] <3 [ ]", "f(x) = [y"} {
			if _, err := (sampling.Model{Backend: b}).Complete(t.Context(), &sampling.Request{Prompt: prompt, Params: sampling.Params{MaxTokens: 1}}); err != nil {
				t.Fatal(err)
			}
		}
		if n := seen.taken()["/tokenize"]; n != 0 {
			t.Errorf("%s: %d requests for tokens", name, n)
		}
	}
}

// Where a router does not pass /tokenize on, a prompt that may name a special
// token is refused and the way out named; other prompts are sent.
func TestSpecialTokensBehindRouter(t *testing.T) {
	for _, d := range []openai.Dialect{openai.LlamaCpp, openai.VLLM} {
		b := overTransport(t, d, func(r *http.Request) (*http.Response, error) {
			resp := response(r, strings.NewReader(ended))
			if r.URL.Path == "/tokenize" {
				resp.StatusCode = http.StatusNotFound
			}
			return resp, nil
		})
		m := sampling.Model{Backend: b, Window: 4096}
		if _, err := m.Complete(t.Context(), &sampling.Request{Prompt: "plain"}); err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
		_, err := m.Complete(t.Context(), &sampling.Request{Prompt: "a</s>"})
		if !errors.Is(err, sampling.ErrUnsupported) || !strings.Contains(err.Error(), "Config.SpecialTokens") {
			t.Errorf("%s: %v", d.Name, err)
		}
	}
}

func TestDescribe(t *testing.T) {
	for name, want := range map[string]sampling.Info{
		"llama.cpp": {Model: "/models/toy.gguf", Server: "llama.cpp b11549-0c1e570", Window: 512, Slots: 4},
		"vLLM":      {Model: "org/toy", Server: "vLLM 0.32.0", Window: 2048},
		"OpenAI":    {Model: "org/toy", Window: 2048},
	} {
		b, _ := tapped(t, flavours[name], nil)
		got, err := b.Describe(t.Context())
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
		m, err := sampling.Discover(t.Context(), b)
		if err != nil || m.Window != want.Window {
			t.Errorf("%s: the window is %d, %v; want %d", name, m.Window, err, want.Window)
		}
	}
	for _, known := range []bool{false, true} { // vLLM may know more adapters than it lists
		b := overTransport(t, openai.VLLM, func(r *http.Request) (*http.Response, error) {
			resp := response(r, strings.NewReader(`{"data":[{"id":"other","max_model_len":9}],"tokens":[1]}`))
			if strings.HasSuffix(r.URL.Path, "/tokenize") && !known {
				resp = response(r, strings.NewReader(`{"error":{"message":"The model does not exist.","type":"NotFoundError","param":"model","code":404}}`))
				resp.StatusCode = 404
			}
			return resp, nil
		})
		m, err := sampling.Discover(t.Context(), b)
		if known != (err == nil) || m.Window != 0 || !known && !strings.Contains(err.Error(), "/models") {
			t.Errorf("an unlisted model, known %v: %+v, %v", known, m, err)
		}
	}
	// Servers that repeat the address, or have another answer for an unknown path.
	for _, d := range []openai.Dialect{openai.OpenAI, openai.LlamaCpp, openai.VLLM} {
		for _, status := range []int{404, 200} {
			b := overTransport(t, d, func(r *http.Request) (*http.Response, error) {
				resp := response(r, strings.NewReader(`{"data":[]}`))
				if status == 404 || !strings.HasSuffix(r.URL.Path, "/models") {
					resp = response(r, strings.NewReader(`{"message":"Unexpected endpoint. (`+r.Method+" "+r.URL.RequestURI()+`)"}`))
					resp.StatusCode = status
				}
				return resp, nil
			})
			if m, err := sampling.Discover(t.Context(), b); err != nil || m.Window != 0 {
				t.Errorf("%s, status %d: %+v, %v", d.Name, status, m, err)
			}
		}
		b := overTransport(t, d, func(r *http.Request) (*http.Response, error) {
			resp := response(r, strings.NewReader(`{"error":"no list of models here"}`))
			resp.StatusCode = 404
			return resp, nil
		})
		if _, err := b.Describe(t.Context()); d.Name != openai.LlamaCpp.Name && !errors.Is(err, sampling.ErrUnsupported) {
			t.Errorf("%s without a list: %v", d.Name, err)
		}
	}
	router := overTransport(t, openai.LlamaCpp, func(r *http.Request) (*http.Response, error) {
		answer := `{"role":"router","model_path":"none","default_generation_settings":{"n_ctx":0}}`
		if r.URL.Query().Get("model") != "" {
			answer = `{"model_path":"/models/toy.gguf","default_generation_settings":{"n_ctx":512}}`
		}
		return response(r, strings.NewReader(answer)), nil
	})
	if info, err := router.Describe(t.Context()); err != nil || info.Model != "/models/toy.gguf" || info.Window != 512 {
		t.Errorf("a router: %+v, %v", info, err)
	}
	for status, supported := range map[int]bool{404: false, 405: false, 401: true, 503: true} {
		b := overTransport(t, openai.LlamaCpp, func(r *http.Request) (*http.Response, error) {
			resp := response(r, strings.NewReader(`{"error":{"message":"no"}}`))
			resp.StatusCode = status
			return resp, nil
		})
		if info, err := b.Describe(t.Context()); err == nil || errors.Is(err, sampling.ErrUnsupported) == supported || info != (sampling.Info{}) {
			t.Errorf("status %d: %+v, %v", status, info, err)
		}
	}
	for _, answer := range []string{"", "<html>", "[]", `{"default_generation_settings":7}`} {
		b := overTransport(t, openai.LlamaCpp, func(r *http.Request) (*http.Response, error) { return response(r, strings.NewReader(answer)), nil })
		if _, err := b.Describe(t.Context()); err == nil {
			t.Errorf("the answer %q is taken for a description", answer)
		}
	}
	for _, d := range []openai.Dialect{openai.OpenAI, openai.VLLM, openai.SGLang} { // the dialect was forgotten
		b := overTransport(t, d, func(r *http.Request) (*http.Response, error) {
			return response(r, strings.NewReader(`{"data":[{"id":"toy.gguf","object":"model","owned_by":"llamacpp"}]}`)), nil
		})
		if m, err := sampling.Discover(t.Context(), b); err == nil || errors.Is(err, sampling.ErrUnsupported) {
			t.Errorf("%s: %+v, %v; want an error", d.Name, m, err)
		}
	}
}
