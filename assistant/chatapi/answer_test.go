package chatapi_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// streamed posts a body to be streamed and returns the first choice's text and
// finish reason.
func (s *server) streamed(t *testing.T, body string) (text, finish string) {
	t.Helper()
	status, all := s.post(t, strings.TrimSuffix(body, "}")+`,"stream":true}`)
	if status != 200 || !strings.HasSuffix(all, "data: [DONE]\n\n") {
		t.Fatalf("status %d: %s", status, all)
	}
	for line := range strings.Lines(all) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		c := decode(t, data).Choices[0]
		text += c.Delta.Content
		if c.FinishReason != nil {
			finish = *c.FinishReason
		}
	}
	return text, finish
}

// TestReplies checks what becomes of a continuation, whole and streamed, however
// it is cut into chunks.
func TestReplies(t *testing.T) {
	for _, tt := range []struct {
		name, body   string
		reply        samplingtest.Reply
		want, finish string
	}{
		{"plain", `{` + hi + `}`, samplingtest.Reply{Text: " Yes."}, "Yes.", "stop"},
		{"the next turn", `{` + hi + `}`, samplingtest.Reply{Text: " Yes.\n\nHuman: And?"}, "Yes.", "stop"},
		{"the limit", `{` + hi + `}`, samplingtest.Reply{Text: " Yes", Reason: sampling.TokenLimit}, "Yes", "length"},
		{"a filter", `{` + hi + `}`, samplingtest.Reply{Text: " Yes", Reason: sampling.Filtered}, "Yes", "content_filter"},
		{"nothing", `{` + hi + `}`, samplingtest.Reply{Text: ""}, "", "stop"},
		{"a stop", with(`"stop":"o"`), samplingtest.Reply{Text: " one two"}, "", "stop"},
		{"a later stop", with(`"stop":["xx","tw"]`), samplingtest.Reply{Text: " one two"}, "one", "stop"},
		{"a stop that is white space", with(`"stop":" "`), samplingtest.Reply{Text: " one two"}, "one", "stop"},
		{"a stop that is a line", with(`"stop":"\n"`), samplingtest.Reply{Text: "\none\ntwo"}, "one", "stop"},
		{"a stop that the layout stuffs", with(`"stop":"\nHuman:"`), samplingtest.Reply{Text: " one\n Human: two"}, "one", "stop"},
		{"a stop that ends a label", with(`"stop":":"`), samplingtest.Reply{Text: " one\n\nHuman: two"}, "one", "stop"},
		{"a stop within a label", with(`"stop":"uman"`), samplingtest.Reply{Text: " one\n\nHuman: two"}, "one", "stop"},
		{"a stop within a label and in a text", with(`"stop":":"`), samplingtest.Reply{Text: " one: two\n\nHuman: two"}, "one", "stop"},
		{"the same stop twice", with(`"stop":["tw","tw"]`), samplingtest.Reply{Text: " one two"}, "one", "stop"},
		{"a prefill", `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"one"}]}`, samplingtest.Reply{Text: " two"}, " two", "stop"},
		{"a prefill that ends in a space", `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"one "}]}`, samplingtest.Reply{Text: " two"}, "two", "stop"},
		{"a prefill of lines", `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"one\r\n\r\nHuman: x"}]}`, samplingtest.Reply{Text: " two"}, " two", "stop"},
		{"a stop within the prefill", `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"one"}],"stop":["on","ne t"]}`, samplingtest.Reply{Text: " two"}, " two", "stop"},
		{"a prefill and nothing", `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"one"}]}`, samplingtest.Reply{Text: "\n\nHuman: b"}, "", "stop"},
	} {
		for _, size := range []int{0, 1, 3} {
			for _, layout := range []assistant.Layout{assistant.Dialogue, assistant.Headings} {
				if layout == assistant.Headings && strings.Contains(tt.reply.Text+tt.body, "Human") {
					continue // it has other labels
				}
				script := &samplingtest.Script{Answer: samplingtest.Always(tt.reply), ChunkSize: size}
				s := serve(t, chatapi.Config{Model: sampling.Model{Backend: script}, Persona: assistant.Persona{Layout: layout}})
				status, all := s.post(t, tt.body)
				if status != 200 {
					t.Fatalf("%s: %d %s", tt.name, status, all)
				}
				c := decode(t, all).Choices[0]
				got := c.Message.Content
				if got != tt.want {
					t.Errorf("%s, chunks of %d, %v: %q, want %q", tt.name, size, layout, got, tt.want)
				}
				if *c.FinishReason != tt.finish {
					t.Errorf("%s: finish %q, want %q", tt.name, *c.FinishReason, tt.finish)
				}
				if text, finish := s.streamed(t, tt.body); text != got || finish != tt.finish {
					t.Errorf("%s: streamed %q and %q, whole %q", tt.name, text, finish, got)
				}
			}
		}
	}
}

