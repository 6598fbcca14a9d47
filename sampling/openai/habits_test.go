package openai_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/internal/faultwire"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// stream is a body of events.
func stream(events ...string) string {
	return "data: " + strings.Join(events, "\n\ndata: ") + "\n\n"
}

func asked(t *testing.T, d openai.Dialect, body string, req sampling.Request) (*sampling.Completion, error) {
	t.Helper()
	req.Prompt = "x"
	return answered(t, d, strings.NewReader(body), &req)
}

// A server that closes a connection which it promised to keep costs no call.
func TestKeptConnection(t *testing.T) {
	server := faultwire.NewFaultServer(t)
	for _, whole := range []bool{false, true} {
		b, err := openai.New(openai.Config{BaseURL: server.KeptURL() + "/v1", Model: "m", NoStreaming: whole})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			c, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: "x", Stop: []string{"\n"}})
			if err != nil || c.Text != faultwire.FaultText {
				t.Fatalf("whole %v, call %d: %v", whole, i, err)
			}
		}
	}
}

// llama.cpp with a model that has no token for the beginning of the text draws nothing
// from an empty prompt, and reports the token limit.
func TestEmptyPrompt(t *testing.T) {
	last := `{"choices":[{"index":0,"text":"","finish_reason":"length"}],"usage":{"completion_tokens":0,"prompt_tokens":0}}`
	for how, body := range map[string]string{"streamed": stream(said(""), last), "at once": last} {
		for text, wanted := range map[string]error{"": sampling.ErrUnsupported, "x": nil} {
			c, err := answered(t, openai.LlamaCpp, strings.NewReader(body), &sampling.Request{Prompt: text})
			if !errors.Is(err, wanted) {
				t.Errorf("%s, prompt %q: %+v, %v; want %v", how, text, c, err, wanted)
			}
		}
	}
}

// Where a server says which stop sequence it matched, what it leaked of it is cut.
func TestLeakedStops(t *testing.T) {
	for _, test := range []struct {
		why, text, ending string
		dialect           openai.Dialect
		want, found       string
	}{
		{"SGLang and oMLX", "fromage</output", `"finish_reason":"stop","matched_stop":"</output>"`, openai.OpenAI, "fromage", "</output>"},
		{"one byte of it", "fromage<", `"finish_reason":"stop","matched_stop":"</output>"`, openai.SGLang, "fromage", "</output>"},
		{"by vLLM's name", "fromage\nQ", `"finish_reason":"stop","stop_reason":"\nQ:"`, openai.VLLM, "fromage", "\nQ:"},
		{"nothing leaked", "fromage", `"finish_reason":"stop","matched_stop":"</output>"`, openai.OpenAI, "fromage", "</output>"},
		{"left in the text", "fromage</output>", `"finish_reason":"stop","stop_reason":"</output>"`, openai.VLLM, "fromage", "</output>"},
		{"a letter of several bytes", "fromage – ", `"finish_reason":"stop","matched_stop":"– Q"`, openai.OpenAI, "fromage ", "– Q"},
		{"not one of ours", "fromage</output", `"finish_reason":"stop","matched_stop":"</outputs>"`, openai.OpenAI, "fromage</output", ""},
		{"the id of a token", "fromage</output", `"finish_reason":"stop","matched_stop":7`, openai.OpenAI, "fromage</output", ""},
	} {
		last := `{"choices":[{"index":0,"text":"",` + test.ending + `}]}`
		for how, body := range map[string]string{
			"streamed": stream(said(test.text[:3]), said(test.text[3:]), last),
			"at once":  `{"choices":[{"index":0,"text":` + rawString(test.text) + `,` + test.ending + `}]}`,
		} {
			c, err := asked(t, test.dialect, body, sampling.Request{Stop: []string{"</output>", "\nQ:", "– Q"}})
			if err != nil || c.Text != test.want || c.Stop != test.found {
				t.Errorf("%s, %s: %q, stop %q, %v; want %q, %q", test.why, how, c.Text, c.Stop, err, test.want, test.found)
			}
		}
	}
	// llama.cpp cuts exactly, so that what looks like a beginning is text.
	body := stream(said("a <"), `{"choices":[{"index":0,"text":"","finish_reason":"stop"}],"__verbose":{"stop_type":"word","stopping_word":"</output>"}}`)
	if c, err := asked(t, openai.LlamaCpp, body, sampling.Request{Stop: []string{"</output>"}}); err != nil || c.Text != "a <" {
		t.Errorf("llama.cpp: %q, %v", c.Text, err)
	}
}

