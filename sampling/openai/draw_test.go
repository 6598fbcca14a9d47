package openai_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

func backendOf(t testing.TB, f flavour) *openai.Backend {
	t.Helper()
	b, err := openai.New(openai.Config{BaseURL: serve(t, f).URL + "/v1", Model: "toy", Dialect: f.dialect})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What is drawn at once is what would be drawn one by one with the same seeds,
// and the cost is told once.
func TestDraw(t *testing.T) {
	for _, name := range []string{"OpenAI", "llama.cpp", "vLLM"} {
		t.Run(name, func(t *testing.T) {
			const n = 5
			b := backendOf(t, flavours[name])
			m := sampling.Model{Backend: b}
			req := &sampling.Request{Prompt: "the owl", Stop: []string{" wall", "\n"}, Params: sampling.Params{Temperature: 1, MaxTokens: 12, Seed: 3, Logprobs: true, TopLogprobs: 2}}
			all, err := m.Draw(t.Context(), req, n)
			if err != nil || len(all) != n {
				t.Fatalf("%d came, %v", len(all), err)
			}
			prompt, completion := 0, 0
			for i, c := range all {
				one := *req
				one.Params.Seed = seeds.At(3, i)
				want, err := m.Complete(t.Context(), &one)
				if err != nil {
					t.Fatal(err)
				}
				if c.Text != want.Text || c.Reason != want.Reason || c.Stop != want.Stop || c.Seed != want.Seed || len(c.Tokens) != len(want.Tokens) {
					t.Errorf("continuation %d is %+v; alone it is %+v", i, c, want)
				}
				if i > 0 && (c.Usage.PromptTokens != 0 || c.Usage.CachedTokens != 0) {
					t.Errorf("continuation %d charges for the prompt again: %+v", i, c.Usage)
				}
				prompt, completion = prompt+c.Usage.PromptTokens, completion+c.Usage.CompletionTokens
			}
			if wantPrompt := len(tokenize(req.Prompt)); prompt != wantPrompt || completion < n {
				t.Errorf("the cost is %d and %d tokens, want %d and at least %d", prompt, completion, wantPrompt, n)
			}
		})
	}
}

// More than llama.cpp has slots for are drawn in several requests, with the same
// seeds. Its number of slots is asked for once.
func TestDrawBeyondSlots(t *testing.T) {
	f := flavours["llama.cpp"]
	f.slots = 4 // as its /props says
	b, seen := tapped(t, f, nil)
	req := &sampling.Request{Prompt: "x", Params: sampling.Params{Temperature: 1, MaxTokens: 4, Seed: 7}}
	for _, want := range []map[string]int{{"/v1/completions": 4, "/props": 1}, {"/v1/completions": 3}} {
		all, err := sampling.Model{Backend: b}.Draw(t.Context(), req, 10)
		if err != nil || len(all) != 10 {
			t.Fatalf("%d came, %v", len(all), err)
		}
		for i, c := range all {
			one := *req
			one.Params.Seed = seeds.At(7, i)
			alone, err := sampling.Model{Backend: backendOf(t, f)}.Complete(t.Context(), &one)
			if err != nil || c.Text != alone.Text || c.Seed != one.Params.Seed {
				t.Errorf("%d: %q with the seed %d; alone it is %q, %v", i, c.Text, c.Seed, alone.Text, err)
			}
		}
		if diff := cmp.Diff(want, seen.taken()); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	}
}

// A server that ignores the number is asked for it once and never again.
func TestDrawIgnored(t *testing.T) {
	f := flavours["OpenAI"]
	f.one = true
	b := backendOf(t, f)
	req := &sampling.Request{Prompt: "x", Params: sampling.Params{Temperature: 1, MaxTokens: 4, Seed: 1}}
	for range 2 {
		if all, err := b.Draw(t.Context(), req, 3); all != nil || !errors.Is(err, sampling.ErrUnsupported) {
			t.Errorf("%d came, %v", len(all), err)
		}
	}
	if all, err := b.Draw(t.Context(), req, 1); err != nil || len(all) != 1 {
		t.Errorf("%d came, %v", len(all), err)
	}
	if all, err := (sampling.Model{Backend: b}).Draw(t.Context(), req, 3); err != nil || len(all) != 3 {
		t.Errorf("%d came, %v", len(all), err)
	}
}

// Greedy continuations are alike: one is drawn and paid for.
func TestDrawGreedy(t *testing.T) {
	var calls atomic.Int32
	b := overTransport(t, openai.VLLM, func(r *http.Request) (*http.Response, error) {
		calls.Add(1)
		return response(r, strings.NewReader("data: "+said("a")+"\n\ndata: "+ended+"\n\n"+`data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1}}`+"\n\n")), nil
	})
	all, err := b.Draw(t.Context(), &sampling.Request{Prompt: "x", Params: sampling.Params{Seed: 7}}, 3)
	if err != nil || len(all) != 3 || calls.Load() != 1 {
		t.Fatalf("%d came in %d calls, %v", len(all), calls.Load(), err)
	}
	for i, c := range all {
		want := sampling.Usage{}
		if i == 0 {
			want = sampling.Usage{PromptTokens: 5, CompletionTokens: 1}
		}
		if c.Text != "a" || c.Seed != uint64(7+i) || c.Usage != want {
			t.Errorf("%d: %+v", i, *c)
		}
	}
}

func TestDrawFaults(t *testing.T) {
	event := func(index int, text, finish string) string {
		return fmt.Sprintf(`data: {"choices":[{"index":%d,"text":%q,"finish_reason":%s}]}`+"\n\n", index, text, finish)
	}
	for _, test := range []struct {
		name, body string
		whole      int // continuations that come with the error
		is         error
		words      string
	}{
		{"one broke off", event(1, "b", "null") + event(0, "a", `"stop"`), 1, sampling.ErrTruncated, "finish_reason"},
		{"an error after one", event(0, "a", `"stop"`) + `data: {"error":"lost"}`, 1, nil, "lost"},
		{"one too many", event(2, "c", `"stop"`), 0, nil, "a choice 2, and 2 were asked for"},
		{"one below all", event(-1, "c", `"stop"`), 0, nil, "a choice -1"},
		{"one that cannot be read", event(0, "a", `"stop"`) + event(1, "b", "7"), 1, nil, "finish_reason is 7"},
		{"nothing", "", 0, sampling.ErrTruncated, "finish_reason"},
		{"only the second", event(1, "b", `"stop"`), 1, sampling.ErrTruncated, "finish_reason"},
	} {
		b := overTransport(t, openai.OpenAI, func(r *http.Request) (*http.Response, error) { return response(r, strings.NewReader(test.body)), nil })
		all, err := b.Draw(t.Context(), &sampling.Request{Prompt: "x", Params: sampling.Params{Temperature: 1}}, 2)
		e, ok := errors.AsType[*sampling.Error](err)
		if !ok || e.Status != 200 || len(all) != test.whole || test.is != nil && !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.words) || errors.Is(err, sampling.ErrUnsupported) {
			t.Errorf("%s: %d came, %v", test.name, len(all), err)
		}
	}
}

// A refusal that the number is not to blame for is the single sample's too.
func TestDrawRefused(t *testing.T) {
	b := overTransport(t, openai.OpenAI, func(r *http.Request) (*http.Response, error) {
		resp := response(r, strings.NewReader(`{"error":{"message":"no such field"}}`))
		resp.StatusCode = 400
		return resp, nil
	})
	_, err := sampling.Model{Backend: b}.Draw(t.Context(), &sampling.Request{Prompt: "x", Params: sampling.Params{Temperature: 1}}, 2)
	if e, ok := errors.AsType[*sampling.Error](err); !ok || e.Status != 400 || errors.Is(err, sampling.ErrUnsupported) || !strings.Contains(err.Error(), "no such field") {
		t.Errorf("%v", err)
	}
	for _, n := range []int{0, -1} {
		if _, err := b.Draw(t.Context(), &sampling.Request{Prompt: "x"}, n); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("drawing %d: %v", n, err)
		}
	}
	if _, err := b.Draw(t.Context(), &sampling.Request{Prompt: "x"}, 129); !errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("drawing 129: %v", err)
	}
}
