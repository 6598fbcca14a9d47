package main

import (
	"fmt"

	"github.com/google/dotprompt/go/dotprompt"
)

// newDotprompt is a renderer by github.com/google/dotprompt/go: a Handlebars
// template that is compiled once and goes through the pairs for each query.
func newDotprompt(pairs []pair) (renderer, error) {
	render, err := dotprompt.NewDotprompt(nil).Compile("{{#each pairs}}{{input}}: {{output}}\n{{/each}}{{query}}:", nil)
	if err != nil {
		return nil, err
	}
	values := asMaps(pairs)
	return func(query string) (string, error) {
		prompt, err := render(&dotprompt.DataArgument{Input: map[string]any{"pairs": values, "query": query}}, nil)
		if err != nil {
			return "", err
		}
		if len(prompt.Messages) != 1 || len(prompt.Messages[0].Content) != 1 {
			return "", fmt.Errorf("%d messages", len(prompt.Messages))
		}
		text, ok := prompt.Messages[0].Content[0].(*dotprompt.TextPart)
		if !ok {
			return "", fmt.Errorf("a part of type %T", prompt.Messages[0].Content[0])
		}
		return text.Text, nil
	}, nil
}
