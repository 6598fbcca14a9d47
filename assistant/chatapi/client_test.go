package chatapi_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// These tests are a program that uses go-openai.

func question(text string) openai.ChatCompletionRequest {
	return openai.ChatCompletionRequest{
		Model:    "foreword",
		Messages: []openai.ChatCompletionMessage{{Role: "system", Content: "Be brief."}, {Role: "user", Content: text}},
	}
}

func TestClientWhole(t *testing.T) {
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: pocket.Default()}, Persona: assistant.Helpful()})
	req := question("Why is the sky blue?")
	req.N = 2
	req.LogProbs, req.TopLogProbs = true, 3
	resp, err := s.client().CreateChatCompletion(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if len(resp.Choices) != 2 || resp.Model != "foreword" || resp.Object != "chat.completion" || !strings.HasPrefix(resp.ID, "chatcmpl-") || resp.Created == 0 {
		t.Fatalf("%+v", resp)
	}
	for i, c := range resp.Choices {
		if c.Index != i || c.Message.Role != "assistant" || !strings.Contains(c.Message.Content, "scatter") || strings.Contains(c.Message.Content, "Human:") || c.FinishReason != "stop" {
			t.Errorf("%+v", c)
		}
		var joined strings.Builder
		for _, token := range c.LogProbs.Content {
			joined.WriteString(token.Token)
			if token.LogProb > 0 || len(token.TopLogProbs) == 0 || len(token.TopLogProbs) > 3 || string(token.Bytes) != token.Token {
				t.Errorf("%+v", token)
			}
		}
		if strings.TrimSpace(joined.String()) != c.Message.Content {
			t.Errorf("tokens %q of %q", joined.String(), c.Message.Content)
		}
	}
	u := resp.Usage
	if u.PromptTokens < 300 || u.CompletionTokens < 10 || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
		t.Errorf("usage %+v", u)
	}
}

func TestClientStream(t *testing.T) {
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: pocket.Default()}, Persona: assistant.Helpful()})
	whole, err := s.client().CreateChatCompletion(t.Context(), question("What causes the tides?"))
	if err != nil {
		t.Fatal(err)
	}
	req := question("What causes the tides?")
	req.N = 3
	req.StreamOptions = &openai.StreamOptions{IncludeUsage: true}
	stream, err := s.client().CreateChatCompletionStream(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	texts, events, finish := make([]string, 3), 0, make([]openai.FinishReason, 3)
	var usage *openai.Usage
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		events++
		if usage != nil {
			t.Error("an event after the usage")
		}
		usage = event.Usage
		for _, c := range event.Choices {
			if finish[c.Index] != "" {
				t.Errorf("choice %d goes on after its end", c.Index)
			}
			if texts[c.Index] == "" && c.Delta.Content == "" && c.FinishReason == "" && c.Delta.Role != "assistant" {
				t.Errorf("choice %d begins with %+v", c.Index, c)
			}
			texts[c.Index] += c.Delta.Content
			finish[c.Index] = c.FinishReason
		}
	}
	for i, text := range texts {
		if text != whole.Choices[0].Message.Content || finish[i] != "stop" {
			t.Errorf("streamed %q, finish %q; whole %q", text, finish[i], whole.Choices[0].Message.Content)
		}
	}
	if events < 10 || usage == nil || usage.PromptTokens != whole.Usage.PromptTokens || usage.CompletionTokens != 3*whole.Usage.CompletionTokens {
		t.Errorf("%d events, usage %+v, whole %+v", events, usage, whole.Usage)
	}
}

func TestClientErrors(t *testing.T) {
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: pocket.Default()}, Keys: []sampling.Secret{sampling.NewSecret("sk-right")}})
	c := openai.DefaultConfig("sk-wrong")
	c.BaseURL = s.URL + "/v1"
	_, err := openai.NewClientWithConfig(c).CreateChatCompletion(t.Context(), question("Hi?"))
	if e, ok := errors.AsType[*openai.APIError](err); !ok || e.HTTPStatusCode != 401 || e.Code != "invalid_api_key" {
		t.Errorf("%v", err)
	}
	c = openai.DefaultConfig("sk-right")
	c.BaseURL = s.URL + "/v1"
	client := openai.NewClientWithConfig(c)
	req := question("Hi?")
	req.Tools = []openai.Tool{{Type: "function", Function: &openai.FunctionDefinition{Name: "f"}}}
	_, err = client.CreateChatCompletion(t.Context(), req)
	if e, ok := errors.AsType[*openai.APIError](err); !ok || e.HTTPStatusCode != 400 || e.Param == nil || *e.Param != "tools" {
		t.Errorf("%v", err)
	}
	req = question("Hi?")
	req.Model = "gpt-4"
	_, err = client.CreateChatCompletionStream(t.Context(), req)
	if e, ok := errors.AsType[*openai.APIError](err); !ok || e.HTTPStatusCode != 404 || e.Code != "model_not_found" {
		t.Errorf("%v", err)
	}
	models, err := client.ListModels(t.Context())
	if err != nil || len(models.Models) != 1 || models.Models[0].ID != "foreword" {
		t.Errorf("%+v %v", models, err)
	}
	if model, err := client.GetModel(t.Context(), "foreword"); err != nil || model.ID != "foreword" {
		t.Errorf("%+v %v", model, err)
	}
}

