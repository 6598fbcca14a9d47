package chatapi_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// A base model, as a program sees it that knows OpenAI's chat protocol. The
// server here ends with the example; other programs give the Handler to an
// http.Server.
func Example() {
	h, err := chatapi.New(context.Background(), chatapi.Config{
		Model:   sampling.Model{Backend: pocket.Default()},
		Persona: assistant.Helpful(),
	})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()

	config := openai.DefaultConfig("no key is asked for")
	config.BaseURL = server.URL + "/v1"
	resp, err := openai.NewClientWithConfig(config).CreateChatCompletion(context.Background(), openai.ChatCompletionRequest{
		Messages: []openai.ChatCompletionMessage{{Role: "user", Content: "What is the capital of France?"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Choices[0].Message.Content)
	fmt.Println(resp.Choices[0].FinishReason)
	// Output:
	// Paris, and it is well worth a trip! Were you thinking of going there?
	// stop
}

// What a base model cannot do is refused by the name of the field.
func Example_refused() {
	h, err := chatapi.New(context.Background(), chatapi.Config{Model: sampling.Model{Backend: pocket.Default()}})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()

	config := openai.DefaultConfig("")
	config.BaseURL = server.URL + "/v1"
	_, err = openai.NewClientWithConfig(config).CreateChatCompletion(context.Background(), openai.ChatCompletionRequest{
		Messages: []openai.ChatCompletionMessage{{Role: "user", Content: "What time is it?"}},
		Tools:    []openai.Tool{{Type: "function", Function: &openai.FunctionDefinition{Name: "clock"}}},
	})
	fmt.Println(err)
	// Output:
	// error, status code: 400, status: 400 Bad Request, message: 'tools' is not supported: a base model calls no tools; leave them out
}
