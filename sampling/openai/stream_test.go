package openai_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// A transport answers without a network, so that a test decides what arrives in
// which pieces, and when.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func response(r *http.Request, body io.Reader) *http.Response {
	rc, ok := body.(io.ReadCloser)
	if !ok {
		rc = io.NopCloser(body)
	}
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: rc, Request: r}
}

// overTransport returns a backend that is answered by f.
func overTransport(t testing.TB, d openai.Dialect, f transport) *openai.Backend {
	t.Helper()
	b, err := openai.New(openai.Config{BaseURL: "http://model.test/v1", Key: sampling.NewSecret("sk-secret"), Model: "m", Dialect: d, HTTPClient: &http.Client{Transport: f}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// answered completes a prompt that is answered with body.
func answered(t testing.TB, d openai.Dialect, body io.Reader, req *sampling.Request) (*sampling.Completion, error) {
	b := overTransport(t, d, func(r *http.Request) (*http.Response, error) { return response(r, body), nil })
	return sampling.Model{Backend: b}.Complete(t.Context(), req)
}

// said is an event that says a text, and ended one that ends it.
func said(text string) string {
	return fmt.Sprintf(`{"choices":[{"index":0,"text":%s,"finish_reason":null}]}`, rawString(text))
}

const ended = `{"choices":[{"index":0,"text":"","finish_reason":"length"}]}`

func TestStreamShapes(t *testing.T) {
	ab := said("a") + "|" + said("b") + "|" + ended
	lines := func(sep, event string) string {
		return event + strings.ReplaceAll(ab, "|", sep+event) + sep + event + "[DONE]" + sep
	}
	for _, test := range []struct {
		name, body, want string
	}{
		{"plain", lines("\n\n", "data: "), "ab"},
		{"no space", lines("\n\n", "data:"), "ab"},
		{"many spaces", lines("\n\n", "data:   "), "ab"},
		{"indented", lines("\n\n", "  data: "), "ab"},
		{"CRLF", lines("\r\n\r\n", "data: "), "ab"},
		{"CR", lines("\r\r", "data: "), "ab"},
		{"a byte order mark", "\xef\xbb\xbf" + lines("\n\n", "data: "), "ab"},
		{"names and ids", lines("\n\n", "event: message\nid: 7\nretry: 10\ndata: "), "ab"},
		{"comments without end", strings.Repeat(": keep-alive\n\n", 5000) + lines("\n\n"+strings.Repeat(":\n", 1000), "data: "), "ab"},
		{"a comment within an event", "data: {\"choices\":\n: still here\ndata: [{\"text\":\"ab\",\"finish_reason\":\"stop\"}]}\n\n", "ab"},
		{"empty lines", strings.Repeat("\n", 1000) + lines("\n\n\n\n\n", "data: "), "ab"},
		{"empty events", lines("\n\ndata:\n\ndata: \n\ndata: \t\n\n", "data: "), "ab"},
		{"no empty lines", lines("\n", "data: "), "ab"},
		{"an event over many lines", "data: {\"choices\": [\ndata: {\"text\":\ndata: \"ab\",\ndata: \"finish_reason\": \"stop\"}\ndata: ]}\n\ndata: [DONE]\n\n", "ab"},
		{"pings", lines("\n\ndata: {\"type\":\"ping\"}\n\nevent: ping\ndata: {}\n\ndata: {\"choices\":[]}\n\n", "data: "), "ab"},
		{"an error that is none", strings.ReplaceAll(lines("\n\n", "data: "), `{"choices"`, `{"error":null,"choices"`), "ab"},
		{"without [DONE]", strings.TrimSuffix(lines("\n\n", "data: "), "data: [DONE]\n\n"), "ab"},
		{"no line end after [DONE]", strings.TrimRight(lines("\n\n", "data: "), "\n"), "ab"},
		{"no line end after the last event", "data: " + said("a") + "\n\ndata: " + ended, "a"},
		{"a bare [DONE]", strings.Replace(lines("\n\n", "data: "), "data: [DONE]", "[DONE]", 1), "ab"},
		{"events after [DONE]", lines("\n\n", "data: ") + "data: " + said("not this") + "\n\n", "ab"},
		{"bare lines", lines("\n", "")[:strings.Index(lines("\n", ""), "[DONE]")], "ab"},
		{"whole", `{"choices":[{"text":"ab","finish_reason":"stop"}]}`, "ab"},
		{"whole with a line end", `{"choices":[{"text":"ab","finish_reason":"stop"}]}` + "\n", "ab"},
		{"whole and indented", "\n{\n  \"choices\": [\n    {\n      \"text\": \"ab\",\n\n      \"finish_reason\": \"stop\"\n    }\n  ]\n}\n", "ab"},
		{"half runes", `data: {"choices":[{"text":"caf` + "\xc3" + `"}]}` + "\n\ndata: " + `{"choices":[{"text":"` + "\xa9" + ` \ud83d"}]}` + "\n\ndata: " + `{"choices":[{"text":"\ude00!","finish_reason":"stop"}]}` + "\n\n", "café 😀!"},
		{"half a rune at the end", `data: {"choices":[{"text":"caf` + "\xc3" + `","finish_reason":"length"}]}` + "\n\n", "caf\uFFFD"},
		{"half a pair at the end", `data: {"choices":[{"text":"caf\ud83d","finish_reason":"length"}]}` + "\n\n", "caf\uFFFD"},
		{"a rune cut by a byte", `data: {"choices":[{"text":"` + "\xe2\x82" + `"}]}` + "\n\ndata: " + `{"choices":[{"text":"x\udc00y","finish_reason":"stop"}]}` + "\n\n", "\uFFFD\uFFFDx\uFFFDy"},
		{"escapes", `data: {"choices":[{"text":"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00","finish_reason":"stop"}]}` + "\n\n", "\"\\/\b\f\n\r\té😀"},
		{"text with the last event", "data: " + said("a") + "\n\n" + `data: {"choices":[{"text":"b","finish_reason":"stop"}]}` + "\n\n", "ab"},
		{"no text at all", `data: {"choices":[{"text":null,"finish_reason":"stop"}]}` + "\n\n", ""},
		{"another choice", `data: {"choices":[{"index":1,"text":"not this","finish_reason":"stop"},{"index":0,"text":"ab","finish_reason":"stop"}]}` + "\n\n", "ab"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for how, body := range map[string]io.Reader{
				"at once":      strings.NewReader(test.body),
				"by the byte":  iotest.OneByteReader(strings.NewReader(test.body)),
				"with the EOF": iotest.DataErrReader(strings.NewReader(test.body)),
			} {
				c, err := answered(t, openai.OpenAI, body, &sampling.Request{Prompt: "x"})
				if err != nil {
					t.Fatalf("%s: %v, after %q", how, err, c.Text)
				}
				if c.Text != test.want || c.Reason == sampling.Unfinished {
					t.Errorf("%s: %q, ended by %v, want %q", how, c.Text, c.Reason, test.want)
				}
			}
		})
	}
}

func TestStreamFaults(t *testing.T) {
	begin := "data: " + said("a") + "\n\n"
	for _, test := range []struct {
		name, body string
		text       string // that came before
		status     int
		temporary  bool
		is         error
		words      string
	}{
		{"OpenAI's error", begin + `data: {"error":{"message":"overloaded","type":"server_error","code":null}}` + "\n\n", "a", 200, true, nil, "overloaded"},
		{"llama.cpp's error", begin + `data: {"error":{"code":500,"message":"slot gone","type":"server_error"}}` + "\n\n", "a", 500, true, nil, "slot gone"},
		{"llama.cpp's former error", begin + `error: {"code":400,"message":"too much","type":"invalid_request_error"}` + "\n\n", "a", 400, false, nil, "too much"},
		{"a named error", begin + "event: error\ndata: {\"message\":\"lost\"}\n\n", "a", 200, true, nil, "lost"},
		{"a named error in words", begin + "event: error\ndata: all is lost\n\n", "a", 200, true, nil, "all is lost"},
		{"a named error in shape", begin + "event: error\ndata: {\"error\":{\"message\":\"lost\",\"code\":429}}\n\n", "a", 429, true, nil, "lost"},
		{"an error in words", begin + `data: {"error":"the runner stopped"}` + "\n\n", "a", 200, true, nil, "the runner stopped"},
		{"vLLM's former error", begin + `data: {"object":"error","message":"bad sampling","type":"BadRequestError","code":400}` + "\n\n", "a", 400, false, nil, "bad sampling"},
		{"FastAPI's error", begin + `data: {"detail":"not now"}` + "\n\n", "a", 200, true, nil, "not now"},
		{"a bare error", begin + `{"error":{"message":"bare","code":503}}` + "\n", "a", 503, true, nil, "bare"},
		{"an error without a line end", begin + `data: {"error":{"message":"short"}}`, "a", 200, true, nil, "short"},
		{"an error instead of a stream", `{"error":{"message":"first","code":"502"}}`, "", 502, true, nil, "first"},
		{"an indented error", "{\n  \"error\": {\n    \"message\": \"first\",\n    \"type\": \"invalid_request_error\"\n  }\n}\n", "", 200, false, nil, "first"},
		{"the prompt is too long", `data: {"error":{"code":400,"message":"too long","type":"exceed_context_size_error"}}` + "\n\n", "", 400, false, sampling.ErrBudget, "too long"},
		{"an error in words alone", begin + "data: Internal Server Error\n\n", "a", 200, true, sampling.ErrTruncated, "Internal Server Error"},
		{"an error after the end", begin + "data: " + ended + "\n\n" + `data: {"error":{"message":"late"}}` + "\n\n", "a", 200, true, nil, "late"},
		{"closed", begin, "a", 200, true, sampling.ErrTruncated, "without a finish_reason"},
		{"[DONE] and no reason", begin + "data: [DONE]\n\n", "a", 200, true, sampling.ErrTruncated, "without a finish_reason"},
		{"nothing at all", "", "", 200, true, sampling.ErrTruncated, "without a finish_reason"},
		{"only comments", ": a\n\n: b\n\n", "", 200, true, sampling.ErrTruncated, "without a finish_reason"},
		{"cut within an event", begin + `data: {"choices":[{"index":0,"te`, "a", 200, true, sampling.ErrTruncated, ""},
		{"cut within a whole answer", `{"choices":[{"text":"abc`, "", 200, true, sampling.ErrTruncated, ""},
		{"broken JSON", begin + "data: {\"choices\": oops}\n\n" + begin, "a", 200, false, nil, "oops"},
		{"no event", "upstream connect error\nreset reason: overflow", "", 200, false, nil, "upstream connect error"},
		{"no choices", `{"object":"list","data":[]}`, "", 200, false, nil, "no choices"},
		{"a chat", `data: {"choices":[{"index":0,"delta":{"content":"Hello"}}]}` + "\n\n", "", 200, false, nil, "chat"},
		{"a whole chat", `{"choices":[{"index":0,"message":{"content":"Hello"},"finish_reason":"stop"}]}`, "", 200, false, nil, "chat"},
		{"no text", `data: {"choices":[{"text":7}]}` + "\n\n", "", 200, false, nil, "7"},
		{"the server gave up", begin + `data: {"choices":[{"text":"","finish_reason":"error"}]}` + "\n\n", "a", 200, true, sampling.ErrTruncated, `"error"`},
		{"an unknown reason", begin + `data: {"choices":[{"text":"","finish_reason":"tool_calls"}]}` + "\n\n", "a", 200, true, sampling.ErrTruncated, `"tool_calls"`},
		{"a reason that is a number", begin + `data: {"choices":[{"text":"","finish_reason":3}]}` + "\n\n", "a", 200, false, nil, "finish_reason"},
		{"only loaded", `{"choices":[{"text":"","finish_reason":"load"}]}`, "", 200, false, nil, "loaded"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for how, body := range map[string]io.Reader{
				"at once":     strings.NewReader(test.body),
				"by the byte": iotest.OneByteReader(strings.NewReader(test.body)),
			} {
				c, err := answered(t, openai.OpenAI, body, &sampling.Request{Prompt: "x"})
				e, ok := errors.AsType[*sampling.Error](err)
				if !ok || e.Backend != "openai" {
					t.Fatalf("%s: %q and the error %v", how, c.Text, err)
				}
				if c.Text != test.text || e.Status != test.status || e.Temporary != test.temporary || !strings.Contains(err.Error(), test.words) || test.is != nil && !errors.Is(err, test.is) {
					t.Errorf("%s: %q and the error %+v, want %q, status %d, temporary %v, %q", how, c.Text, *e, test.text, test.status, test.temporary, test.words)
				}
			}
		})
	}
}

func TestReasons(t *testing.T) {
	for _, test := range []struct {
		choice string // what stands beside the text "a"
		beside string // what stands beside the choices
		reason sampling.Reason
		stop   string
	}{
		{`"finish_reason":"stop"`, ``, sampling.EndOfText, ""},
		{`"finish_reason":"stop","stop_reason":"\n"`, ``, sampling.StopSequence, "\n"},
		{`"finish_reason":"stop","stop_reason":null`, ``, sampling.EndOfText, ""},
		{`"finish_reason":"stop","stop_reason":128001`, ``, sampling.EndOfText, ""},
		{`"finish_reason":"stop","stop_reason":"the server's own"`, ``, sampling.EndOfText, ""},
		{`"finish_reason":"stop","matched_stop":"나비"`, ``, sampling.StopSequence, "나비"},
		{`"finish_reason":"stop","matched_stop":2`, ``, sampling.EndOfText, ""},
		{`"finish_reason":"stop"`, `,"__verbose":{"stop_type":"word","stopping_word":"\n"}`, sampling.StopSequence, "\n"},
		{`"finish_reason":"stop"`, `,"__verbose":{"stop_type":"eos","stopping_word":""}`, sampling.EndOfText, ""},
		{`"finish_reason":"length"`, `,"__verbose":{"stop_type":"limit","stopping_word":""}`, sampling.TokenLimit, ""},
	} {
		body := `data: {"choices":[{"text":"a",` + test.choice + `}]` + test.beside + "}\n\n"
		c, err := answered(t, openai.LlamaCpp, strings.NewReader(body), &sampling.Request{Prompt: "x", Stop: []string{"\n", "나비"}})
		if err != nil || c.Text != "a" || c.Reason != test.reason || c.Stop != test.stop {
			t.Errorf("%s: %q, %v, %q, %v; want %v, %q", body, c.Text, c.Reason, c.Stop, err, test.reason, test.stop)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       sampling.Usage
	}{
		{"none", "data: " + ended, sampling.Usage{}},
		{"null", `data: {"choices":[{"text":"","finish_reason":"stop"}],"usage":null}`, sampling.Usage{}},
		{"behind the end", "data: " + ended + "\n\n" + `data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":4}}}`, sampling.Usage{PromptTokens: 5, CompletionTokens: 3, CachedTokens: 4}},
		{"zeros in each event", strings.ReplaceAll("data: "+said("a")+"\n\ndata: "+ended, `]}`, `],"usage":{"prompt_tokens":0,"completion_tokens":0}}`) + "\n\n" + `data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":3}}`, sampling.Usage{PromptTokens: 5, CompletionTokens: 3}},
		{"without details", "data: " + ended + "\n\n" + `data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":3,"prompt_tokens_details":null}}`, sampling.Usage{PromptTokens: 5, CompletionTokens: 3}},
		{"another name for the cache", "data: " + ended + "\n\n" + `data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":3,"prompt_cache_hit_tokens":2}}`, sampling.Usage{PromptTokens: 5, CompletionTokens: 3, CachedTokens: 2}},
	} {
		c, err := answered(t, openai.OpenAI, strings.NewReader(test.body), &sampling.Request{Prompt: "x"})
		if err != nil || c.Usage != test.want {
			t.Errorf("%s: %+v, %v; want %+v", test.name, c.Usage, err, test.want)
		}
	}
}

// vLLM counts in each event, so that a stream that Model cuts has its cost.
func TestUsageOfACutStream(t *testing.T) {
	var body strings.Builder
	for i, text := range []string{"a", "b\n", "c"} {
		fmt.Fprintf(&body, `data: {"choices":[{"text":%s}],"usage":{"prompt_tokens":5,"completion_tokens":%d}}`+"\n\n", rawString(text), i+1)
	}
	c, err := answered(t, openai.VLLM, strings.NewReader(body.String()), &sampling.Request{Prompt: "x", Stop: []string{"\n"}})
	if want := (sampling.Usage{PromptTokens: 5, CompletionTokens: 2}); err != nil || c.Text != "ab" || c.Stop != "\n" || c.Usage != want {
		t.Errorf("%q, %q, %+v, %v", c.Text, c.Stop, c.Usage, err)
	}
}

// A line of 1 MB, or of 10 MB if FOREWORD_LONG is set, and the same zipped by a server that was not asked to.
func TestLongLine(t *testing.T) {
	size := 1 << 20
	if os.Getenv("FOREWORD_LONG") != "" {
		size *= 10
	}
	text := strings.Repeat("나비 ", size/7)
	plain := "data: " + said(text) + "\n\ndata: " + ended + "\n\n"
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	io.WriteString(z, plain)
	z.Close()
	for name, body := range map[string][]byte{"plain": []byte(plain), "gzip": zipped.Bytes()} {
		b := overTransport(t, openai.OpenAI, func(r *http.Request) (*http.Response, error) {
			resp := response(r, bytes.NewReader(body))
			if name == "gzip" {
				resp.Header.Set("Content-Encoding", "gzip")
			}
			return resp, nil
		})
		c, err := (sampling.Model{Backend: b}).Complete(t.Context(), &sampling.Request{Prompt: "x"})
		if err != nil || c.Text != text {
			t.Errorf("%s: %d bytes of text, want %d; %v", name, len(c.Text), len(text), err)
		}
	}
}

// endless is a body that repeats itself until it is closed.
type endless struct {
	what string
	ctx  context.Context
}

func (e endless) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	n := 0
	for n+len(e.what) <= len(p) {
		n += copy(p[n:], e.what)
	}
	if n == 0 {
		n = copy(p, e.what)
	}
	return n, nil
}

func (e endless) Close() error { return nil }

func TestEndlessBody(t *testing.T) {
	for name, what := range map[string]string{"comments": ": still here\n\n", "events": "data: " + said("a") + "\n\n", "pings": "data: {}\n\n", "empty lines": "\n"} {
		ctx, cancel := context.WithCancel(t.Context())
		b := overTransport(t, openai.OpenAI, func(r *http.Request) (*http.Response, error) {
			context.AfterFunc(r.Context(), cancel)
			return response(r, endless{what, r.Context()}), nil
		})
		go cancel()
		for _, err := range b.Sample(ctx, &sampling.Request{Prompt: "x", Params: sampling.Params{MaxTokens: 1 << 30}}) {
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	// A line that never ends fills memory, and not a context but a limit ends it.
	b := overTransport(t, openai.OpenAI, func(r *http.Request) (*http.Response, error) {
		return response(r, endless{"data: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", r.Context()}), nil
	})
	_, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: "x"})
	if e, ok := errors.AsType[*sampling.Error](err); !ok || e.Temporary || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("a line without end: %v", err)
	}
}