// TestStopsOfOneAndOfMany: a client's stop leaves the same text of a reply that is drawn
// alone, of one that is drawn with others, and of a stream.
func TestStopsOfOneAndOfMany(t *testing.T) {
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: pocket.Default()}})
	for _, stop := range []string{"sky", "is", "e", " ", "b", ". "} {
		body := fmt.Sprintf(`{"messages":[{"role":"user","content":"Why is the sky blue?"}],"temperature":0,"stop":%q`, stop)
		alone := s.ask(t, body+`}`)
		_, all := s.post(t, body+`,"n":2}`)
		for i, c := range decode(t, all).Choices {
			if c.Message.Content != alone {
				t.Errorf("%q: reply %d of 2 is %q, and alone %q", stop, i, c.Message.Content, alone)
			}
		}
		if streamed, _ := s.streamed(t, body+`}`); streamed != alone {
			t.Errorf("%q: streamed %q, whole %q", stop, streamed, alone)
		}
	}
}

// TestLoop: a reply that repeats itself is an error and never a finish_reason. What
// a stream has given out by then stays.
func TestLoop(t *testing.T) {
	reply := samplingtest.Reply{Text: strings.Repeat(" and again", 60)}
	script := &samplingtest.Script{Answer: samplingtest.Always(reply), ChunkSize: 1}
	s := serveScript(t, script)
	status, whole := s.post(t, `{`+hi+`}`)
	_, streamed := s.post(t, `{`+hi+`,"stream":true}`)
	if status != 502 || !strings.Contains(streamed, `"content":"and"`) && !strings.Contains(streamed, `"content":"a"`) {
		t.Errorf("%d %s\n%s", status, whole, streamed)
	}
	for _, answer := range []string{whole, streamed} {
		if !strings.Contains(answer, `"code":"reply_repeats"`) || strings.Contains(answer, `"finish_reason":"`) {
			t.Errorf("%s", answer)
		}
	}
}

// TestLoopAgain: a whole answer that repeats itself is asked for once more, with a
// penalty, alone and among several.
func TestLoopAgain(t *testing.T) {
	loop := samplingtest.Reply{Text: strings.Repeat(" and again", 60)}
	for _, n := range []int{1, 3} {
		script := &samplingtest.Script{ChunkSize: 3, Answer: func(_ int, req *sampling.Request) samplingtest.Reply {
			if req.Params.RepetitionPenalty == 0 {
				return loop
			}
			return samplingtest.Reply{Text: " one two"}
		}}
		s := serveScript(t, drawer{script, func(_ context.Context, _ *sampling.Request, n int) ([]*sampling.Completion, error) {
			return slices.Repeat([]*sampling.Completion{{Text: loop.Text, Reason: sampling.EndOfText}}, n), nil
		}})
		status, text := s.post(t, with(fmt.Sprintf(`"stop":" two","n":%d`, n)))
		choices := decode(t, text).Choices
		if status != 200 || len(choices) != n {
			t.Fatalf("n=%d: %d %s", n, status, text)
		}
		for _, c := range choices {
			if c.Message.Content != "one" || *c.FinishReason != "stop" {
				t.Errorf("n=%d: %s", n, text)
			}
		}
	}
}

