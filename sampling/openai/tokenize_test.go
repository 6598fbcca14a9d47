package openai_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

type countTest struct {
	recording string
	tokens    int
	status    int // of the error, where it is one
}

// countTests has a row for every recorded exchange with /tokenize.
var countTests = []countTest{
	{"llamacpp/tokenize", 10, 0},
	{"llamacpp/tokenize_plain", 4, 0},
	{"llamacpp-656k/bytes_tok", 11, 0},
	{"llamacpp-656k/unknown_char_tok", 0, 500},
	{"llamacpp-gpt2vocab/emoji_tok", 2, 0},
	{"llamacpp-gpt2vocab/tokenize", 12, 0},
	{"llamacpp-gpt2vocab/tokenize_nospecial", 8, 0},
}

func TestCountRecorded(t *testing.T) {
	for _, test := range countTests {
		t.Run(test.recording, func(t *testing.T) {
			r := readRecording(t, test.recording)
			s := replay(t, r.response)
			b, err := openai.New(openai.Config{BaseURL: s.URL + "/v1", Model: "base-260k", Dialect: openai.LlamaCpp})
			if err != nil {
				t.Fatal(err)
			}
			var content string
			if err := json.Unmarshal(r.request["content"], &content); err != nil {
				t.Fatal(err)
			}
			n, err := b.Count(t.Context(), content)
			if e, ok := errors.AsType[*sampling.Error](err); n != test.tokens || ok != (test.status != 0) || ok && e.Status != test.status {
				t.Errorf("counted %d and %v, want %d and status %d", n, err, test.tokens, test.status)
			}
			var sent map[string]any
			if err := json.Unmarshal(s.sent()[0], &sent); err != nil || sent["content"] != content || sent["add_special"] != true {
				t.Errorf("sent %s, want the content and the token that begins each prompt", s.sent()[0])
			}
		})
	}
}

// The address stands beside /v1 and gets the key; vLLM answers with a count.
func TestCountVLLM(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		json.NewDecoder(r.Body).Decode(&body)
		if r.URL.Path != "/tokenize" || r.Header.Get("Authorization") != "Bearer sk-1" || body["prompt"] != "a b" || body["model"] != "m" {
			http.Error(w, "wrong request", http.StatusBadRequest)
			return
		}
		w.Write([]byte(`{"count":3,"max_model_len":4096,"tokens":[1,2,3]}`))
	}))
	defer s.Close()
	b, err := openai.New(openai.Config{BaseURL: s.URL + "/v1/", Key: sampling.NewSecret("sk-1"), Model: "m", Dialect: openai.VLLM})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := b.Count(t.Context(), "a b"); n != 3 || err != nil {
		t.Errorf("counted %d, %v", n, err)
	}
}

func TestCountRefused(t *testing.T) {
	for _, d := range []openai.Dialect{openai.OpenAI, openai.SGLang} {
		b, err := openai.New(openai.Config{BaseURL: "http://localhost/v1", Model: "m", Dialect: d})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := b.Count(t.Context(), "a"); n != 0 || !errors.Is(err, sampling.ErrUnsupported) {
			t.Errorf("%s: %v, %v", d.Name, n, err)
		}
	}
}

// An answer that is not a count must not be one of zero, which would fit anything.
func TestCountMisread(t *testing.T) {
	for _, answer := range []string{"", "{}", `{"tokens":null}`, "<html>", `{"error":"no"}`, `[1,2]`, `{"count":3}`, `{"tokens":["a"]}`, `{"tokens":[{"piece":"a"}]}`} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(answer)) }))
		b, err := openai.New(openai.Config{BaseURL: s.URL, Model: "m", Dialect: openai.LlamaCpp})
		if err != nil {
			t.Fatal(err)
		}
		n, err := b.Count(t.Context(), "text")
		if _, ok := errors.AsType[*sampling.Error](err); !ok || n != 0 {
			t.Errorf("the answer %q was counted as %d, %v", answer, n, err)
		}
		s.Close()
	}
}

// A proxy that zips unasked does not make a count of what is none.
func TestCountZipped(t *testing.T) {
	for coding, want := range map[string]int{"gzip": 3, "br": 0} {
		b := overTransport(t, openai.LlamaCpp, func(r *http.Request) (*http.Response, error) {
			var zipped bytes.Buffer
			z := gzip.NewWriter(&zipped)
			io.WriteString(z, `{"tokens":[1,2,3]}`)
			z.Close()
			resp := response(r, &zipped)
			resp.Header.Set("Content-Encoding", coding)
			return resp, nil
		})
		if n, err := b.Count(t.Context(), "a b"); n != want || (err == nil) != (want > 0) {
			t.Errorf("%s: counted %d, %v", coding, n, err)
		}
	}
}
