package openai_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/fewshot/choose"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// testKey has what JSON, URLs and Go each write otherwise. (No header carries a
// line break.)
const testKey = `sk-test-"é/+<1234567890`

// A Backend is an embedder for selectors.
var _ choose.Embedder = (*openai.Backend)(nil)

// embedding returns a backend for a server that answers each request by answer.
func embedding(t *testing.T, key string, answer http.HandlerFunc) *openai.Backend {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return newEmbedder(t, server.URL+"/v1", key)
}

func newEmbedder(t *testing.T, url, key string) *openai.Backend {
	t.Helper()
	b, err := openai.New(openai.Config{BaseURL: url, Key: sampling.NewSecret(key), Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEmbed(t *testing.T) {
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen = append(seen, fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.Header.Get("Authorization"), " ", string(body)))
		// In another order than asked for, as the numbers say.
		fmt.Fprint(w, `{"object":"list","model":"m","data":[
			{"object":"embedding","index":2,"embedding":[2.5,-1]},
			{"object":"embedding","index":0,"embedding":[0,1e-3]},
			{"object":"embedding","index":1,"embedding":[1,1]}]}`)
	}))
	defer server.Close()
	for _, base := range []string{server.URL + "/v1", server.URL + "/v1/"} {
		got, err := newEmbedder(t, base, "k").Embed(t.Context(), []string{"a", "b\n", "다"})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([][]float32{{0, 1e-3}, {1, 1}, {2.5, -1}}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	want := `POST /v1/embeddings Bearer k {"input":["a","b\n","다"],"model":"m"}`
	if diff := cmp.Diff([]string{want, want}, seen); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

func TestEmbedWithoutNumbers(t *testing.T) {
	b := embedding(t, "", func(w http.ResponseWriter, r *http.Request) {
		if _, ok := r.Header["Authorization"]; ok {
			t.Error("an empty key was sent")
		}
		fmt.Fprint(w, `{"data":[{"embedding":[1]},{"embedding":[2]}]}`)
	})
	got, err := b.Embed(t.Context(), []string{"a", "b"})
	if err != nil || !slices.EqualFunc(got, [][]float32{{1}, {2}}, slices.Equal) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestEmbedErrors(t *testing.T) {
	b := embedding(t, "k", func(http.ResponseWriter, *http.Request) { t.Error("text that is not UTF-8 was sent") })
	if _, err := b.Embed(t.Context(), []string{"a", "caf\xe9"}); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("text that is not UTF-8: %v", err)
	}
	echo, _ := json.Marshal(testKey)
	type answer = http.HandlerFunc
	say := func(status int, body string) answer {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	tests := []struct {
		name   string
		answer answer
		want   []string
	}{
		{"a wrong key that the server repeats", say(401, `{"error":{"message":"Incorrect API key provided: `+strings.Trim(string(echo), `"`)+`","type":"x","code":"y"}}`), []string{"401", "Incorrect API key", "[key]"}},
		{"repeated as it is, in text", say(403, "no: "+testKey), []string{"403", "[key]"}},
		{"repeated in an error that is long", say(500, strings.Repeat("x", 250)+testKey+strings.Repeat("é", 1000)), []string{"500", "…"}},
		{"too many requests", say(429, `{"error":{"message":"slow down"}}`), []string{"429", "slow down"}},
		{"a page", say(200, "<html>hello"), []string{"an HTML page", "/v1"}},
		{"an error with status 200", say(200, `{"error":{"message":"no such model"}}`), []string{"0 vectors for 2 texts", "/v1", "embeddings"}},
		{"too few", say(200, `{"data":[{"index":0,"embedding":[1]}]}`), []string{"1 vectors for 2 texts"}},
		{"a number twice", say(200, `{"data":[{"index":1,"embedding":[1]},{"index":1,"embedding":[1]}]}`), []string{"numbered a vector 1", "twice"}},
		{"a number twice, of nothing", say(200, `{"data":[{"index":1},{"index":1}]}`), []string{"numbered a vector 1", "twice"}},
		{"a number out of range", say(200, `{"data":[{"index":2,"embedding":[1]},{"index":0,"embedding":[1]}]}`), []string{"numbered a vector 2"}},
		{"a negative number", say(200, `{"data":[{"index":-1,"embedding":[1]},{"index":0,"embedding":[1]}]}`), []string{"numbered a vector -1"}},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, `{"data":[`)
		}, []string{"EOF"}},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/elsewhere", http.StatusTemporaryRedirect)
		}, []string{"redirects"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			vectors, err := embedding(t, testKey, tt.answer).Embed(t.Context(), []string{"a", "b"})
			if err == nil {
				t.Fatalf("returned %v", vectors)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if len(err.Error()) > 650 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				for _, text := range []string{e.Error(), fmt.Sprintf("%+v %#v", e, e)} {
					if strings.Contains(text, "1234567890") || strings.Contains(text, "sk-test") {
						t.Errorf("the key is in %s", text)
					}
				}
			}
		})
	}
	if _, err := newEmbedder(t, "http://127.0.0.1:1/v1", "").Embed(t.Context(), []string{"a"}); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("no server: %v", err)
	}
}

func TestEmbedEndWithTheContext(t *testing.T) {
	arrived := make(chan struct{})
	b := embedding(t, "k", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then does the server see the client leave
		close(arrived)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	go func() {
		<-arrived
		cancel()
	}()
	if _, err := b.Embed(ctx, []string{"a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