// TestClientMidStreamError has a backend that fails after it has begun.
func TestClientMidStreamError(t *testing.T) {
	s := serveScript(t, &samplingtest.Script{Answer: samplingtest.InTurn(samplingtest.Reply{
		Text: " one two three", Err: &sampling.Error{Backend: "openai", Status: 500, Err: errors.New("secret words of the server")},
	}), ChunkSize: 4})
	stream, err := s.client().CreateChatCompletionStream(t.Context(), question("Hi?"))
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	text := ""
	for {
		event, err := stream.Recv()
		if err != nil {
			if e, ok := errors.AsType[*openai.APIError](err); !ok || e.Type != "server_error" || strings.Contains(err.Error(), "secret") {
				t.Errorf("ended with %v", err)
			}
			break
		}
		text += event.Choices[0].Delta.Content
	}
	if text != "one two three" {
		t.Errorf("text %q", text)
	}
	if log := s.logged(); strings.Contains(log, "secret") || !strings.Contains(log, `"cause":"backend openai, status 500"`) {
		t.Errorf("log %s", log)
	}
}

// TestClientAborts leaves in the middle: the backend is read no further than the
// chunk that it was at.
func TestClientAborts(t *testing.T) {
	for name, n := range map[string]int{"one": 1, "three": 3} {
		t.Run(name, func(t *testing.T) {
			script := &samplingtest.Script{
				Answer: samplingtest.Always(" one two three four five six seven eight nine ten"), ChunkSize: 6,
				Wait: func(ctx context.Context, _, chunk int) error {
					if chunk < 3 {
						return nil
					}
					<-ctx.Done() // a server that is at work on the next chunk
					return ctx.Err()
				},
			}
			s := serveScript(t, script)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			req := question("Count!")
			req.N = n
			stream, err := s.client().CreateChatCompletionStream(ctx, req)
			if err != nil {
				t.Fatal(err)
			}
			for {
				event, err := stream.Recv()
				if err != nil {
					t.Fatal(err)
				}
				if event.Choices[0].Delta.Content != "" {
					break
				}
			}
			cancel()
			stream.Close()
			// That the client is gone may be seen before the third chunk is asked for;
			// a backend that is not stopped would keep Close waiting.
			s.Close() // waits for the handler
			for _, call := range script.Calls() {
				if call.Chunks > 3 || call.Err != nil && !errors.Is(call.Err, context.Canceled) {
					t.Errorf("%d chunks were read, %v", call.Chunks, call.Err)
				}
			}
			if log := s.logged(); !strings.Contains(log, `"status":499`) {
				t.Errorf("log %s", log)
			}
		})
	}
}

// TestClientAbortsWhole leaves while it waits for an answer that is not streamed.
func TestClientAbortsWhole(t *testing.T) {
	waiting := make(chan struct{}, 1)
	script := &samplingtest.Script{Answer: samplingtest.InTurn(" one two three four five"), ChunkSize: 6, Wait: func(ctx context.Context, _, chunk int) error {
		if chunk < 2 {
			return nil
		}
		waiting <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}}
	s := serveScript(t, script)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-waiting
		cancel()
	}()
	if _, err := s.client().CreateChatCompletion(ctx, question("Count!")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	log := s.logged() // waits for the handler
	if call := script.Calls()[0]; call.Chunks != 2 || !errors.Is(call.Err, context.Canceled) || !strings.Contains(log, `"status":499`) {
		t.Errorf("%d chunks were read, %v; log %s", call.Chunks, call.Err, log)
	}
}

// TestClientAbortsBusyBackend leaves a backend that does not heed its context
// and never waits: it is the loop around it that is left.
func TestClientAbortsBusyBackend(t *testing.T) {
	left := make(chan struct{})
	backend := sampling.BackendFunc(func(_ context.Context, _ *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			defer close(left)
			for i := 0; yield(sampling.Chunk{Text: " " + strings.Repeat(string(rune('a'+i%26)), 1+i%17)}, nil); i++ {
			}
		}
	})
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: backend}})
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := s.client().CreateChatCompletionStream(ctx, question("Go on!"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	cancel()
	stream.Close()
	<-left
}
