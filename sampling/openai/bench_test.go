package openai_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// benchTokens is how many tokens a benchmark's completion has.
const benchTokens = 1000

// benchServer answers on the loopback interface, streamed or whole, with events
// as long as those of real servers.
func benchServer(b *testing.B) string {
	event := func(text, finish string) string {
		return fmt.Sprintf(`{"id":"cmpl-ov8jTW1LkRcyTIRClsqrQsAR","object":"text_completion","created":1795446566,"model":"meta-llama/Meta-Llama-3.1-405B","choices":[{"index":0,"text":%q,"logprobs":null,"finish_reason":%s}],"usage":null}`, text, finish)
	}
	token, last := "data: "+event(" there", "null")+"\n\n", "data: "+event("", `"length"`)+"\n\n"
	const usage = `"usage":{"prompt_tokens":5,"completion_tokens":1000,"total_tokens":1005}`
	whole := strings.Replace(event(strings.Repeat(" there", benchTokens), `"length"`), `"usage":null`, usage, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(body), `"stream":true`) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, whole)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		flush := w.(http.Flusher).Flush
		for range benchTokens {
			io.WriteString(w, token)
			flush()
		}
		io.WriteString(w, last)
		io.WriteString(w, `data: {"choices":[],`+usage+"}\n\ndata: [DONE]\n\n")
	}))
	b.Cleanup(s.Close)
	return s.URL + "/v1"
}

// A side of a comparison makes one call and returns its text's length in bytes.
type side func(ctx context.Context) (int, error)

// compareSides makes the same calls by turns on both sides, so that whatever
// else the machine does befalls both, and reports ours as a multiple of raw. Each
// side is first as often as the other. The medians are compared.
func compareSides(b *testing.B, raw, ours side) {
	took := func(f side) time.Duration {
		start := time.Now()
		n, err := f(b.Context())
		if err != nil || n != len(" there")*benchTokens {
			b.Fatalf("%d bytes, %v", n, err)
		}
		return time.Since(start)
	}
	var rawTimes, ourTimes []time.Duration
	for b.Loop() {
		if len(rawTimes)%2 == 1 {
			ourTimes = append(ourTimes, took(ours))
		}
		rawTimes = append(rawTimes, took(raw))
		if len(ourTimes) < len(rawTimes) {
			ourTimes = append(ourTimes, took(ours))
		}
	}
	median := func(all []time.Duration) float64 {
		slices.Sort(all)
		return float64(all[len(all)/2])
	}
	r, o := median(rawTimes), median(ourTimes)
	b.ReportMetric(0, "ns/op") // the time of both together says nothing
	b.ReportMetric(r, "ns/raw")
	b.ReportMetric(o, "ns/ours")
	b.ReportMetric(o/r, "ratio")
}

func benchModel(b *testing.B, url string, whole bool) sampling.Model {
	backend, err := openai.New(openai.Config{BaseURL: url, Model: "m", NoStreaming: whole})
	if err != nil {
		b.Fatal(err)
	}
	return sampling.Model{Backend: backend}
}

// BenchmarkStream compares a stream of 1,000 tokens over loopback with the same
// through go-openai alone. Neither looks for stop sequences.
func BenchmarkStream(b *testing.B) {
	url := benchServer(b)
	config := goopenai.DefaultConfig("")
	config.BaseURL = url
	client := goopenai.NewClientWithConfig(config)
	raw := func(ctx context.Context) (n int, err error) {
		stream, err := client.CreateCompletionStream(ctx, goopenai.CompletionRequest{Model: "m", Prompt: "Once upon a time", MaxTokens: benchTokens})
		if err != nil {
			return 0, err
		}
		defer stream.Close()
		for {
			event, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return n, nil
			}
			if err != nil {
				return n, err
			}
			for _, choice := range event.Choices {
				n += len(choice.Text)
			}
		}
	}
	m := benchModel(b, url, false)
	ours := func(ctx context.Context) (n int, err error) {
		for chunk, err := range m.Stream(ctx, &sampling.Request{Prompt: "Once upon a time", Params: sampling.Params{MaxTokens: benchTokens}}) {
			if err != nil {
				return n, err
			}
			n += len(chunk.Text)
		}
		return n, nil
	}
	compareSides(b, raw, ours)
}

// BenchmarkWhole compares a completion of 1,000 tokens in one piece.
func BenchmarkWhole(b *testing.B) {
	url := benchServer(b)
	config := goopenai.DefaultConfig("")
	config.BaseURL = url
	client := goopenai.NewClientWithConfig(config)
	raw := func(ctx context.Context) (int, error) {
		resp, err := client.CreateCompletion(ctx, goopenai.CompletionRequest{Model: "m", Prompt: "Once upon a time", MaxTokens: benchTokens})
		if err != nil {
			return 0, err
		}
		return len(resp.Choices[0].Text), nil
	}
	m := benchModel(b, url, true)
	ours := func(ctx context.Context) (int, error) {
		c, err := m.Complete(ctx, &sampling.Request{Prompt: "Once upon a time", Params: sampling.Params{MaxTokens: benchTokens}})
		if err != nil {
			return 0, err
		}
		return len(c.Text), nil
	}
	compareSides(b, raw, ours)
}