// stalling is a body that says something and then nothing, until the context of
// its request ends.
func stalling(r *http.Request, said string) io.ReadCloser {
	pr, pw := io.Pipe()
	context.AfterFunc(r.Context(), func() { pw.CloseWithError(r.Context().Err()) })
	go io.WriteString(pw, said)
	return pr
}

// A server that says the last word and then does not hang up keeps nobody: the text is
// whole, and what may follow a reason without [DONE] is waited for only a little.
func TestServerThatDoesNotHangUp(t *testing.T) {
	for _, test := range []struct {
		name, body string
		wait       time.Duration
	}{
		{"after the reason", stream(said("a"), ended), 2 * time.Second},
		{"after [DONE]", stream(said("a"), ended, "[DONE]"), 0},
		{"after [DONE] behind a whole answer", `{"choices":[{"index":0,"text":"a","finish_reason":"length"}]}` + "\n\ndata: [DONE]\n\n", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := overTransport(t, openai.OpenAI, func(r *http.Request) (*http.Response, error) {
				return response(r, stalling(r, test.body)), nil
			})
			text, began := "", time.Now()
			for chunk, err := range b.Sample(t.Context(), &sampling.Request{Prompt: "x"}) {
				if err != nil {
					t.Fatal(err)
				}
				text += chunk.Text
				if waited := time.Since(began); chunk.Reason != sampling.Unfinished && (chunk.Reason != sampling.TokenLimit || waited > test.wait) {
					t.Errorf("%s: the reason %v came after %v", test.name, chunk.Reason, waited)
				}
			}
			if waited := time.Since(began); text != "a" || waited > test.wait+50*time.Millisecond {
				t.Errorf("%s: %q, and the end was waited for %v", test.name, text, waited)
			}
		})
	}
}

