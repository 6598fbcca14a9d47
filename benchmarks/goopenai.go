package main

import (
	"context"
	"errors"
	"io"
	"net/http"

	goopenai "github.com/sashabaranov/go-openai"
)

// A rawClient completes text by github.com/sashabaranov/go-openai alone. It asks
// for what the library's backend asks for.
type rawClient struct {
	client *goopenai.Client
	http   *http.Client
}

func newRawClient(url string) *rawClient {
	config := goopenai.DefaultConfig("")
	client := newClient()
	config.BaseURL, config.HTTPClient = url+"/v1", client
	return &rawClient{goopenai.NewClientWithConfig(config), client}
}

func (c *rawClient) request(prompt string) goopenai.CompletionRequest {
	return goopenai.CompletionRequest{Model: "m", Prompt: prompt, MaxTokens: wireTokens}
}

func (c *rawClient) stream(ctx context.Context, prompt string, each func(text string)) error {
	request := c.request(prompt)
	request.StreamOptions = &goopenai.StreamOptions{IncludeUsage: true}
	stream, err := c.client.CreateCompletionStream(ctx, request)
	if err != nil {
		return err
	}
	defer stream.Close()
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, choice := range event.Choices {
			each(choice.Text)
		}
	}
}

func (c *rawClient) whole(ctx context.Context, prompt string) (string, error) {
	response, err := c.client.CreateCompletion(ctx, c.request(prompt))
	if err != nil {
		return "", err
	}
	return response.Choices[0].Text, nil
}

func (c *rawClient) close() { c.http.CloseIdleConnections() }
