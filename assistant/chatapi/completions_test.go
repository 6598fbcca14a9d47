package chatapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// A textAnswer is what the tests read of a completion or one of its events.
type textAnswer struct {
	ID, Object string
	Choices    []struct {
		Text         string
		Index        int
		FinishReason *string `json:"finish_reason"`
		Logprobs     *struct {
			Tokens  []string
			Token   []float64            `json:"token_logprobs"`
			Top     []map[string]float64 `json:"top_logprobs"`
			Offsets []int                `json:"text_offset"`
		}
	}
	Usage *struct {
		PromptTokens     int `json:"prompt_tokens"`
		CompletionTokens int `json:"completion_tokens"`
	}
}

// complete posts a completion that must be answered.
func (s *server) complete(t *testing.T, body string) textAnswer {
	t.Helper()
	status, text := s.postTo(t, "/v1/completions", body)
	var a textAnswer
	if err := json.Unmarshal([]byte(text), &a); status != 200 || err != nil {
		t.Fatalf("%s: %d %s", body, status, text)
	}
	return a
}

// TestCompletions sends raw prompts: no persona sees them, and the reply ends at
// the request's own stops only.
func TestCompletions(t *testing.T) {
	const reply = " two\n\nHuman: three four"
	for _, size := range []int{0, 1, 3} {
		script := &samplingtest.Script{Answer: samplingtest.Always(reply), ChunkSize: size}
		s := serve(t, chatapi.Config{Model: sampling.Model{Backend: script}, Persona: assistant.Helpful()})
		for body, want := range map[string]string{
			`{"prompt":"one"}`:                                         reply,
			`{"prompt":"one","stop":[" four","zz"]}`:                   " two\n\nHuman: three",
			`{"prompt":"one","stop":"\n","max_tokens":32000,"n":2}`:    " two",
			`{"prompt":["one"],"echo":false,"best_of":1,"suffix":""}`:  reply,
			`{"prompt":["one","one"],"logprobs":null,"logit_bias":{}}`: reply,
		} {
			a := s.complete(t, body)
			if a.Object != "text_completion" || !strings.HasPrefix(a.ID, "cmpl-") || a.Usage.PromptTokens == 0 {
				t.Errorf("%s: %+v", body, a)
			}
			for i, c := range a.Choices {
				if c.Text != want || c.Index != i || *c.FinishReason != "stop" || c.Logprobs != nil {
					t.Errorf("%s, chunks of %d: %+v, want %q", body, size, c, want)
				}
			}
			_, events := s.postTo(t, "/v1/completions", strings.TrimSuffix(body, "}")+`,"stream":true,"stream_options":{"include_usage":true}}`)
			texts := make([]string, len(a.Choices))
			var usage any
			for data := range data(t, events) {
				var event textAnswer
				if err := json.Unmarshal([]byte(data), &event); err != nil {
					t.Fatalf("%v in %q", err, data)
				}
				for _, c := range event.Choices {
					texts[c.Index] += c.Text
				}
				usage = event.Usage
			}
			for _, text := range texts {
				if text != want || usage == nil {
					t.Errorf("%s: streamed %q, usage %v", body, texts, usage)
				}
			}
		}
		for _, call := range script.Calls() {
			prompt := call.Request.Prompt
			if prompt != "one" {
				t.Errorf("prompt %q", prompt)
			}
		}
	}
}

// data yields the data of a stream's events, which must end with [DONE].
func data(t *testing.T, events string) func(func(string) bool) {
	t.Helper()
	if !strings.HasSuffix(events, "data: [DONE]\n\n") {
		t.Fatalf("no end: %s", events)
	}
	return func(yield func(string) bool) {
		for line := range strings.Lines(events) {
			if data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: "); ok && data != "[DONE]" && !yield(data) {
				return
			}
		}
	}
}

// TestCompletionLogprobs reads the log probabilities of two prompts.
func TestCompletionLogprobs(t *testing.T) {
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: pocket.Default()}})
	a := s.complete(t, `{"prompt":["The capital of France is","The sky is"],"logprobs":3,"max_tokens":5}`)
	if len(a.Choices) != 2 {
		t.Fatalf("%+v", a)
	}
	for _, c := range a.Choices {
		l := c.Logprobs
		if strings.Join(l.Tokens, "") != c.Text || len(l.Token) != len(l.Tokens) || len(l.Top) != len(l.Tokens) || l.Offsets[0] != 0 {
			t.Errorf("%q: %+v", c.Text, l)
		}
		for i := range l.Tokens {
			if l.Token[i] > 0 || len(l.Top[i]) == 0 || len(l.Top[i]) > 3 {
				t.Errorf("token %d: %+v", i, l)
			}
		}
	}
}