// A connection that breaks after the last word takes nothing of the text along;
// one that breaks before it does.
func TestBrokenConnection(t *testing.T) {
	broken := errors.New("read: connection reset by peer")
	for _, test := range []struct {
		body string
		is   error
	}{
		{"data: " + said("a") + "\n\ndata: " + ended + "\n\n", nil},
		{"data: " + said("a") + "\n\n", sampling.ErrTruncated},
	} {
		c, err := answered(t, openai.OpenAI, io.MultiReader(strings.NewReader(test.body), iotest.ErrReader(broken)), &sampling.Request{Prompt: "x"})
		if c.Text != "a" || !errors.Is(err, test.is) || test.is != nil && !errors.Is(err, broken) {
			t.Errorf("%q: %q, %v", test.body, c.Text, err)
		}
	}
}

// Each chunk is whole runes, whatever the server's events were.
func TestWholeRunes(t *testing.T) {
	const text = "é나비😀\uFFFD"
	var body strings.Builder
	for i := range len(text) {
		body.WriteString("data: " + said(text[i:i+1]) + "\n\n")
	}
	body.WriteString("data: " + ended + "\n\n")
	b := overTransport(t, openai.OpenAI, func(r *http.Request) (*http.Response, error) {
		return response(r, strings.NewReader(body.String())), nil
	})
	got := ""
	for c, err := range b.Sample(t.Context(), &sampling.Request{Prompt: "x"}) {
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.ValidString(c.Text) {
			t.Errorf("the chunk %q is not whole runes", c.Text)
		}
		got += c.Text
	}
	if got != text {
		t.Errorf("%q, want %q", got, text)
	}
}

// A server that was asked for log probabilities and sends none is found out
// before its text is taken for what was asked.
func TestLogprobsIgnored(t *testing.T) {
	b := overTransport(t, openai.OpenAI, func(r *http.Request) (*http.Response, error) {
		return response(r, strings.NewReader("data: "+said("a")+"\n\ndata: "+ended+"\n\n")), nil
	})
	c, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: "x", Params: sampling.Params{Logprobs: true, TopLogprobs: 1}})
	if c.Text != "" || !errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("%q, %v", c.Text, err)
	}
}
