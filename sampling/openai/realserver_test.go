package openai_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// realServer returns a backend on the Ollama that FOREWORD_OLLAMA_URL names,
// through its /v1. The model is to have the plain template and neutral
// parameters, which /v1 cannot change.
func realServer(t *testing.T, whole bool) *openai.Backend {
	t.Helper()
	url, model := os.Getenv("FOREWORD_OLLAMA_URL"), os.Getenv("FOREWORD_OLLAMA_MODEL")
	if url == "" || model == "" {
		t.Skip("set FOREWORD_OLLAMA_URL and FOREWORD_OLLAMA_MODEL to an Ollama and a base model on it")
	}
	b, err := openai.New(openai.Config{BaseURL: strings.TrimSuffix(url, "/") + "/v1", Model: model, Dialect: openai.Ollama, Whole: whole})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRealServerConformance(t *testing.T) {
	for _, whole := range []bool{false, true} {
		t.Run(map[bool]string{false: "streamed", true: "whole"}[whole], func(t *testing.T) {
			realServer(t, whole)
			kit := samplingtest.Kit{
				Unsupported: []sampling.Params{{TopK: 40}, {MinP: 0.1}, {RepetitionPenalty: 1.1}, {Logprobs: true, TopLogprobs: 1}},
			}
			kit.TestBackend(t, func(t *testing.T) sampling.Backend { return realServer(t, whole) })
		})
	}
}

func TestRealServerStream(t *testing.T) {
	m := sampling.Model{Backend: realServer(t, false)}
	req := &sampling.Request{Prompt: "Once upon a time", Params: sampling.Params{MaxTokens: 20}}
	streamed, chunks := "", 0
	var last sampling.Chunk
	for chunk, err := range m.Stream(t.Context(), req) {
		if err != nil {
			t.Fatal(err)
		}
		streamed, last = streamed+chunk.Text, chunk
		chunks++
	}
	if chunks < 5 || last.Reason != sampling.TokenLimit || last.Usage == nil || last.Usage.CompletionTokens != 20 {
		t.Errorf("%q came in %d chunks and ended with %+v", streamed, chunks, last)
	}
	whole, err := sampling.Model{Backend: realServer(t, true)}.Complete(t.Context(), req)
	if err != nil || whole.Text != streamed || whole.Usage != *last.Usage {
		t.Errorf("streamed it is %q, and whole %q with %+v, %v", streamed, whole.Text, whole.Usage, err)
	}
}

func TestRealServerStops(t *testing.T) {
	m := sampling.Model{Backend: realServer(t, false)}
	req := &sampling.Request{Prompt: "Once upon a time", Params: sampling.Params{MaxTokens: 40}}
	free, err := m.Complete(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	for _, stop := range [][]string{{"."}, {" a "}, {"@@", "girl"}, {"@1", "@2", "@3", "@4", "@5", "\n", ","}} {
		one := *req
		one.Stop = stop
		want, found := sampling.Cut(free.Text, stop)
		c, err := m.Complete(t.Context(), &one)
		if err != nil || c.Text != want || found != "" && c.Reason == sampling.TokenLimit {
			t.Errorf("with the stops %q: %q, %v, %v; want %q", stop, c.Text, c.Reason, err, want)
		}
	}
}

func TestRealServerSeeds(t *testing.T) {
	m := sampling.Model{Backend: realServer(t, true)}
	req := &sampling.Request{Prompt: "Once upon a time", Params: sampling.Params{MaxTokens: 30, Temperature: 1.2, Seed: 42}}
	all, err := m.Draw(t.Context(), req, 4)
	if err != nil || len(all) != 4 {
		t.Fatalf("%d came, %v", len(all), err)
	}
	texts := map[string]bool{}
	for i, c := range all {
		texts[c.Text] = true
		one := *req
		one.Params.Seed = c.Seed
		if again, err := m.Complete(t.Context(), &one); err != nil || again.Text != c.Text {
			t.Errorf("seed %d gave %q, and again %q, %v", c.Seed, c.Text, again.Text, err)
		}
		if c.Seed != sampling.SeedAt(42, i) {
			t.Errorf("sample %d has the seed %d", i, c.Seed)
		}
	}
	if len(texts) == 1 {
		t.Errorf("four seeds gave %q alone", all[0].Text)
	}
}

func TestRealServerFaults(t *testing.T) {
	b := realServer(t, false)
	other, err := openai.New(openai.Config{BaseURL: strings.TrimSuffix(os.Getenv("FOREWORD_OLLAMA_URL"), "/") + "/v1", Model: "no-such-model", Dialect: openai.Ollama})
	if err != nil {
		t.Fatal(err)
	}
	_, err = sampling.Model{Backend: other}.Complete(t.Context(), &sampling.Request{Prompt: "x"})
	if e, ok := errors.AsType[*sampling.Error](err); !ok || e.Status != 404 || e.Temporary || !strings.Contains(err.Error(), "no-such-model") {
		t.Errorf("an unknown model: %v", err)
	}
	_, err = sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{})
	if e, ok := errors.AsType[*sampling.Error](err); !ok || e.Temporary {
		t.Errorf("an empty prompt: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	for _, err := range b.Sample(ctx, &sampling.Request{Prompt: "Once upon a time", Params: sampling.Params{MaxTokens: 400}}) {
		if n++; n == 3 {
			cancel()
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
	cancel()
	if n > 5 {
		t.Errorf("%d chunks came after the cancellation", n-3)
	}
}
