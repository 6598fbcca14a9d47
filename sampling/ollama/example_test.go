package ollama_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/ollama"
)

// standIn answers as an Ollama server does, so that the examples run where none
// is. It says the same to every prompt.
func standIn() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/version" {
			io.WriteString(w, `{"version":"0.17.4"}`)
			return
		}
		for _, piece := range []string{" océan", "\n", "owl", ":"} {
			fmt.Fprintf(w, `{"response":%q,"done":false}`+"\n", piece)
		}
		io.WriteString(w, `{"response":"","done":true,"done_reason":"length","prompt_eval_count":9,"eval_count":4}`+"\n")
	}))
}

func Example() {
	server := standIn()
	defer server.Close()
	backend, err := ollama.New(ollama.Config{
		URL:    server.URL, // "" is Ollama on this machine
		Model:  "llama3.1:8b-text-q4_K_M",
		Window: 8192,
	})
	if err != nil {
		log.Fatal(err)
	}
	c, err := sampling.Model{Backend: backend, Window: 8192}.Complete(context.Background(), &sampling.Request{
		Prompt: "butterfly: papillon\nocean:",
		Stop:   []string{"\n"},
		Params: sampling.Params{MaxTokens: 16},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q, ended by a %v\n", c.Text, c.Reason)
	// Output: " océan", ended by a stop sequence
}

// A Model's window is the one that Ollama is sent. Without a Counter for the model's
// vocabulary, each byte counts as a token.
func ExampleConfig_window() {
	server := standIn()
	defer server.Close()
	backend, err := ollama.New(ollama.Config{URL: server.URL, Model: "llama3.1:8b-text-q4_K_M", Window: 64})
	if err != nil {
		log.Fatal(err)
	}
	m, err := sampling.Discover(context.Background(), backend)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.PromptBudget(sampling.Params{MaxTokens: 16}))
	_, err = m.Complete(context.Background(), &sampling.Request{
		Prompt: "A prompt of more than forty-eight bytes is refused before it is sent.",
		Params: sampling.Params{MaxTokens: 16},
	})
	fmt.Println(errors.Is(err, sampling.ErrBudget))
	// Output:
	// 48 <nil>
	// true
}

// What goes wrong says what to do about it, and no key is ever shown.
func ExampleConfig() {
	config := ollama.Config{URL: "https://ollama.com", Model: "some-base-model", Key: sampling.NewSecret("a secret that nobody may see")}
	fmt.Println(config.URL, config.Key)
	_, err := ollama.New(config)
	fmt.Println(err)
	// Output:
	// https://ollama.com [key]
	// ollama: sampling: invalid request: Config.Key has a space or a line break at byte 1 of 28, which no header can carry; strings.TrimSpace may be enough
}