// Every reason has one meaning, and text that came with one that is not known is
// kept: a stop sequence may be in it.
func TestFinishReasons(t *testing.T) {
	for reason, want := range map[string]sampling.Reason{
		"length": sampling.TokenLimit, "max_tokens": sampling.TokenLimit, "MAX_TOKENS": sampling.TokenLimit, "model_length": sampling.TokenLimit,
		"stop": sampling.EndOfText, "STOP": sampling.EndOfText, "eos": sampling.EndOfText, "eos_token": sampling.EndOfText, "stop_sequence": sampling.EndOfText, "end_turn": sampling.EndOfText,
		"content_filter": sampling.Filtered, "SAFETY": sampling.Filtered,
		"repetition": 0, "abort": 0, "insufficient_system_resource": 0, "tool_calls": 0, "error": 0, "odd": 0,
	} {
		with := fmt.Sprintf(`{"choices":[{"index":0,"text":" green\nmore","finish_reason":%q}]}`, reason)
		for how, body := range map[string]string{"streamed": stream(said("blue"), with), "whole": strings.Replace(with, " green", "blue green", 1)} {
			c, err := asked(t, openai.OpenAI, body, sampling.Request{})
			if c == nil || c.Text != "blue green\nmore" || c.Reason != want || errors.Is(err, sampling.ErrTruncated) != (want == 0) || (err != nil) != (want == 0) {
				t.Errorf("%s, %s: %+v, %v", reason, how, c, err)
			}
			c, err = asked(t, openai.OpenAI, body, sampling.Request{Stop: []string{"\n"}})
			if err != nil || c.Text != "blue green" || c.Reason != sampling.StopSequence {
				t.Errorf("%s, %s, with a stop: %+v, %v", reason, how, c, err)
			}
		}
	}
}

// What is not a JSON object is not an answer, before, between or after the text.
func TestKeepAlives(t *testing.T) {
	for _, keep := range []string{
		"data: : keepalive\n\n", "data: \"\"\n\n", "data: ping\n\n", "data: 1\n\n", "data: []\n\n", "data: null\n\n", ":\n\n",
		"event: ping\ndata: {\"choices\":[{\"index\":0,\"text\":\"no\"}]}\n\n", "event: ping\ndata: 2026-11-28\n\n", "event: heartbeat\ndata: {\"error\":1}\n\n",
	} {
		body := keep + stream(said("a")) + keep + keep + stream(said("b"), ended) + keep + "data: [DONE]\n\n"
		c, err := asked(t, openai.OpenAI, body, sampling.Request{})
		if err != nil || c.Text != "ab" {
			t.Errorf("%q: %+v, %v", keep, c, err)
		}
	}
	for _, only := range []string{"data: ping\n\n", "data: \"\"\n\ndata: [DONE]\n\n"} {
		if c, err := asked(t, openai.OpenAI, only, sampling.Request{}); !errors.Is(err, sampling.ErrTruncated) || c.Text != "" {
			t.Errorf("nothing but %q: %+v, %v", only, c, err)
		}
	}
}

// What nobody asked for cannot fail a completion.
func TestUnasked(t *testing.T) {
	for _, extra := range []string{
		`"logprobs":{"tokens":[1,2],"token_logprobs":[-1]}`, `"logprobs":[]`, `"logprobs":{"tokens":[],"token_logprobs":[]}`,
		`"logprobs":{"content":7}`, `"logprobs":"no"`, `"logprobs":{"tokens":["a"],"token_logprobs":[5.5]}`,
	} {
		body := stream(`{"object":5,"model":[],"system_fingerprint":7,"choices":[{"index":0,"text":"a","finish_reason":"stop",` + extra + `}]}`)
		if c, err := asked(t, openai.OpenAI, body, sampling.Request{}); err != nil || c.Text != "a" || c.Tokens != nil {
			t.Errorf("%s: %+v, %v", extra, c, err)
		}
	}
}