// TestStopAtOnce: a reply that begins with the client's stop is empty, and is not asked
// for again, even if the server does not say which stop it was.
func TestStopAtOnce(t *testing.T) {
	script := &samplingtest.Script{Answer: samplingtest.Always("")}
	s := serveScript(t, script)
	if text := s.ask(t, with(`"stop":"red"`)); text != "" {
		t.Errorf("%q", text)
	}
	if n := len(script.Calls()); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
}

// TestLoopWithoutPenalty: where the backend has no such penalty, the loop is the
// error.
func TestLoopWithoutPenalty(t *testing.T) {
	s := serveScript(t, &samplingtest.Script{Answer: func(_ int, req *sampling.Request) samplingtest.Reply {
		if req.Params.RepetitionPenalty == 0 {
			return samplingtest.Reply{Text: strings.Repeat(" and again", 60)}
		}
		return samplingtest.Reply{Err: fmt.Errorf("%w: Params.RepetitionPenalty", sampling.ErrUnsupported)}
	}})
	if status, text := s.post(t, `{`+hi+`}`); status != 502 || !strings.Contains(text, "reply_repeats") {
		t.Errorf("%d %s", status, text)
	}
}

// TestParameters checks what reaches the backend.
func TestParameters(t *testing.T) {
	defaults := sampling.Params{MaxTokens: 50, Temperature: 0.7, TopP: 0.9}
	for _, tt := range []struct {
		field string
		want  func(*sampling.Params)
	}{
		{`"user":"a","metadata":{},"store":false,"tools":[],"response_format":{ "type" : "text" },"logit_bias":{},"service_tier":"auto"`, func(p *sampling.Params) {}},
		{`"model":""`, func(p *sampling.Params) {}},
		{`"model":"foreword"`, func(p *sampling.Params) {}},
		{`"temperature":0`, func(p *sampling.Params) { p.Temperature = 0 }},
		{`"temperature":null`, func(p *sampling.Params) {}},
		{`"temperature":1.5`, func(p *sampling.Params) { p.Temperature = 1.5 }},
		{`"top_p":1`, func(p *sampling.Params) { p.TopP = 1 }},
		{`"temperature":1,"top_p":0`, func(p *sampling.Params) { p.TopP, p.Temperature = 0, 0 }},
		{`"top_p":0,"temperature":1`, func(p *sampling.Params) { p.TopP, p.Temperature = 0, 0 }},
		{`"max_tokens":7`, func(p *sampling.Params) { p.MaxTokens = 7 }},
		{`"max_completion_tokens":8`, func(p *sampling.Params) { p.MaxTokens = 8 }},
		{`"max_tokens":8,"max_completion_tokens":8`, func(p *sampling.Params) { p.MaxTokens = 8 }},
		{`"frequency_penalty":-2,"presence_penalty":2`, func(p *sampling.Params) { p.FrequencyPenalty, p.PresencePenalty = -2, 2 }},
		{`"top_k":5,"min_p":0.1,"repetition_penalty":1.1`, func(p *sampling.Params) { p.TopK, p.MinP, p.RepetitionPenalty = 5, 0.1, 1.1 }},
		{`"seed":9007199254740993`, func(p *sampling.Params) { p.Seed = 9007199254740993 }},
		{`"logprobs":true`, func(p *sampling.Params) { p.Logprobs = true }},
		{`"logprobs":true,"top_logprobs":5`, func(p *sampling.Params) { p.Logprobs, p.TopLogprobs = true, 5 }},
		{`"logprobs":false`, func(p *sampling.Params) {}},
	} {
		script := &samplingtest.Script{Answer: samplingtest.InTurn(" ok")}
		s := serve(t, chatapi.Config{Model: sampling.Model{Backend: script}, Params: defaults})
		s.ask(t, with(tt.field))
		got, want := script.Calls()[0].Request.Params, defaults
		if tt.want(&want); want.Seed == 0 {
			got.Seed = 0 // a fresh one
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %+v, want %+v", tt.field, got, want)
		}
	}
}

