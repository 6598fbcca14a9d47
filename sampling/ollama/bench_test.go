package ollama_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/ollama"
)

// thousand is a server whose answers have a thousand tokens, written line by
// line or whole, as Ollama writes them.
func thousand(b *testing.B) string {
	const tokens = 1000
	var lines [][]byte
	var text strings.Builder
	for i := range tokens {
		token := fmt.Sprintf(" word%d", i%97)
		text.WriteString(token)
		lines = append(lines, fmt.Appendf(nil, `{"model":"base-260k","created_at":"2026-11-23T15:02:42.650588373Z","response":%q,"done":false}`+"\n", token))
	}
	last := func(response string) []byte {
		return fmt.Appendf(nil, `{"model":"base-260k","created_at":"2026-11-23T15:02:42.69404068Z","response":%q,"done":true,"done_reason":"length",`+
			`"total_duration":63076119,"load_duration":3633648,"prompt_eval_count":5,"prompt_eval_duration":6833586,"eval_count":1000,"eval_duration":50747705}`+"\n", response)
	}
	lines = append(lines, last(""))
	whole := last(text.String())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q question
		json.NewDecoder(r.Body).Decode(&q)
		if !or(q.Stream, true) {
			w.Write(whole)
			return
		}
		for _, line := range lines {
			w.Write(line)
			w.(http.Flusher).Flush()
		}
	}))
	b.Cleanup(server.Close)
	return server.URL
}

// plainly is the least that a program would write: post, and decode what comes.
func plainly(b *testing.B, url string, stream bool) (n int) {
	body, _ := json.Marshal(map[string]any{"model": "base-260k", "prompt": "Once upon a time", "raw": true, "stream": stream,
		"options": map[string]any{"num_predict": 1000, "temperature": 0}})
	resp, err := http.Post(url+"/api/generate", "application/json", bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	for dec := json.NewDecoder(bufio.NewReader(resp.Body)); ; {
		var line struct {
			Response   string `json:"response"`
			Done       bool   `json:"done"`
			DoneReason string `json:"done_reason"`
			EvalCount  int    `json:"eval_count"`
		}
		if err := dec.Decode(&line); err != nil {
			b.Fatal(err)
		}
		n += len(line.Response)
		if line.Done {
			io.Copy(io.Discard, resp.Body)
			return n
		}
	}
}

// BenchmarkThousandTokens compares the backend with the plain loop on the same
// server over loopback. Each iteration does both, in turn, so that a busy machine
// is busy for both; ratio is the backend's time by the plain loop's.
func BenchmarkThousandTokens(b *testing.B) {
	for _, whole := range []bool{false, true} {
		b.Run(map[bool]string{false: "streamed", true: "whole"}[whole], func(b *testing.B) {
			url := thousand(b)
			backend, err := ollama.New(ollama.Config{URL: url, Model: "base-260k", Version: "0.17.4", NoStreaming: whole})
			if err != nil {
				b.Fatal(err)
			}
			m, req := sampling.Model{Backend: backend}, &sampling.Request{Prompt: "Once upon a time", Params: sampling.Params{MaxTokens: 1000}}
			var ours, theirs int64
			b.ReportAllocs()
			for b.Loop() {
				from := b.Elapsed()
				n := 0
				for chunk, err := range m.Stream(b.Context(), req) {
					if err != nil {
						b.Fatal(err)
					}
					n += len(chunk.Text)
				}
				between := b.Elapsed()
				if plain := plainly(b, url, !whole); n != plain {
					b.Fatalf("%d bytes of text, and plainly %d", n, plain)
				}
				ours += int64(between - from)
				theirs += int64(b.Elapsed() - between)
			}
			b.ReportMetric(float64(ours)/float64(theirs), "ratio")
			b.ReportMetric(float64(ours)/float64(b.N), "ns/1000-tokens")
		})
	}
}
