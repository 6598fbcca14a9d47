package openai_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// A realServer is one of realServers with its own addresses.
type realServer struct {
	url     string // without /v1
	config  openai.Config
	running string // the metric that counts the requests under way
}

func (s realServer) backend(t *testing.T, change func(*openai.Config)) *openai.Backend {
	t.Helper()
	config := s.config
	if change != nil {
		change(&config)
	}
	return newReal(t, config, config.NoStreaming)
}

func whole(c *openai.Config) { c.NoStreaming = true }

func onRealServers(t *testing.T, test func(t *testing.T, s realServer)) {
	realServers(t, func(t *testing.T, c openai.Config) {
		test(t, realServer{
			url:     strings.TrimSuffix(c.BaseURL, "/v1"),
			config:  c,
			running: map[string]string{"llama.cpp": "llamacpp:requests_processing", "vLLM": "vllm:num_requests_running"}[c.Dialect.Native()],
		})
	})
}

// Leaving and cancelling a stream end the server's work.
func TestRealServerLeaving(t *testing.T) {
	onRealServers(t, func(t *testing.T, s realServer) {
		idle := func(what string) {
			t.Helper()
			for range 400 {
				if s.metric(t) == 0 {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
			t.Errorf("%s: the server still works after 40 seconds", what)
		}
		idle("before")
		long := &sampling.Request{Prompt: "Once upon a time", Params: sampling.Params{MaxTokens: 1500, Temperature: 1, Seed: 3}}
		b := s.backend(t, nil)
		n := 0
		for _, err := range b.Sample(t.Context(), long) {
			if n++; err != nil || n == 3 {
				break
			}
		}
		idle("a loop that was left")
		ways := map[string]func(*openai.Config){"a streamed answer at its deadline": nil}
		if s.config.Dialect.Native() == openai.VLLM.Native() { // llama.cpp now and then finishes a whole answer that nobody waits for
			ways["a whole answer at its deadline"] = whole
		}
		for what, change := range ways {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			_, err := sampling.Model{Backend: s.backend(t, change)}.Complete(ctx, long)
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("with a deadline: %v", err)
			}
			idle(what)
		}
	})
}

func (s realServer) metric(t *testing.T) float64 { return s.metricOf(t, s.running) }

func (s realServer) metricOf(t *testing.T, name string) float64 {
	t.Helper()
	resp, err := http.Get(s.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	found := regexp.MustCompile(`(?m)^` + name + `(?:\{[^}]*\})? (\S+)`).FindSubmatch(raw)
	if found == nil {
		t.Fatalf("no %s in the server's metrics", name)
	}
	n, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRealServerCrowd(t *testing.T) {
	onRealServers(t, func(t *testing.T, s realServer) {
		m := sampling.Model{Backend: s.backend(t, nil)}
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				c, err := m.Complete(t.Context(), &sampling.Request{Prompt: "Once upon a time", Params: sampling.Params{MaxTokens: 12}})
				if err != nil || c.Text == "" || c.Usage.CompletionTokens > 12 {
					t.Errorf("%+v, %v", c, err)
				}
			})
		}
		wg.Wait()
		if all, err := m.Draw(t.Context(), &sampling.Request{Prompt: "The", Params: sampling.Params{MaxTokens: 4, Temperature: 1}}, 10); err != nil || len(all) != 10 {
			t.Errorf("drawing 10: %d came, %v", len(all), err)
		}
	})
}

func TestRealServerTooLong(t *testing.T) {
	onRealServers(t, func(t *testing.T, s realServer) {
		for _, change := range []func(*openai.Config){nil, whole} {
			b := s.backend(t, change)
			info, err := b.Describe(t.Context())
			if err != nil || info.Window == 0 || !strings.HasPrefix(info.Server, s.config.Dialect.Native()) || info.Model == "" {
				t.Fatalf("%+v, %v", info, err)
			}
			prompt := strings.Repeat("word ", info.Window+100)
			_, err = sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: prompt})
			if !errors.Is(err, sampling.ErrBudget) {
				t.Errorf("sampling: %v", err)
			}
			m, err := sampling.Discover(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := m.Complete(t.Context(), &sampling.Request{Prompt: prompt}); !errors.Is(err, sampling.ErrBudget) {
				t.Errorf("with the window that the server tells: %v", err)
			}
			if _, err := b.Score(t.Context(), &sampling.Request{Prompt: prompt}, []string{" a", " b"}); !errors.Is(err, sampling.ErrBudget) {
				t.Errorf("scoring: %v", err)
			}
		}
	})
}