// TestSeeds checks that every seed of OpenAI's is one of ours, always the same.
func TestSeeds(t *testing.T) {
	script := &samplingtest.Script{Answer: samplingtest.Always(" ok")}
	s := serveScript(t, script)
	for _, seed := range []string{"0", "-1", "-9223372036854775808"} {
		before := len(script.Calls())
		s.ask(t, with(`"seed":`+seed))
		s.ask(t, with(`"seed":`+seed))
		calls := script.Calls()[before:]
		if a, b := calls[0].Request.Params.Seed, calls[1].Request.Params.Seed; a != b || a == 0 || a > 1<<30 {
			t.Errorf("seed %s: %d and %d", seed, a, b)
		}
	}
	before := len(script.Calls())
	s.ask(t, with(`"seed":5,"n":3`))
	var seeds []uint64
	for _, call := range script.Calls()[before:] {
		seeds = append(seeds, call.Request.Params.Seed)
	}
	if slices.Sort(seeds); fmt.Sprint(seeds) != "[5 6 7]" {
		t.Errorf("%v", seeds)
	}
}

// TestStopsReachBackend checks that the client's stops come on top of the
// layout's, but for those that the backend would find where the reply has none.
func TestStopsReachBackend(t *testing.T) {
	script := &samplingtest.Script{Answer: samplingtest.InTurn(" ok")}
	s := serveScript(t, script)
	s.ask(t, with(`"stop":["###"," x","a\nb"]`))
	stops := script.Calls()[0].Request.Stop
	if !slices.Contains(stops, "###") || slices.Contains(stops, " x") || slices.Contains(stops, "a\nb") || len(stops) < 2 {
		t.Errorf("%q", stops)
	}
}

// TestTokensAtStop checks which tokens are told when a stop sequence of the
// client cuts the reply: the whole ones before it, without white space before the reply.
func TestTokensAtStop(t *testing.T) {
	token := func(s string) sampling.Chunk {
		return sampling.Chunk{Text: s, Tokens: []sampling.Token{{Text: s, Logprob: -1, Top: []sampling.Token{{Text: s, Logprob: -1}, {Text: "x", Logprob: -2}}}}}
	}
	chunks := []sampling.Chunk{token(" one"), token(" two"), token(" th"), token("ree"), token(" four")}
	chunks[4].Reason = sampling.EndOfText
	s := serveScript(t, &samplingtest.Script{Answer: samplingtest.Always(samplingtest.Reply{Chunks: chunks})})
	for body, want := range map[string]string{
		with(`"logprobs":true`):                                   "one| two| th|ree| four",
		with(`"logprobs":true,"stop":" three"`):                   "one| two",
		with(`"logprobs":true,"stop":"four","top_logprobs":1`):    "one| two| th|ree",
		with(`"logprobs":true,"stop":"hree"`):                     "one| two",
		with(`"logprobs":true,"stop":"nowhere","top_logprobs":2`): "one| two| th|ree| four",
	} {
		_, all := s.post(t, body)
		var got []string
		for _, token := range decode(t, all).Choices[0].Logprobs.Content {
			got = append(got, token.Token)
			if n := strings.Count(body, `"top_logprobs":1`) + 2*strings.Count(body, `"top_logprobs":2`); len(token.Top) != n || token.Logprob != -1 || len(token.Bytes) != len(token.Token) {
				t.Errorf("%s: %+v", body, token)
			}
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}
