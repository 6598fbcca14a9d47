package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/cloudwego/eino/components/prompt"
	"github.com/cloudwego/eino/schema"
)

// einoLoop is a renderer by a prompt template of github.com/cloudwego/eino in a
// format that has loops: one template goes through all pairs.
func einoLoop(format schema.FormatType, template string) func(pairs []pair) (renderer, error) {
	return func(pairs []pair) (renderer, error) {
		whole := prompt.FromMessages(format, schema.UserMessage(template))
		values := asMaps(pairs)
		return func(query string) (string, error) {
			return einoText(whole.Format(context.Background(), map[string]any{"pairs": values, "query": query}))
		}, nil
	}
}

// einoEach is one by eino's f-strings, which have no loops: a template for each
// pair, and the texts put together.
func einoEach(pairs []pair) (renderer, error) {
	shot := prompt.FromMessages(schema.FString, schema.UserMessage("{input}: {output}\n"))
	end := prompt.FromMessages(schema.FString, schema.UserMessage("{query}:"))
	values := asMaps(pairs)
	return func(query string) (string, error) {
		var b strings.Builder
		for _, pair := range values {
			text, err := einoText(shot.Format(context.Background(), pair))
			if err != nil {
				return "", err
			}
			b.WriteString(text)
		}
		text, err := einoText(end.Format(context.Background(), map[string]any{"query": query}))
		b.WriteString(text)
		return b.String(), err
	}, nil
}

func einoText(messages []*schema.Message, err error) (string, error) {
	if err != nil {
		return "", err
	}
	if len(messages) != 1 {
		return "", fmt.Errorf("%d messages", len(messages))
	}
	return messages[0].Content, nil
}
