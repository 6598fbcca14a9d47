package ollama

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/sampling"
)

// A said is what came of a body.
type said struct {
	Text   string
	Chunks int
	Reason sampling.Reason
	Usage  sampling.Usage
	Err    string
}

// say reads a body to its end, without a connection around it.
func say(t testing.TB, body io.Reader, req *sampling.Request, whole bool) (s said, err error) {
	t.Helper()
	b, err := New(Config{Model: "m", NoStreaming: whole, Key: sampling.NewSecret("sk-secret")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a := b.newAnswer(req, &exchange{cancel: cancel, still: time.AfterFunc(time.Hour, cancel), body: io.NopCloser(body)})
	defer a.exchange.still.Stop()
	for {
		chunk, err := a.next(ctx)
		if err != nil {
			s.Err = err.Error()
			return s, err
		}
		s.Text += chunk.Text
		s.Chunks++
		if chunk.Usage != (sampling.Usage{}) {
			s.Usage = chunk.Usage
		}
		if s.Reason = chunk.Reason; s.Reason != sampling.Unfinished {
			return s, nil
		}
	}
}

// failed is in the error of every row. Where it is all, the type tells enough.
const failed = "ollama: status 200"

func TestAnswer(t *testing.T) {
	req := &sampling.Request{Prompt: "x", Params: sampling.Params{MaxTokens: 40}}
	const a, done = `{"response":"a","done":false}`, `{"response":"","done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":2}`
	usage := sampling.Usage{PromptTokens: 3, CompletionTokens: 2}
	for _, c := range []struct {
		name, body string
		want       said
		is         error
		temporary  bool
	}{
		{"as it should be", a + "\n" + done + "\n", said{Text: "a", Chunks: 2, Reason: sampling.EndOfText, Usage: usage}, nil, false},
		{"no line feed at the end", a + "\n" + done, said{Text: "a", Chunks: 2, Reason: sampling.EndOfText, Usage: usage}, nil, false},
		{"carriage returns and empty lines", "\r\n\r\n" + a + "\r\n\n  \n" + done + "\r\n", said{Text: "a", Chunks: 2, Reason: sampling.EndOfText, Usage: usage}, nil, false},
		{"text in the last line", `{"response":"z","done":true,"done_reason":"length"}`, said{Text: "z", Chunks: 1, Reason: sampling.TokenLimit}, nil, false},
		{"lines without text", `{"response":"","done":false}` + "\n" + a + "\n" + done, said{Text: "a", Chunks: 2, Reason: sampling.EndOfText, Usage: usage}, nil, false},
		{"a null error", `{"response":"a","error":null}` + "\n" + done, said{Text: "a", Chunks: 2, Reason: sampling.EndOfText, Usage: usage}, nil, false},
		{"another kind of model", `{"model":{"name":"m"},"response":"a","done":true,"done_reason":"stop"}`, said{Text: "a", Chunks: 1, Reason: sampling.EndOfText}, nil, false},
		{"cached tokens", `{"done":true,"done_reason":"stop","prompt_eval_count":9,"prompt_eval_cached_count":7,"eval_count":1}`,
			said{Chunks: 1, Reason: sampling.EndOfText, Usage: sampling.Usage{PromptTokens: 9, CompletionTokens: 1, CachedTokens: 7}}, nil, false},
		{"after the end", a + "\n" + done + "\n" + a, said{Text: "a", Chunks: 2, Reason: sampling.EndOfText, Usage: usage}, nil, false},

		{"nothing", "", said{Err: failed}, sampling.ErrTruncated, true},
		{"nothing but line feeds", "\n\n\n", said{Err: failed}, sampling.ErrTruncated, true},
		{"no end", a + "\n", said{Text: "a", Chunks: 1, Err: failed}, sampling.ErrTruncated, true},
		{"cut within a line", a + "\n" + a[:9], said{Text: "a", Chunks: 1, Err: failed}, sampling.ErrTruncated, true},
		{"cut within the first line", a[:9], said{Err: failed}, sampling.ErrTruncated, true},
		{"an error in the stream", a + "\n" + `{"error":"the runner stopped, key sk-secret"}`, said{Text: "a", Chunks: 1, Err: "the runner stopped, key [key]"}, nil, true},
		{"an error that names its status", `{"error":{"code":400,"message":"no"}}`, said{Err: "status 400: no"}, nil, false},
		{"too long a prompt", `{"error":"{\"error\":{\"message\":\"too long\",\"type\":\"exceed_context_size_error\"}}"}`, said{Err: "too long"}, sampling.ErrBudget, false},
		{"the server sees a loop", a + "\n" + `{"error":"prediction aborted, token repeat limit reached"}`, said{Text: "a", Chunks: 1, Err: "token repeat limit reached"}, sampling.ErrTruncated, false},
		{"a page", "<html><head><title>Sign in</title></head>\n</html>", said{Err: "an HTML page: Sign in"}, nil, false},
		{"no JSON", a + "\nsurprise\n" + done, said{Text: "a", Chunks: 1, Err: "part 2, invalid character 's' looking for beginning of value: surprise"}, nil, false},
		{"another type", `{"response":7}` + "\n", said{Err: "part 1"}, nil, false},
		{"not an object", "[]\n", said{Err: "part 1"}, nil, false},
		{"another object", `{"status":"success"}` + "\n", said{Err: `there was no text in it: {"status":"success"}`}, sampling.ErrTruncated, true},
		{"no reason", a + "\n" + `{"response":"","done":true}`, said{Text: "a", Chunks: 1, Err: failed}, sampling.ErrTruncated, true},
		{"an unknown reason", `{"response":"","done":true,"done_reason":"tired"}`, said{Err: `the reason "tired"`}, sampling.ErrTruncated, true},
		{"the model was loaded", `{"response":"","done":true,"done_reason":"load"}`, said{Err: failed}, sampling.ErrTruncated, false},
		{"thoughts", `{"response":"","thinking":"hm"}` + "\n" + done, said{Err: "thoughts"}, nil, false},
		{"more than was asked for", strings.Repeat(a+"\n", 41) + done, said{Text: strings.Repeat("a", 40), Chunks: 40, Err: "after the 40 tokens"}, nil, false},
		{"a loop", strings.Repeat(`{"response":" ha"}`+"\n", 31), said{Text: strings.Repeat(" ha", 31), Chunks: 31, Err: failed}, sampling.ErrTruncated, false},
		{"spaces in a row", strings.Repeat(`{"response":"\n"}`+"\n", 30), said{Text: strings.Repeat("\n", 30), Chunks: 30, Err: failed}, sampling.ErrTruncated, false},
		{"no loop yet", strings.Repeat(`{"response":" ha"}`+"\n", 30), said{Text: strings.Repeat(" ha", 30), Chunks: 30, Err: failed}, sampling.ErrTruncated, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := say(t, strings.NewReader(c.body), req, false)
			if c.want.Err != "" {
				e, ok := errors.AsType[*sampling.Error](err)
				if !ok || !strings.Contains(err.Error(), c.want.Err) || c.is != nil && !errors.Is(err, c.is) || e.Temporary != c.temporary {
					t.Errorf("the error is %+v, want %q, temporary %v", err, c.want.Err, c.temporary)
				}
				got.Err = c.want.Err
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestWholeAnswers(t *testing.T) {
	const done = `{"response":"a","done":true,"done_reason":"stop"}`
	for _, c := range []struct {
		name, body, text, err string
		temporary             bool
	}{
		{"on a line", done + "\n", "a", "", false},
		{"without a line feed", done, "a", "", false},
		{"indented", "{\n\t\"response\": \"a\",\n\t\"done\": true,\n\t\"done_reason\": \"stop\"\n}\n", "a", "", false},
		{"streamed all the same", `{"response":"b"}` + "\n" + done, "ba", "", false},
		{"an error", `{"error":"no"}`, "", "status 200: no", true},
		{"nothing", " \n", "", "the body is empty", true},
		{"cut", done[:20], "", "unexpected EOF", true},
		{"a page", "<html><title>Sign in</title></html>", "", "an HTML page: Sign in", false},
		{"words", "upstream error", "", "upstream error", false},
		{"something after it", `{"response":"b"} oops`, "b", "oops", false},
		{"a list", "[]", "", "part 1", false},
	} {
		s, err := say(t, strings.NewReader(c.body), &sampling.Request{}, true)
		e, _ := errors.AsType[*sampling.Error](err)
		if s.Text != c.text || (err != nil) != (c.err != "") || err != nil && (e == nil || !strings.Contains(err.Error(), c.err) || e.Temporary != c.temporary) {
			t.Errorf("%s: got %+v, want %q, error %q, temporary %v", c.name, s, c.text, c.err, c.temporary)
		}
	}
}

func TestWholeAnswerUndone(t *testing.T) {
	s, err := say(t, strings.NewReader(`{"response":"la la la","done":false}`), &sampling.Request{}, true)
	e, ok := errors.AsType[*sampling.Error](err)
	if !ok || s.Text != "la la la" || e.Temporary || !errors.Is(err, sampling.ErrTruncated) || !strings.Contains(err.Error(), "not done") {
		t.Errorf("got %+v, %v; want the text and ErrTruncated that lasts", s, err)
	}
}

func TestLongLines(t *testing.T) {
	text := strings.Repeat("no end in sight ", 1<<20/16)
	body := `{"response":"` + text + `","done":false}` + "\n" + `{"response":"","done":true,"done_reason":"stop"}`
	s, err := say(t, strings.NewReader(body), &sampling.Request{}, false)
	if err != nil || s.Text != text {
		t.Errorf("a line of %d bytes gave %d bytes and %v", len(body), len(s.Text), err)
	}
	if os.Getenv("FOREWORD_LONG") == "" {
		return
	}
	_, err = say(t, io.MultiReader(strings.NewReader(`{"response":"`), forever('x')), &sampling.Request{}, false)
	if e, ok := errors.AsType[*sampling.Error](err); !ok || e.Temporary || !strings.Contains(err.Error(), "64 MB") {
		t.Errorf("a line that never ends gave %v", err)
	}
}

// forever is a body of one letter.
type forever byte

func (f forever) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(f)
	}
	return len(p), nil
}

func TestTokenBytes(t *testing.T) {
	body := `{"response":"é","done":true,"done_reason":"stop","logprobs":[{"token":"\ufffd","logprob":-1,"bytes":[195]},{"token":"x","logprob":-2,"top_logprobs":[{"token":"a","logprob":-1},{"token":"b","logprob":-2},{"token":"c","logprob":-3}]}]}`
	b, err := New(Config{Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	req := &sampling.Request{Params: sampling.Params{Logprobs: true, TopLogprobs: 2}}
	a := b.newAnswer(req, &exchange{body: io.NopCloser(strings.NewReader(body))})
	chunk, err := a.next(t.Context())
	want := []sampling.Token{{Text: "\xc3", Logprob: -1}, {Text: "x", Logprob: -2, Top: []sampling.Token{{Text: "a", Logprob: -1}, {Text: "b", Logprob: -2}}}}
	if diff := cmp.Diff(want, chunk.Tokens); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

// Text without the log probabilities that were asked for comes from a server
// that does not know them.
func TestLogprobsMissing(t *testing.T) {
	req := &sampling.Request{Params: sampling.Params{Logprobs: true, TopLogprobs: 1}}
	s, err := say(t, strings.NewReader(`{"response":"a","done":false}`+"\n"), req, false)
	if !errors.Is(err, sampling.ErrUnsupported) || s.Text != "" {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestBrokenBody(t *testing.T) {
	reset := errors.New("connection reset by peer")
	body := io.MultiReader(strings.NewReader(`{"response":"a"}`+"\n"+`{"resp`), iotest.ErrReader(reset))
	s, err := say(t, body, &sampling.Request{}, false)
	e, ok := errors.AsType[*sampling.Error](err)
	if !ok || s.Text != "a" || !e.Temporary || e.Status != http.StatusOK || !errors.Is(err, reset) || !errors.Is(err, sampling.ErrTruncated) {
		t.Errorf("got %+v, %+v", s, err)
	}
}

// inPieces gives a body out in pieces whose sizes repeat.
type inPieces struct {
	body  []byte
	sizes []byte
	next  int
}

func (r *inPieces) Read(p []byte) (int, error) {
	if len(r.body) == 0 {
		return 0, io.EOF
	}
	n := len(p)
	if len(r.sizes) > 0 {
		n = min(n, 1+int(r.sizes[r.next%len(r.sizes)]))
		r.next++
	}
	n = copy(p[:n], r.body)
	r.body = r.body[n:]
	return n, nil
}

// However a body falls into pieces, it says the same; and it says it without a
// panic, whatever it is.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("{\"response\":\"a\",\"done\":false}\n{\"response\":\"\",\"done\":true,\"done_reason\":\"stop\",\"eval_count\":1}\n"), []byte{0, 3})
	f.Add([]byte("{\"response\":\"\u00e9\"}\r\n\r\n{\"error\":\"x\"}"), []byte{1})
	f.Add([]byte("{\"response\":\"a\",\"logprobs\":[{\"token\":\"a\",\"logprob\":-1,\"bytes\":[97,300,-1]}]}\n{"), []byte{6, 0})
	f.Fuzz(func(t *testing.T, body, sizes []byte) {
		req := &sampling.Request{Prompt: "x", Params: sampling.Params{MaxTokens: 10}}
		if len(sizes)%2 == 1 {
			req.Params.Logprobs, req.Params.TopLogprobs = true, 1
		}
		whole := len(sizes)%3 == 2
		want, wantErr := say(t, bytes.NewReader(body), req, whole)
		got, err := say(t, &inPieces{body: slices.Clone(body), sizes: sizes}, req, whole)
		if errors.Is(err, sampling.ErrTruncated) != errors.Is(wantErr, sampling.ErrTruncated) {
			t.Errorf("in pieces %v, at once %v", err, wantErr)
		}
		got.Err, want.Err = "", "" // what is not JSON is quoted as far as it has come
		if got != want || (err == nil) != (wantErr == nil) {
			t.Errorf("in pieces %+v, %v; at once %+v, %v", got, err, want, wantErr)
		}
		if (got.Reason == sampling.Unfinished) != (err != nil) {
			t.Errorf("%+v: neither an end nor an error", got)
		}
		if strings.ToValidUTF8(got.Text, "") != got.Text {
			t.Errorf("the text is not UTF-8: %q", got.Text)
		}
	})
}
