package ollama_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/internal/golden"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/ollama"
)

// sent returns the JSON that a request becomes.
func sent(t *testing.T, config ollama.Config, req *sampling.Request) string {
	t.Helper()
	server := &fake{version: "0.17.4"}
	if config.Version == "" {
		config.Version = server.version
	}
	config.URL, config.Model = server.start(t), "tiny"
	for _, err := range newBackend(t, config).Sample(t.Context(), req) {
		if err != nil && !errors.Is(err, sampling.ErrBudget) {
			t.Fatal(err)
		}
	}
	if len(server.requests) != 1 {
		t.Fatalf("%d requests were sent", len(server.requests))
	}
	return server.requests[0]
}

// The whole of what goes over the wire.
func TestRequests(t *testing.T) {
	for name, c := range map[string]struct {
		config ollama.Config
		req    sampling.Request
	}{
		"zero": {ollama.Config{}, sampling.Request{Prompt: "a dog"}},
		"as-model-sends-it": {ollama.Config{Window: 128}, sampling.Request{Prompt: "a dog",
			Params: sampling.Params{MaxTokens: 7, Seed: 1}}},
		"everything": {
			ollama.Config{Window: 200, NoStreaming: true},
			sampling.Request{Prompt: "a < dog & 나비\n", Stop: []string{"\n\n", "\nQ: ", "\n\n\n"}, Params: sampling.Params{
				MaxTokens: 9, Temperature: 0.7, TopP: 0.95, TopK: 40, MinP: 0.05, FrequencyPenalty: -0.5, PresencePenalty: 1.5,
				RepetitionPenalty: 1.1, Seed: 42, Logprobs: true, TopLogprobs: 5,
				Extra: map[string]any{"num_gpu": 0, "keep_alive": "90s", "typical_p": 0.5, "format": map[string]any{"type": "object"}},
			}},
		},
		"neutral": {ollama.Config{Window: 128}, sampling.Request{Prompt: "a dog",
			Params: sampling.Params{MaxTokens: 7, Seed: 1, TopP: 1, RepetitionPenalty: 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, []byte(sent(t, c.config, &c.req)), "", "\t"); err != nil {
				t.Fatal(err)
			}
			pretty.WriteByte('\n')
			golden.Check(t, "testdata/requests/"+name+".json", pretty.String())
		})
	}
}

func option(t *testing.T, body, name string) any {
	t.Helper()
	var fields struct{ Options map[string]any }
	if err := json.Unmarshal([]byte(body), &fields); err != nil {
		t.Fatal(err)
	}
	return fields.Options[name]
}

func TestSeeds(t *testing.T) {
	seen := map[any]uint64{}
	for _, c := range []struct {
		seed uint64
		want float64
	}{
		{0, -1}, // only a caller without a Model sends it, and asks for any seed
		{1, 1}, {1 << 31, 1 << 31},
		{math.MaxUint32 - 1, math.MaxUint32 - 1},
		{math.MaxUint32, 0}, // the largest would be a random one to the server
		{math.MaxUint32 + 5, 5},
		{math.MaxUint64 - 1, math.MaxUint32 - 1},
	} {
		got := option(t, sent(t, ollama.Config{}, &sampling.Request{Prompt: "a", Params: sampling.Params{MaxTokens: 1, Seed: c.seed}}), "seed")
		if got != c.want {
			t.Errorf("seed %d is sent as %v, want %v", c.seed, got, c.want)
		}
		seen[got] = c.seed
	}
}