// Token counts that cannot be true are none.
func TestOddUsage(t *testing.T) {
	for usage, want := range map[string]sampling.Usage{
		`{"prompt_tokens":-5,"completion_tokens":3}`:                                             {CompletionTokens: 3},
		`{"prompt_tokens":5,"completion_tokens":-3}`:                                             {PromptTokens: 5},
		`{"prompt_tokens":99999999999999999999,"completion_tokens":3}`:                           {CompletionTokens: 3},
		`{"prompt_tokens":5.0,"completion_tokens":"3"}`:                                          {PromptTokens: 5},
		`{"prompt_tokens":5,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":9}}`:  {PromptTokens: 5, CompletionTokens: 3, CachedTokens: 5},
		`{"prompt_tokens":5,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":-9}}`: {PromptTokens: 5, CompletionTokens: 3},
		`{"prompt_tokens":5,"completion_tokens":3,"prompt_tokens_details":null}`:                 {PromptTokens: 5, CompletionTokens: 3},
		`[1,2]`: {}, `"many"`: {}, `7`: {},
	} {
		c, err := asked(t, openai.OpenAI, `{"choices":[{"index":0,"text":"a","finish_reason":"stop"}],"usage":`+usage+`}`, sampling.Request{})
		if err != nil || c.Usage != want {
			t.Errorf("%s: %+v, %v", usage, c.Usage, err)
		}
	}
}

// Answers that no completions server should give are errors, and the text before
// them is kept.
func TestWrongAnswers(t *testing.T) {
	logprobs := sampling.Request{Params: sampling.Params{Logprobs: true}}
	five := sampling.Request{Params: sampling.Params{MaxTokens: 5}}
	for _, test := range []struct {
		why, body string
		req       sampling.Request
		text      string
	}{
		{"a text that is a number", `{"choices":[{"index":0,"text":6,"finish_reason":"stop"}]}`, sampling.Request{}, ""},
		{"a text that is a list", stream(said("a"), `{"choices":[{"index":0,"text":["b"]}]}`), sampling.Request{}, "a"},
		{"no text at all", `{"choices":[{"index":0,"finish_reason":"stop"}]}`, sampling.Request{}, ""},
		{"no text in a stream", stream(`{"choices":[{"index":0}]}`, `{"choices":[{"index":0,"finish_reason":"stop"}]}`), sampling.Request{}, ""},
		{"more than was allowed", stream(said("a"), said("b"), said("c"), said("d"), said("e"), said("f")), five, "abcde"},
		{"text after the end", stream(said("a"), ended, said("b")), sampling.Request{}, "a"},
		{"two ends", stream(said("a"), ended, `{"choices":[{"index":0,"text":"","finish_reason":"stop"}]}`), sampling.Request{}, "a"},
		{"the same choice twice", `{"choices":[{"index":0,"text":"a","finish_reason":"stop"},{"index":0,"text":"b","finish_reason":"stop"}]}`, sampling.Request{}, ""},
		{"the same choice twice in a stream", stream(said("a"), `{"choices":[{"index":0,"text":"b"},{"index":0,"text":"c"}]}`), sampling.Request{}, "a"},
		{"a log probability above 0", stream(`{"choices":[{"index":0,"text":"a","logprobs":{"tokens":["a"],"token_logprobs":[5.5]}}]}`), logprobs, "a"},
		{"one above 0 beside it", stream(`{"choices":[{"index":0,"text":"a","logprobs":{"tokens":["a"],"token_logprobs":[-1],"top_logprobs":[{"b":2}]}}]}`), logprobs, "a"},
		{"an error within a choice", stream(said("a"), `{"choices":[{"index":0,"text":"","finish_reason":"error","error":{"message":"the provider fell over","code":502}}]}`), sampling.Request{}, "a"},
	} {
		c, err := asked(t, openai.OpenAI, test.body, test.req)
		if e, ok := errors.AsType[*sampling.Error](err); !ok || c == nil || c.Text != test.text || c.Reason != sampling.Unfinished {
			t.Errorf("%s: %+v, %v, %v", test.why, c, err, e)
		}
	}
	same := stream(said("a"), ended, ended)
	if c, err := asked(t, openai.OpenAI, same, sampling.Request{}); err != nil || c.Text != "a" {
		t.Errorf("the same end twice: %+v, %v", c, err)
	}
}

