package main

import (
	"github.com/tmc/langchaingo/prompts"
)

// langchaingo is a renderer by github.com/tmc/langchaingo's FewShotPrompt. The
// prompt and its examples are made once, and formatted for each query.
func langchaingo(format prompts.TemplateFormat, shot, suffix string) func(pairs []pair) (renderer, error) {
	return func(pairs []pair) (renderer, error) {
		examples := make([]map[string]string, len(pairs))
		for i, p := range pairs {
			examples[i] = map[string]string{"input": p.In, "output": p.Out}
		}
		one := prompts.PromptTemplate{Template: shot, InputVariables: []string{"input", "output"}, TemplateFormat: format}
		prompt, err := prompts.NewFewShotPrompt(one, examples, nil, "", suffix, []string{"query"}, nil, "\n", format, false)
		if err != nil {
			return nil, err
		}
		return func(query string) (string, error) {
			return prompt.Format(map[string]any{"query": query})
		}, nil
	}
}