// TestReadsOnce asks for eight replies of a backend that draws them together: it
// reads the prompt once, and the answer says what it cost.
func TestReadsOnce(t *testing.T) {
	var draws, samples atomic.Int64
	var seed atomic.Uint64
	script := drawer{
		&samplingtest.Script{Answer: func(int, *sampling.Request) samplingtest.Reply {
			samples.Add(1)
			return samplingtest.Reply{Text: " one"}
		}},
		func(_ context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
			draws.Add(1)
			seed.Store(req.Params.Seed)
			all := make([]*sampling.Completion, n)
			for i := range all {
				all[i] = &sampling.Completion{Text: fmt.Sprint(" ", i, "\n\nHuman: so"), Reason: sampling.EndOfText, Seed: seeds.At(req.Params.Seed, i)}
			}
			all[0].Usage = sampling.Usage{PromptTokens: 100, CompletionTokens: 8 * 6}
			return all, nil
		},
	}
	s := serveScript(t, script)
	status, text := s.post(t, with(`"n":8,"temperature":1`))
	a := decode(t, text)
	if status != 200 || len(a.Choices) != 8 || a.Usage.PromptTokens != 100 || a.Usage.CompletionTokens != 48 {
		t.Fatalf("%d %s", status, text)
	}
	for i, c := range a.Choices {
		if c.Message.Content != fmt.Sprint(i) {
			t.Errorf("choice %d is %q", i, c.Message.Content)
		}
	}
	b := s.complete(t, `{"prompt":["a","b"],"n":4,"stop":"\n"}`)
	if len(b.Choices) != 8 || b.Choices[5].Text != " 1" || b.Usage.PromptTokens != 200 {
		t.Errorf("%+v", b)
	}
	if draws.Load() != 3 || samples.Load() != 0 {
		t.Errorf("%d draws, %d samples; want 3 and 0", draws.Load(), samples.Load())
	}
	// A single reply and a stream are sampled.
	s.ask(t, `{`+hi+`}`)
	if _, text := s.post(t, with(`"n":2,"stream":true`)); !strings.Contains(text, "[DONE]") {
		t.Error(text)
	}
	if draws.Load() != 3 || samples.Load() != 3 {
		t.Errorf("%d draws, %d samples; want 3 and 3", draws.Load(), samples.Load())
	}
	// Whichever reply comes first, the backend gets the request's seed.
	for range 20 {
		if s.ask(t, with(`"n":8,"seed":5`)); seed.Load() != 5 {
			t.Fatalf("the seed is %d", seed.Load())
		}
	}
	// One that draws fewer than asked for, none, or panics.
	for name, draw := range map[string]func(context.Context, *sampling.Request, int) ([]*sampling.Completion, error){
		"fewer": func(context.Context, *sampling.Request, int) ([]*sampling.Completion, error) {
			return []*sampling.Completion{{Text: " a", Reason: sampling.EndOfText}}, nil
		},
		"none": func(_ context.Context, _ *sampling.Request, n int) ([]*sampling.Completion, error) {
			return make([]*sampling.Completion, n), nil
		},
		"panics": func(context.Context, *sampling.Request, int) ([]*sampling.Completion, error) { panic(secretText) },
		"unfinished": func(_ context.Context, _ *sampling.Request, n int) ([]*sampling.Completion, error) {
			return slices.Repeat([]*sampling.Completion{{Text: " a"}}, n), nil
		},
	} {
		s := serveScript(t, drawer{&samplingtest.Script{}, draw})
		if status, text := s.post(t, with(`"n":3`)); status < 500 || strings.Contains(text, secretText) {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
}

// TestServersWindow has a server that finds a prompt too long.
func TestServersWindow(t *testing.T) {
	tooLong := &sampling.Error{Backend: "b", Status: 400, Err: fmt.Errorf("%w: %s", sampling.ErrBudget, secretText)}
	s := serveScript(t, &samplingtest.Script{Answer: samplingtest.Always(samplingtest.Reply{Err: tooLong})})
	for path, body := range map[string]string{"/v1/chat/completions": `{` + hi + `}`, "/v1/completions": `{"prompt":"a"}`, "/v1/responses": `{"input":"a"}`} {
		status, text := s.postTo(t, path, body)
		e := decode(t, text).Error
		if status != 400 || *e.Code != "context_length_exceeded" || !strings.Contains(body, *e.Param) || strings.Contains(text, secretText) {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
}

// TestIgnoredFields names the fields that change nothing at debug level, without
// their values.
func TestIgnoredFields(t *testing.T) {
	log := new(buffer)
	s := serve(t, chatapi.Config{
		Model:  sampling.Model{Backend: &samplingtest.Script{Answer: samplingtest.Always(" Fine.")}},
		Logger: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	s.ask(t, `{"messages":[{"role":"user","name":"private-words-51d7","content":"a"},{"role":"user","name":"b","id":"c","content":"d"}],"store":true,"tools":[],"metadata":{"private-words-51d7":1}}`)
	s.complete(t, `{"prompt":"a"}`)
	s.Close()
	if got := log.String(); strings.Contains(got, secretText) || strings.Count(got, `"level":"DEBUG"`) != 1 ||
		!strings.Contains(got, `"fields":["messages.name","messages.id","store","tools","metadata"]`) {
		t.Errorf("log %s", got)
	}
}

// TestManyTokensOfOneText keeps the likelier of two tokens that are the same text.
func TestManyTokensOfOneText(t *testing.T) {
	top := []sampling.Token{{Text: " a", Logprob: -0.5}, {Text: " a", Logprob: -5}, {Text: " b", Logprob: math.Inf(-1)}}
	s := serveScript(t, &samplingtest.Script{Answer: samplingtest.InTurn(samplingtest.Reply{Chunks: []sampling.Chunk{
		{Text: " é", Tokens: []sampling.Token{{Text: " é", Logprob: -0.5, Top: top}}},
		{Text: " a", Tokens: []sampling.Token{{Text: " a", Logprob: -0.5, Top: top}}, Reason: sampling.EndOfText},
	}})})
	l := s.complete(t, `{"prompt":"x","logprobs":3}`).Choices[0].Logprobs
	if l.Top[0][" a"] != -0.5 || l.Top[0][" b"] != -9999 || !slices.Equal(l.Offsets, []int{0, 2}) {
		t.Errorf("%+v", l)
	}
}
