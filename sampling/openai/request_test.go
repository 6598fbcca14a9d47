package openai_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/internal/golden"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

var dialects = map[string]openai.Dialect{
	"openai": openai.OpenAI, "llamacpp": openai.LlamaCpp, "vllm": openai.VLLM, "sglang": openai.SGLang,
}

// everything sets each parameter to a value that is not its zero.
var everything = sampling.Params{
	MaxTokens: 100, Temperature: 0.7, TopP: 0.9, TopK: 40, MinP: 0.05,
	FrequencyPenalty: 0.5, PresencePenalty: -0.5, RepetitionPenalty: 1.1,
	Seed: 7, Logprobs: true, TopLogprobs: 3,
}

// goldenRequests are the requests whose bodies are in testdata/body, one file
// a dialect.
var goldenRequests = []struct {
	name string
	req  sampling.Request
	n    int
}{
	{"zero", sampling.Request{Prompt: "butterfly: 나비\nocean:"}, 1},
	{"stops and a seed", sampling.Request{Prompt: "Q: a < b & c > d\nA:", Stop: []string{"\n", "Q:", "</s>", "4", "5"}, Params: sampling.Params{Seed: 42}}, 1},
	{"neutral values", sampling.Request{Prompt: "x", Params: sampling.Params{TopP: 1, RepetitionPenalty: 1, Temperature: 1}}, 1},
	{"every parameter", sampling.Request{Prompt: "x", Params: everything}, 1},
	{"all that OpenAI knows", sampling.Request{Prompt: "x", Params: openAIOnly()}, 1},
	{"extra", sampling.Request{Prompt: "x", Params: sampling.Params{Extra: map[string]any{
		"user": "me", "logit_bias": map[string]int{"50256": -100}, "ignore_eos": true}}}, 1},
	{"the drawn tokens' own log probabilities", sampling.Request{Prompt: "x", Params: extra("logprobs", 0)}, 1},
	{"token ids", sampling.Request{Params: sampling.Params{Extra: map[string]any{"prompt": []int{1, 403, 407}}}}, 1},
	{"four at once", sampling.Request{Prompt: "x", Params: sampling.Params{Temperature: 1, Seed: 7}}, 4},
}

func openAIOnly() sampling.Params {
	p := everything
	p.TopK, p.MinP, p.RepetitionPenalty = 0, 0, 0
	return p
}

func TestBodies(t *testing.T) {
	for name, d := range dialects {
		t.Run(name, func(t *testing.T) {
			var bodies strings.Builder
			for _, g := range goldenRequests {
				fmt.Fprintf(&bodies, "# %s\n%s\n", g.name, body(t, d, &g.req, g.n))
			}
			golden.Check(t, "testdata/body/"+name+".txt", bodies.String())
		})
	}
}

// Every parameter that a dialect has a name for is on the wire when it is zero,
// and when it is neutral: a new Field that body forgets fails this.
func TestZerosAreSent(t *testing.T) {
	off := map[string][]string{ // what a zero may look like
		"MaxTokens": {"256"}, "Temperature": {"0", "1"}, "TopP": {"1"}, "TopK": {"0", "-1"}, "MinP": {"0"},
		"FrequencyPenalty": {"0"}, "PresencePenalty": {"0"}, "RepetitionPenalty": {"1"}, "Logprobs": {"0"},
	}
	unsent := []string{
		"Seed",            // Model draws one
		"Stop", "Choices", // none and one are what every server does by itself
		"OpenAI.Logprobs", // where 0 asks for the drawn tokens' own,
		"vLLM.Logprobs",   // and leaving it out for none
		"SGLang.Logprobs", // by its documentation, the same
	}
	for _, d := range dialects {
		for _, p := range []sampling.Params{{}, {Temperature: 1, TopP: 1, RepetitionPenalty: 1}} {
			sent := body(t, d, &sampling.Request{Prompt: "x", Params: p}, 1)
			known := 0
			for _, param := range openai.ParamNames {
				name := d.FieldName(param)
				if name == "" || slices.Contains(unsent, param) || slices.Contains(unsent, d.Name+"."+param) {
					continue
				}
				known++
				if !slices.ContainsFunc(off[param], func(v string) bool { return strings.Contains("\n"+sent, "\n"+name+": "+v+"\n") }) {
					t.Errorf("%s: %s is not sent as one of %q:\n%s", d.Name, param, off[param], sent)
				}
			}
			if known < 5 {
				t.Errorf("%s knows only %d fields", d.Name, known)
			}
		}
	}
}

