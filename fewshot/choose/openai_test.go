package choose

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
)

// testKey has what JSON, URLs and Go each write otherwise. (No header carries a
// line break.)
const testKey = `sk-test-"é/+ <1234567890`

// serve answers each request by answer, and returns the server's address.
func serve(t *testing.T, answer http.HandlerFunc) string {
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server.URL + "/v1"
}

func TestOpenAIEmbeddings(t *testing.T) {
	var seen []string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen = append(seen, fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.Header.Get("Authorization"), " ", string(body)))
		// In another order than asked for, as the numbers say.
		fmt.Fprint(w, `{"object":"list","model":"m","data":[
			{"object":"embedding","index":2,"embedding":[2.5,-1]},
			{"object":"embedding","index":0,"embedding":[0,1e-3]},
			{"object":"embedding","index":1,"embedding":[1,1]}]}`)
	})
	for _, base := range []string{url, url + "/"} {
		got, err := OpenAIEmbeddings(base, "k", "m").Embed(t.Context(), []string{"a", "b\n", "다"})
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

func TestOpenAIEmbeddingsWithoutNumbers(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, ok := r.Header["Authorization"]; ok {
			t.Error("an empty key was sent")
		}
		fmt.Fprint(w, `{"data":[{"embedding":[1]},{"embedding":[2]}]}`)
	})
	got, err := OpenAIEmbeddings(url, "", "m").Embed(t.Context(), []string{"a", "b"})
	if err != nil || !slices.EqualFunc(got, [][]float32{{1}, {2}}, slices.Equal) {
		t.Errorf("%v, %v", got, err)
	}
}

// TestOpenAIEmbeddingsThroughNearest is the whole way, over batches.
func TestOpenAIEmbeddingsThroughNearest(t *testing.T) {
	requests := 0
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests++
		var asked struct{ Input []string }
		json.NewDecoder(r.Body).Decode(&asked)
		type vector struct {
			Index     int       `json:"index"`
			Embedding []float64 `json:"embedding"`
		}
		var answer struct {
			Data []vector `json:"data"`
		}
		for i, text := range asked.Input {
			answer.Data = append(answer.Data, vector{i, []float64{float64(strings.Count(text, "a")), float64(strings.Count(text, "b"))}})
		}
		slices.Reverse(answer.Data)
		json.NewEncoder(w).Encode(answer)
	})
	choose := Top(2, &Vectors{Embedder: OpenAIEmbeddings(url, "k", "m"), Batch: 2})
	pool := []example{{In: "aaa"}, {In: "b"}, {In: "abb"}, {In: "ab"}, {In: "aab"}}
	order, err := choose(t.Context(), "bbba", pool)
	if err != nil || !slices.Equal(order, []int{1, 2}) {
		t.Errorf("%v, %v", order, err)
	}
	if requests != 4 {
		t.Errorf("%d requests for 5 examples by 2 and a query", requests)
	}
}

func TestOpenAIEmbeddingsErrors(t *testing.T) {
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
		{"a page", say(200, "<html>hello"), []string{"openai embeddings", "invalid character"}},
		{"an error with status 200", say(200, `{"error":{"message":"no such model"}}`), []string{"0 vectors for 2 texts", "/v1", "embeddings"}},
		{"too few", say(200, `{"data":[{"index":0,"embedding":[1]}]}`), []string{"1 vectors for 2 texts"}},
		{"a number twice", say(200, `{"data":[{"index":1,"embedding":[1]},{"index":1,"embedding":[1]}]}`), []string{"numbered a vector 1", "twice"}},
		{"a number twice, of nothing", say(200, `{"data":[{"index":1},{"index":1}]}`), []string{"numbered a vector 1", "twice"}},
		{"a number out of range", say(200, `{"data":[{"index":2,"embedding":[1]},{"index":0,"embedding":[1]}]}`), []string{"numbered a vector 2"}},
		{"a negative number", say(200, `{"data":[{"index":-1,"embedding":[1]},{"index":0,"embedding":[1]}]}`), []string{"numbered a vector -1"}},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, `{"data":[`)
		}, []string{"unexpected EOF"}},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/elsewhere", http.StatusTemporaryRedirect)
		}, []string{"redirects", "baseURL"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := OpenAIEmbeddings(serve(t, tt.answer), testKey, "m")
			vectors, err := e.Embed(t.Context(), []string{"a", "b"})
			if err == nil {
				t.Fatalf("returned %v", vectors)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if len(err.Error()) > 450 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				for _, text := range []string{e.Error(), fmt.Sprintf("%+v %#v", e, e)} {
					if strings.Contains(text, "1234567890") || strings.Contains(text, "sk-test") {
						t.Errorf("the key stands in %s", text)
					}
				}
			}
		})
	}
	if _, err := OpenAIEmbeddings("http://127.0.0.1:1", "", "").Embed(t.Context(), []string{"a"}); err == nil || !strings.Contains(err.Error(), "model's name is empty") {
		t.Errorf("no model: %v", err)
	}
	if _, err := OpenAIEmbeddings("http://127.0.0.1:1/v1", "", "m").Embed(t.Context(), []string{"a"}); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("no server: %v", err)
	}
}

func TestOpenAIEmbeddingsEndWithTheContext(t *testing.T) {
	arrived := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
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
	if _, err := OpenAIEmbeddings(url, "k", "m").Embed(ctx, []string{"a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestOpenAIEmbeddingsHideTheKey(t *testing.T) {
	e := OpenAIEmbeddings("http://127.0.0.1:1/v1", testKey, "m")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, v := range []any{e, struct{ E Embedder }{e}} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, "sk-test") {
				t.Errorf("%s shows the key: %s", verb, text)
			}
		}
	}
}