// A number beyond what the server's own fields hold would come out as another.
func TestLargeNumbers(t *testing.T) {
	body := sent(t, ollama.Config{}, &sampling.Request{Prompt: "a", Stop: []string{" "}, Params: sampling.Params{
		MaxTokens: math.MaxInt, TopK: math.MaxInt, Seed: 1, RepetitionPenalty: 1.5}})
	for name, want := range map[string]float64{"num_predict": math.MaxInt32, "top_k": math.MaxInt32, "repeat_last_n": 1 << 20} {
		if got := option(t, body, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

func TestExtraRefused(t *testing.T) {
	own := []string{"model", "prompt", "stream", "options", "num_ctx", "num_predict", "temperature", "top_k", "top_p", "min_p",
		"repeat_penalty", "frequency_penalty", "presence_penalty", "seed", "stop", "logprobs", "top_logprobs"}
	deaf := []string{"raw", "template", "system", "context", "suffix", "think", "truncate", "shift"}
	server := &fake{version: "0.17.4"}
	b := newBackend(t, ollama.Config{URL: server.start(t), Model: "tiny"})
	refused := func(extra map[string]any) error {
		_, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: "a", Params: sampling.Params{Extra: extra}})
		if _, ok := errors.AsType[*sampling.Error](err); !ok {
			t.Errorf("%v: the error is %v", extra, err)
			return errors.New("none")
		}
		return err
	}
	for _, name := range own {
		if err := refused(map[string]any{name: 1}); !errors.Is(err, sampling.ErrInvalid) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range deaf {
		if err := refused(map[string]any{name: 1}); !errors.Is(err, sampling.ErrUnsupported) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := refused(map[string]any{"num_gpu": math.Inf(1)}); !errors.Is(err, sampling.ErrInvalid) || !strings.Contains(err.Error(), "num_gpu") {
		t.Errorf("what is not JSON: %v", err)
	}
	// Whatever is sent by itself cannot be sent twice: the two lists are complete.
	var fields map[string]any
	json.Unmarshal([]byte(sent(t, ollama.Config{Window: 99}, &sampling.Request{Prompt: "a", Params: sampling.Params{MaxTokens: 1, Logprobs: true, TopLogprobs: 1}})), &fields)
	free := []string{"typical_p", "repeat_last_n"} // there is no other way to set these
	for name := range maps.Keys(fields["options"].(map[string]any)) {
		if !slices.Contains(own, name) && !slices.Contains(free, name) {
			t.Errorf("option %s can be set twice", name)
		}
	}
	for name := range fields {
		if !slices.Contains(own, name) && !slices.Contains(deaf, name) {
			t.Errorf("field %s can be set twice", name)
		}
	}
	if n := server.asked("/api/generate"); n != 0 {
		t.Errorf("%d requests were sent all the same", n)
	}
}

// What the server would refuse or misread is refused before anything is sent.
func TestRefusedBeforeSending(t *testing.T) {
	server := &fake{version: "0.12.8", architecture: "qwen3"}
	url := server.start(t)
	plain := ollama.Config{URL: url, Model: "tiny"}
	with := func(change func(*ollama.Config)) ollama.Config { c := plain; change(&c); return c }
	for _, c := range []struct {
		name   string
		config ollama.Config
		req    sampling.Request
		is     error
		words  string
	}{
		{"an empty prompt", plain, sampling.Request{}, sampling.ErrUnsupported, "an empty prompt"},
		{"a prompt that is not text", plain, sampling.Request{Prompt: "\xff"}, sampling.ErrInvalid, "not valid UTF-8"},
		{"log probabilities, not known yet", plain, sampling.Request{Prompt: "a", Params: sampling.Params{Logprobs: true, TopLogprobs: 1}}, sampling.ErrUnsupported, "0.12.11"},
		{"too many alternatives", with(func(c *ollama.Config) { c.Version = "0.17.4" }), sampling.Request{Prompt: "a", Params: sampling.Params{Logprobs: true, TopLogprobs: 21}}, sampling.ErrUnsupported, "20"},
		{"penalties on Ollama's own engine", plain, sampling.Request{Prompt: "a", Params: sampling.Params{PresencePenalty: 1}}, sampling.ErrUnsupported, "qwen3"},
		{"the name of a special token", plain, sampling.Request{Prompt: "an owl <s> sat"}, sampling.ErrInvalid, "Config.SpecialTokens"},
		{"a constraint", plain, sampling.Request{Prompt: "a", Constraint: sampling.OneOf(" b")}, sampling.ErrUnsupported, "Constraint"},
	} {
		n := 0
		for chunk, err := range newBackend(t, c.config).Sample(t.Context(), &c.req) {
			n++
			if e, ok := errors.AsType[*sampling.Error](err); !ok || e.Temporary || !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%s: %q, %v", c.name, chunk.Text, err)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d chunks", c.name, n)
		}
	}
	if n := server.asked("/api/generate"); n != 0 {
		t.Errorf("%d requests were sent all the same", n)
	}
	// Penalties work since Ollama hands all models to llama.cpp's engine.
	since := with(func(c *ollama.Config) { c.Version = "0.30.0" })
	complete(t, newBackend(t, since), &sampling.Request{Prompt: "a", Params: sampling.Params{MaxTokens: 2, PresencePenalty: 1}})
}