// A refusal that is about log probabilities says that the server does not do it,
// so that a caller asks for fewer. Others do not.
func TestLogprobLimits(t *testing.T) {
	for _, test := range []struct {
		status int
		body   string
		top    int
		want   bool
	}{
		{400, `{"error":{"message":"5 is greater than the maximum of 1 - 'logprobs'"}}`, 5, true},
		{422, `{"detail":[{"loc":["body","logprobs"],"msg":"ensure this value is less than or equal to 5"}]}`, 20, true},
		{400, `{"error":{"message":"20 > 5"}}`, 20, true},
		{400, `{"error":{"message":"20 is greater than the maximum","param":"logprobs"}}`, 20, true},
		{400, `{"error":{"message":"Requested sample logprobs of 20, which is greater than max allowed: 10 (parameter=logprobs, value=20)","param":"logprobs"}}`, 20, true},
		{400, `{"error":{"message":"log probabilities are not available for this model"}}`, 1, true},
		{400, `{"error":{"message":"too many stop sequences: 5 > 4"}}`, 20, false},
		{401, `{"error":{"message":"no logprobs for you"}}`, 5, false},
		{500, `{"error":{"message":"logprobs failed"}}`, 5, false},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(test.status)
			io.WriteString(w, test.body)
		}))
		d := openai.OpenAI
		d.MaxLogprobs = 0
		b, err := openai.New(openai.Config{BaseURL: s.URL, Model: "m", Dialect: d})
		if err != nil {
			t.Fatal(err)
		}
		_, err = sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: "x", Params: sampling.Params{Logprobs: true, TopLogprobs: test.top}})
		if errors.Is(err, sampling.ErrUnsupported) != test.want {
			t.Errorf("%s: %v", test.body, err)
		}
		_, err = sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: "x"})
		if err == nil || errors.Is(err, sampling.ErrUnsupported) {
			t.Errorf("%s, not asked for: %v", test.body, err)
		}
		s.Close()
	}
}

// A server that names itself is not asked in another's dialect.
func TestForgottenDialect(t *testing.T) {
	llama := openai.LlamaCpp
	llama.Name = "my own"
	for _, test := range []struct {
		why, header, fingerprint string
		dialect                  openai.Dialect
		words                    string // "" where it is right
	}{
		{"OpenAI at llama.cpp, by its header", "llama.cpp", "", openai.OpenAI, "the dialect LlamaCpp"},
		{"OpenAI at llama.cpp, by its fingerprint", "", "b10587-0c1e570f", openai.OpenAI, "the dialect LlamaCpp"},
		{"vLLM at llama.cpp", "llama.cpp", "b1-ab", openai.VLLM, "the dialect LlamaCpp"},
		{"OpenAI at Ollama", "", "fp_ollama", openai.OpenAI, "package ollama"},
		{"llama.cpp", "llama.cpp", "b10587-0c1e570f", openai.LlamaCpp, ""},
		{"a dialect made from it", "llama.cpp", "b10587-0c1e570f", llama, ""},
		{"OpenAI", "cloudflare", "fp_44709d6fcb", openai.OpenAI, ""},
		{"vLLM", "uvicorn", "vllm-0.32.0-abc", openai.VLLM, ""},
	} {
		for _, streamed := range []bool{false, true} {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Server", test.header)
				answer := fmt.Sprintf(`{"system_fingerprint":%q,"choices":[{"index":0,"text":"a","finish_reason":"stop"}]}`, test.fingerprint)
				if streamed {
					answer = stream(answer, "[DONE]")
				}
				io.WriteString(w, answer)
			}))
			b, err := openai.New(openai.Config{BaseURL: s.URL, Model: "m", Dialect: test.dialect, NoStreaming: !streamed})
			if err != nil {
				t.Fatal(err)
			}
			c, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: "x"})
			if test.words == "" && (err != nil || c.Text != "a") || test.words != "" && (err == nil || !strings.Contains(err.Error(), test.words)) {
				t.Errorf("%s: %v", test.why, err)
			}
			if fault, ok := errors.AsType[*sampling.Error](err); test.words != "" && (!ok || fault.Backend != "openai") {
				t.Errorf("%s: the error is not that of a backend: %v", test.why, err)
			}
			s.Close()
		}
	}
}