// body returns what is sent, a field a line, or why nothing is.
func body(t *testing.T, d openai.Dialect, req *sampling.Request, n int) string {
	t.Helper()
	s := replay(t, []byte("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"))
	b, err := openai.New(openai.Config{BaseURL: s.URL, Model: "a/model", Dialect: d})
	if err != nil {
		t.Fatal(err)
	}
	if n > 1 {
		_, err = b.Draw(t.Context(), req, n)
	} else {
		for _, err = range b.Sample(t.Context(), req) { // not through Model, which would draw a seed
		}
	}
	sent := s.sent()
	if len(sent) == 0 {
		return err.Error() + "\n"
	}
	var out strings.Builder
	dec := json.NewDecoder(bytes.NewReader(sent[0]))
	if _, err := dec.Token(); err != nil {
		t.Fatalf("sent %s: %v", sent[0], err)
	}
	seen := map[string]bool{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			t.Fatal(err)
		}
		if seen[name.(string)] {
			t.Errorf("the field %q is repeated: %s", name, sent[0])
		}
		seen[name.(string)] = true
		fmt.Fprintf(&out, "%s: %s\n", name, value)
	}
	return out.String()
}

func TestRefusedBeforeSending(t *testing.T) {
	for _, test := range []struct {
		name    string
		dialect openai.Dialect
		params  sampling.Params
		want    error
		words   string
	}{
		{"collision", openai.OpenAI, extra("temperature", 0.5), sampling.ErrInvalid, "Params.Temperature"},
		{"collision with a neutral value", openai.VLLM, extra("top_k", 5), sampling.ErrInvalid, "Params.TopK"},
		{"the stream is Config's", openai.OpenAI, extra("stream", false), sampling.ErrInvalid, "Config.NoStreaming"},
		{"the model is Config's", openai.OpenAI, extra("model", "other"), sampling.ErrInvalid, "Config.Model"},
		{"a prompt and a prompt", openai.OpenAI, extra("prompt", []int{1}), sampling.ErrInvalid, "Request.Prompt"},
		{"no JSON", openai.OpenAI, extra("f", func() {}), sampling.ErrInvalid, `Params.Extra["f"]`},
		{"no number", openai.OpenAI, extra("x", math.Inf(1)), sampling.ErrInvalid, `Params.Extra["x"]`},
		{"n", openai.VLLM, extra("n", 3), sampling.ErrUnsupported, "Model.Draw"},
		{"echo", openai.VLLM, extra("echo", true), sampling.ErrUnsupported, "Score"},
		{"another server's name", openai.VLLM, extra("repeat_penalty", 1.1), sampling.ErrUnsupported, "vLLM"},
		{"best_of", openai.LlamaCpp, extra("best_of", 2), sampling.ErrUnsupported, "llama.cpp"},
		{"a constraint that vLLM lost", openai.VLLM, extra("guided_choice", []string{"a"}), sampling.ErrUnsupported, "vLLM"},
		{"a constraint that llama.cpp ignores", openai.LlamaCpp, extra("response_format", 1), sampling.ErrUnsupported, "llama.cpp"},
		{"NaN", openai.LlamaCpp, sampling.Params{Temperature: math.NaN()}, sampling.ErrInvalid, "Params.Temperature"},
		{"too many alternatives", openai.OpenAI, sampling.Params{Logprobs: true, TopLogprobs: 6}, sampling.ErrUnsupported, "5"},
		{"seed for llama.cpp", openai.LlamaCpp, sampling.Params{Seed: math.MaxUint32}, sampling.ErrUnsupported, "4294967294"},
		{"seed for vLLM", openai.VLLM, sampling.Params{Seed: math.MaxUint64}, sampling.ErrUnsupported, "Params.Seed"},
		{"top-k", openai.OpenAI, sampling.Params{TopK: 1}, sampling.ErrUnsupported, "Params.TopK"},
		{"a dialect without temperature", openai.Dialect{Name: "plain"}.With("MaxTokens", "n_predict", ""), sampling.Params{}, sampling.ErrUnsupported, "Params.Temperature"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := replay(t, []byte("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"))
			b, err := openai.New(openai.Config{BaseURL: s.URL, Model: "m", Dialect: test.dialect})
			if err != nil {
				t.Fatal(err)
			}
			for _, err = range b.Sample(t.Context(), &sampling.Request{Prompt: "a</s>", Params: test.params}) {
			}
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.words) {
				t.Errorf("the error is %v, want %v and %q in it", err, test.want, test.words)
			}
			if e, ok := errors.AsType[*sampling.Error](err); !ok || e.Backend != "openai" || e.Temporary || e.Status != 0 {
				t.Errorf("the error is %+v", err)
			}
			if sent := s.sent(); len(sent) > 0 {
				t.Errorf("it was sent all the same: %s", sent[0])
			}
		})
	}
}

