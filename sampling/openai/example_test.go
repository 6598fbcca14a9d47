package openai_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// A base model at a host that speaks OpenAI's protocol.
func Example() {
	backend, err := openai.New(openai.Config{
		BaseURL: "https://api.hyperbolic.xyz/v1",
		Key:     sampling.NewSecret(os.Getenv("OPENAI_API_KEY")),
		Model:   "meta-llama/Meta-Llama-3.1-405B",
	})
	if err != nil {
		log.Fatal(err)
	}
	m := sampling.Model{Backend: backend, Window: 131072}
	c, err := m.Complete(context.Background(), &sampling.Request{
		Prompt: "butterfly: 나비\nocean:",
		Stop:   []string{"\n"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Text)
}

// The request that llama.cpp's server gets: nothing is left to its own
// defaults, of which none is neutral.
func ExampleNew() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println(r.Method, r.URL.Path)
		fmt.Println(string(body))
		io.WriteString(w, `{"choices":[{"text":" 바다","finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2},
			"__verbose":{"stop_type":"word","stopping_word":"\n"}}`)
	}))
	defer server.Close()

	backend, err := openai.New(openai.Config{
		BaseURL:     server.URL + "/v1", // http://localhost:8080/v1 for a real one
		Model:       "any name",
		Dialect:     openai.LlamaCpp,
		NoStreaming: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	c, err := sampling.Model{Backend: backend}.Complete(context.Background(), &sampling.Request{
		Prompt: "butterfly: 나비\nocean:",
		Stop:   []string{"\n"},
		Params: sampling.Params{MaxTokens: 16, Seed: 7},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q, ended by %v %q\n", c.Text, c.Reason, c.Stop)
	// Output:
	// POST /v1/completions
	// {"frequency_penalty":0,"logprobs":0,"max_tokens":16,"min_p":0,"model":"any name","presence_penalty":0,"prompt":"butterfly: 나비\nocean:","repeat_penalty":1,"seed":7,"stop":["\n"],"stream":false,"temperature":0,"top_k":0,"top_p":1,"verbose":true}
	// " 바다", ended by stop sequence "\n"
}

// A host that knows more than OpenAI does gets a dialect of its own. What it
// does not know stays an error.
func ExampleDialect() {
	host := openai.OpenAI.With("TopK", "top_k", "-1")
	host.Name, host.MaxStops = "Example Host", 16

	backend, err := openai.New(openai.Config{BaseURL: "https://host.example/v1", Model: "base", Dialect: host})
	if err != nil {
		log.Fatal(err)
	}
	_, err = sampling.Model{Backend: backend}.Complete(context.Background(), &sampling.Request{
		Prompt: "Once upon a time",
		Params: sampling.Params{TopK: 40, MinP: 0.05},
	})
	fmt.Println(err)
	// Output:
	// openai: sampling: not supported by this backend: Params.MinP is 0.05, and Example Host has no field for it; leave it out, or name the field in Config.Dialect if the server has one
}

// A text's log probabilities need a server that returns those of its prompt.
func ExampleBackend_Score() {
	backend, err := openai.New(openai.Config{BaseURL: "http://localhost:8080/v1", Model: "any name", Dialect: openai.SGLang})
	if err != nil {
		log.Fatal(err)
	}
	_, err = backend.Score(context.Background(), &sampling.Request{Prompt: "The sky is"}, []string{" blue", " green"})
	fmt.Println(err)
	// Output:
	// openai: sampling: not supported by this backend: SGLang does not return the log probabilities of a prompt
}

// A model that makes embeddings serves package choose. This server measures
// nothing but length.
func ExampleBackend_Embed() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"data": [{"index": 0, "embedding": [10, 1]}, {"index": 1, "embedding": [20, 1]}]}`)
	}))
	defer server.Close()

	embedder, err := openai.New(openai.Config{BaseURL: server.URL + "/v1", Model: "text-embedding-3-small"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(embedder.Embed(context.Background(), []string{"ten bytes.", "twenty bytes of text"}))
	// Output:
	// [[10 1] [20 1]] <nil>
}