// A silent server ends within the limit, with the right kind of error.
func TestSilence(t *testing.T) {
	for name, limit := range map[string]time.Duration{"the default": 0, "one's own": 3 * time.Second} {
		for _, begun := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				b, err := openai.New(openai.Config{BaseURL: "http://model.test/v1", Model: "m", Silence: limit, HTTPClient: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
					if !begun {
						<-r.Context().Done()
						return nil, r.Context().Err()
					}
					body, w := io.Pipe()
					go func() {
						io.WriteString(w, stream(said("a")))
						<-r.Context().Done()
						w.CloseWithError(r.Context().Err())
					}()
					return response(r, body), nil
				})}})
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				c, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: "x"})
				e, ok := errors.AsType[*sampling.Error](err)
				if !ok || !e.Temporary || errors.Is(err, sampling.ErrTruncated) != begun || begun && c.Text != "a" {
					t.Errorf("%s, begun %v: %+v, %v", name, begun, c, err)
				}
				if waited := time.Since(began); limit > 0 && waited != limit || waited > 10*time.Minute {
					t.Errorf("%s, begun %v: ended after %v", name, begun, waited)
				}
			})
		}
	}
}

// TestProxyTimeout: a proxy in front of a server gives up with 524 and a page of HTML,
// which is worth trying again, for streams, whole answers and scores alike.
func TestProxyTimeout(t *testing.T) {
	for _, status := range []int{502, 504, 520, 522, 524, 529} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			io.WriteString(w, "<html><title>A timeout occurred</title></html>")
		}))
		for _, whole := range []bool{false, true} {
			b, err := openai.New(openai.Config{BaseURL: s.URL + "/v1", Model: "m", Dialect: openai.VLLM, NoStreaming: whole})
			if err != nil {
				t.Fatal(err)
			}
			m := sampling.Model{Backend: b}
			_, complete := m.Complete(t.Context(), &sampling.Request{Prompt: "x"})
			_, score := m.Score(t.Context(), &sampling.Request{Prompt: "x"}, []string{" y"})
			for what, err := range map[string]error{"complete": complete, "score": score} {
				if e, ok := errors.AsType[*sampling.Error](err); !ok || !e.Temporary || e.Status != status {
					t.Errorf("%d, whole %v, %s: %v", status, whole, what, err)
				}
			}
		}
		s.Close()
	}
}

// Headers of one's own are sent everywhere, and a key is not one of them.
func TestHeader(t *testing.T) {
	var seen []http.Header
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header)
		io.WriteString(w, `{"choices":[{"index":0,"text":"a","finish_reason":"stop"}],"count":3,"tokens":[1,2,3]}`)
	}))
	defer s.Close()
	b, err := openai.New(openai.Config{BaseURL: s.URL + "/v1", Model: "m", Dialect: openai.VLLM, Header: http.Header{"http-referer": {"https://example.com"}, "User-Agent": {"mine/1"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (sampling.Model{Backend: b}).Complete(t.Context(), &sampling.Request{Prompt: "x"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Count(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	for i, h := range seen {
		if h.Get("Http-Referer") != "https://example.com" || h.Get("User-Agent") != "mine/1" || h["Idempotency-Key"] != nil || h["Authorization"] != nil {
			t.Errorf("request %d has the header %v", i, h)
		}
	}
	for name, values := range map[string][]string{"Authorization": {"Bearer x"}, "cookie": {"a"}, "X": {"a\r\nb"}, "Y": {"\x01"}, "a b": {"c"}, "a(": {"c"}, "": {"c"}, "Content-Type": {"text/plain"}} {
		if _, err := openai.New(openai.Config{BaseURL: s.URL, Model: "m", Header: http.Header{name: values}}); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
