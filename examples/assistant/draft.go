package main

import (
	"cmp"
	"context"
	"errors"
	"os"

	openai "github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/examples/internal/cli"
)

// chatModel returns a function that asks an instruction-tuned model, by the chat endpoint
// at OPENAI_BASE_URL or OpenAI's own.
func chatModel(env *cli.Env, model string) func(context.Context, string) (string, error) {
	return func(ctx context.Context, prompt string) (string, error) {
		config := openai.DefaultConfig(env.Getenv("OPENAI_API_KEY"))
		config.BaseURL = cmp.Or(env.Getenv("OPENAI_BASE_URL"), config.BaseURL)
		answer, err := openai.NewClientWithConfig(config).CreateChatCompletion(ctx, openai.ChatCompletionRequest{
			Model:    model,
			Messages: []openai.ChatCompletionMessage{{Role: openai.ChatMessageRoleUser, Content: prompt}},
		})
		if err != nil {
			return "", err
		}
		if len(answer.Choices) == 0 {
			return "", errors.New("the chat model gave no answer")
		}
		return answer.Choices[0].Message.Content, nil
	}
}

// writePersona writes a drafted persona as plain text. It does not replace a file.
func writePersona(name string, p *assistant.Persona) error {
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	return errors.Join(p.WriteText(f), f.Close())
}
