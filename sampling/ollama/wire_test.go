package ollama_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/ollama"
)

// The files in testdata/wire are exchanges with Ollama 0.17.4: a request, and
// the response as it came. See TestWire for what becomes of each.

// A recording is one exchange.
type recording struct {
	name   string
	method string
	path   string
	body   string // of the request
	answer []byte // the raw response; empty where the server had not answered when the client gave up
}

func recordings(t testing.TB) map[string]recording {
	t.Helper()
	names, err := filepath.Glob("testdata/wire/*.req")
	if err != nil || len(names) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	all := make(map[string]recording, len(names))
	for _, name := range names {
		req, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := os.ReadFile(strings.TrimSuffix(name, ".req") + ".resp")
		if err != nil {
			t.Fatal(err)
		}
		head, body, _ := strings.Cut(string(req), "\n")
		method, path, _ := strings.Cut(head, " ")
		r := recording{name: strings.TrimSuffix(filepath.Base(name), ".req"), method: method, path: strings.TrimSpace(path), body: strings.TrimSpace(body), answer: answer}
		all[r.name] = r
	}
	return all
}

// serve answers every request with the recorded response, its body in pieces of
// the given size. It hands the bodies of requests to seen.
func (r recording) serve(t testing.TB, piece int, seen func(body []byte)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		seen(body)
		if len(r.answer) == 0 {
			panic(http.ErrAbortHandler) // as if the server had ended
		}
		resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(dropChunked(r.answer))), req)
		if err != nil {
			t.Errorf("%s: %v", r.name, err)
			return
		}
		answer, _ := io.ReadAll(resp.Body)
		w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
		w.WriteHeader(resp.StatusCode)
		for chunk := range slices.Chunk(answer, piece) {
			w.Write(chunk)
			w.(http.Flusher).Flush()
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// dropChunked takes out the header of an encoding that the recorder undid.
func dropChunked(answer []byte) []byte {
	return bytes.Replace(answer, []byte("Transfer-Encoding: chunked\r\n"), nil, 1)
}

// asked is the recorded request as a caller would have made it.
func (r recording) asked(t testing.TB) (req *sampling.Request, config ollama.Config) {
	t.Helper()
	var q question
	if _, mistyped := errors.AsType[*json.UnmarshalTypeError](json.Unmarshal([]byte(r.body), &q)); mistyped && r.name != "raw_bad_opt_type" {
		t.Fatalf("%s: %s", r.name, r.body)
	}
	o := &q.Options
	req = &sampling.Request{Prompt: q.Prompt, Stop: o.Stop, Params: sampling.Params{
		MaxTokens: or(o.NumPredict, 0), Temperature: or(o.Temperature, 0.8), TopK: or(o.TopK, 0), TopP: or(o.TopP, 1),
		MinP: or(o.MinP, 0), Seed: uint64(or(o.Seed, 1)), Logprobs: q.Logprobs || q.TopLogprobs > 0, TopLogprobs: q.TopLogprobs,
	}}
	if req.Prompt == "" {
		req.Prompt = "Once upon a time"
	}
	// The recorder's server was the one with the window of 512 that its models
	// were trained with.
	return req, ollama.Config{Model: cmp.Or(q.Model, "base-260k"), Version: "0.17.4", Window: 512, SpecialTokens: true, NoStreaming: !or(q.Stream, true)}
}

func TestWire(t *testing.T) {
	type want struct {
		text   string
		begins string // in place of text where it is long
		reason sampling.Reason
		usage  sampling.Usage
		tokens int // how many came with log probabilities
		err    string
		is     error
		status int
		again  bool // the error is temporary
		why    string
	}
	use := func(prompt, completion int) sampling.Usage {
		return sampling.Usage{PromptTokens: prompt, CompletionTokens: completion}
	}
	table := map[string]want{
		"cache1":          {text: ". He had m", reason: sampling.TokenLimit, usage: use(25, 4)},
		"cache2":          {text: ". He had a", reason: sampling.TokenLimit, usage: use(29, 4), why: "the count has the tokens in it that came out of the cache"},
		"full_sampling":   {text: ", there was a boy named Chris. He was an old mouse. Chick,", reason: sampling.TokenLimit, usage: use(5, 30)},
		"gen_260k":        {begins: ", there was a little girl named Lily. ", reason: sampling.TokenLimit, usage: use(5, 60)},
		"gen_raw_again":   {text: "", reason: sampling.EndOfText, usage: use(11, 1), why: "the first token was the stop sequence"},
		"gen_raw_first":   {begins: ". The dog liked to run", reason: sampling.TokenLimit, usage: use(11, 40)},
		"invalid_utf8":    {begins: ": an order to go whverTom", reason: sampling.EndOfText, usage: use(6, 26)},
		"raw_dup_bos":     {text: ", there was", reason: sampling.TokenLimit, usage: use(6, 3), why: "<s> in the prompt became a token"},
		"raw_logprobs":    {text: ", there was", reason: sampling.TokenLimit, usage: use(5, 3), tokens: 3},
		"raw_stop":        {text: ", there was a little girl named ", reason: sampling.EndOfText, usage: use(5, 10), why: "which stop it was is not told"},
		"raw_stream":      {text: ", there was a little", reason: sampling.TokenLimit, usage: use(5, 5)},
		"raw_unknown_opt": {text: ", there was", reason: sampling.TokenLimit, usage: use(5, 3)},
		"raw_noshift_limit": {begins: ", there was a little girl named Lily. She loved", reason: sampling.TokenLimit, usage: use(5, 508),
			why: "the window ended it; the last token needs no room"},
		"raw_stream_stop": {text: ", there was a little girl ", reason: sampling.EndOfText, usage: use(5, 10)},
		"gpt2_raw_partial": {text: " filtered gadgetsstic", reason: sampling.TokenLimit, usage: use(2, 4), tokens: 3,
			why: "half a rune at the end is charged for and does not come"},
		"nonraw_context":  {text: ", there was a little girl", reason: sampling.TokenLimit, usage: use(5, 8), why: "the token ids that a raw answer lacks are ignored"},
		"nonraw_context2": {text: ". Every day, she w", reason: sampling.TokenLimit, usage: use(16, 8)},

		"raw_too_long": {err: "the prompt fills all of it (512 tokens)", is: sampling.ErrBudget, status: 200,
			why: "the prompt's beginning had been cut off, so the answer is none"},
		"raw_too_long_notrunc": {err: "the input length exceeds the context length", is: sampling.ErrBudget, status: 400},
		"empty_prompt_load":    {is: sampling.ErrTruncated, status: 200},
		"no_model":             {err: `model 'nope' not found; "ollama pull nope"`, status: 404},
		"raw_bad_opt_type":     {err: `option "num_predict" must be of type integer`, status: 500, again: true, why: "as any 500 is"},
		"raw_with_context_err": {err: "raw mode does not support template, system, or context", status: 400},
		"raw_eos":              {err: "EOF", again: true, why: "the recorded client gave up waiting"},
		"raw_num_predict0":     {err: "EOF", again: true, why: "0 was sent and is no limit to Ollama"},
		"ps":                   {err: `there was no text in it: {"models":[{"name":"base-260k:latest"`, is: sampling.ErrTruncated, status: 200, again: true, why: "an answer to another question"},
		"tags":                 {err: `there was no text in it: {"models":[{"name":"base-gpt2r:latest"`, is: sampling.ErrTruncated, status: 200, again: true, why: "an answer to another question"},
	}
	all := recordings(t)
	if len(all) != 27 || len(all) != len(table) {
		t.Errorf("there are %d recordings and %d rows, want 27: those with Ollama that are not in package openai", len(all), len(table))
	}
	for name, r := range all {
		w, known := table[name]
		if !known {
			t.Errorf("%s is replayed nowhere", name)
			continue
		}
		delete(table, name)
		for _, piece := range []int{1, 7, 1 << 20} {
			t.Run(name, func(t *testing.T) {
				req, config := r.asked(t)
				config.URL = r.serve(t, piece, func(body []byte) { r.compare(t, body) })
				c, err := sampling.Model{Backend: newBackend(t, config)}.Complete(t.Context(), req)
				if c == nil {
					t.Fatal(err)
				}
				if c.Text != w.text && (w.begins == "" || !strings.HasPrefix(c.Text, w.begins)) {
					t.Errorf("the text is %q, want %q", c.Text, w.text+w.begins)
				}
				if !utf8.ValidString(c.Text) {
					t.Errorf("the text is not UTF-8: %q", c.Text)
				}
				if w.err != "" || w.is != nil {
					e, ok := errors.AsType[*sampling.Error](err)
					if !ok || e.Status != w.status || e.Temporary != w.again || !strings.Contains(err.Error(), w.err) || w.is != nil && !errors.Is(err, w.is) {
						t.Errorf("the error is %#v, want status %d, temporary %v, %q (%s)", err, w.status, w.again, w.err, w.why)
					}
					return
				}
				if err != nil || c.Reason != w.reason || c.Usage != w.usage || len(c.Tokens) != w.tokens || c.Stop != "" {
					t.Errorf("got reason %v, usage %+v, %d tokens, stop %q and %v, want %+v", c.Reason, c.Usage, len(c.Tokens), c.Stop, err, w)
				}
			})
		}
	}
	for name := range table {
		t.Errorf("%s has no recording", name)
	}
}

// compare checks that what we send agrees with the recorded request in every
// field that both have: they are the same question.
func (r recording) compare(t testing.TB, body []byte) {
	if r.path != "/api/generate" {
		return
	}
	var ours, theirs map[string]any
	if err := json.Unmarshal(body, &ours); err != nil {
		t.Errorf("%s: %v", r.name, err)
	}
	if err := json.Unmarshal([]byte(r.body), &theirs); err != nil {
		t.Errorf("%s: %v", r.name, err)
	}
	for _, group := range []string{"", "options"} {
		a, b := ours, theirs
		if group != "" {
			a, _ = ours[group].(map[string]any)
			b, _ = theirs[group].(map[string]any)
		}
		for name, value := range b {
			sent, common := a[name]
			switch {
			case name == "options", !common:
			case r.name == "empty_prompt_load", r.name == "raw_num_predict0", r.name == "raw_bad_opt_type":
				// These ask for what this package never sends.
			case !gocmp.Equal(sent, value):
				t.Errorf("%s: %s is sent as %v and was recorded as %v", r.name, name, sent, value)
			}
		}
	}
}

// The log probabilities of a recording, to the last.
func TestWireLogprobs(t *testing.T) {
	r := recordings(t)["raw_logprobs"]
	req, config := r.asked(t)
	config.URL = r.serve(t, 64, func([]byte) {})
	c := complete(t, newBackend(t, config), req)
	want := []sampling.Token{
		{Text: ",", Logprob: -0.0318, Top: []sampling.Token{{Text: ",", Logprob: -0.0318}, {Text: " there", Logprob: -3.5473}}},
		{Text: " there", Logprob: -0.0684, Top: []sampling.Token{{Text: " there", Logprob: -0.0684}, {Text: " in", Logprob: -2.9798}}},
		{Text: " was", Logprob: -0.016, Top: []sampling.Token{{Text: " was", Logprob: -0.016}, {Text: " we", Logprob: -4.844}}},
	}
	near := gocmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-4 })
	if diff := gocmp.Diff(want, c.Tokens, near); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