func TestScoreRefusedBeforeSending(t *testing.T) {
	for _, d := range []openai.Dialect{openai.LlamaCpp, openai.VLLM} {
		for _, params := range []sampling.Params{extra("n", 3), extra("echo", true), extra("model", "other"), extra("prompt", []int{1})} {
			b := overTransport(t, d, func(r *http.Request) (*http.Response, error) {
				t.Errorf("%s: %v was sent to %s", d.Name, params.Extra, r.URL.Path)
				return response(r, strings.NewReader("{}")), nil
			})
			if _, err := b.Score(t.Context(), &sampling.Request{Prompt: "a</s>", Params: params}, []string{" b"}); err == nil {
				t.Errorf("%s: %v is accepted", d.Name, params.Extra)
			}
		}
	}
}

func extra(name string, value any) sampling.Params {
	return sampling.Params{Extra: map[string]any{name: value}}
}

// The seeds of all continuations of a draw must be within the server's range.
func TestDrawSeedRange(t *testing.T) {
	b, err := openai.New(openai.Config{BaseURL: "http://localhost:1", Model: "m", Dialect: openai.LlamaCpp})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Draw(t.Context(), &sampling.Request{Prompt: "x", Params: sampling.Params{Temperature: 1, Seed: math.MaxUint32 - 2}}, 3)
	if !errors.Is(err, sampling.ErrUnsupported) || !strings.Contains(err.Error(), "4294967295") {
		t.Errorf("the error is %v", err)
	}
}

// A caller's own dialect renames, omits and adds.
func TestOwnDialect(t *testing.T) {
	d := openai.Dialect{Name: "own", MaxStops: 1}.
		With("MaxTokens", "n_predict", "").
		With("Temperature", "temp", "").
		With("TopK", "k", "-1").
		With("TopP", "p", "").
		With("Stop", "until", "")
	got := body(t, d, &sampling.Request{Prompt: "x", Stop: []string{"a", "b"}, Params: sampling.Params{Seed: 3}}, 1)
	const want = `k: -1
model: "a/model"
n_predict: 256
prompt: "x"
stream: true
temp: 0
until: ["a"]
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A local server may serve its model under a name that go-openai knows as one
// for chats only.
func TestDeniedModelName(t *testing.T) {
	s := serve(t, flavours["vLLM"])
	for _, model := range []string{"gpt-4o", "gpt-3.5-turbo", "o1"} {
		b, err := openai.New(openai.Config{BaseURL: s.URL, Model: model, Dialect: openai.VLLM})
		if err != nil {
			t.Fatal(err)
		}
		if c, err := (sampling.Model{Backend: b}).Complete(t.Context(), &sampling.Request{Prompt: "x"}); err != nil || c.Text == "" {
			t.Errorf("%s: %v", model, err)
		}
	}
}
