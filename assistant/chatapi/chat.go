package chatapi

import "github.com/sashabaranov/go-openai"

var chatFields = map[string]field{
	"messages":              messages,
	"n":                     choices,
	"max_tokens":            maxTokens,
	"max_completion_tokens": maxTokens,
	"logprobs": func(_ *Handler, r *request, m member) (f *fault) {
		r.params.Logprobs, f = m.flag(m.name)
		return f
	},
	"top_logprobs":    topLogprobs,
	"response_format": responseFormat,
}

// A chatWriter writes chat completions.
type chatWriter struct {
	x      *exchange
	opened []bool // the choices that have begun
}

func (w *chatWriter) whole() any {
	answer := w.x.completion("chatcmpl-", "chat.completion")
	for i := range w.x.drawn {
		d := &w.x.drawn[i]
		answer.Choices = append(answer.Choices, chatChoice{
			Index:        i,
			Message:      &message{Role: openai.ChatMessageRoleAssistant, Content: d.text.String()},
			Logprobs:     w.x.request.chatLogprobs(d.tokens),
			FinishReason: d.finish,
		})
	}
	answer.Usage = w.x.spent.wire()
	return answer
}

func (w *chatWriter) open() error { return nil }

func (w *chatWriter) piece(p piece) error {
	var choices []chatChoice
	if !w.opened[p.index] {
		w.opened[p.index] = true
		choices = append(choices, chatChoice{Delta: &delta{Role: openai.ChatMessageRoleAssistant, Content: new(string)}})
	}
	if p.text != "" || len(p.tokens) > 0 {
		choices = append(choices, chatChoice{Delta: &delta{Content: &p.text}, Logprobs: w.x.request.chatLogprobs(p.tokens)})
	}
	if p.finish != "" {
		choices = append(choices, chatChoice{Delta: &delta{}, FinishReason: p.finish})
	}
	for _, c := range choices {
		c.Index = p.index
		chunk := w.x.completion("chatcmpl-", "chat.completion.chunk")
		chunk.Choices = append(chunk.Choices, c)
		if err := w.x.event("", chunk); err != nil {
			return err
		}
	}
	return nil
}

func (w *chatWriter) close() error {
	return w.x.done(w.x.completion("chatcmpl-", "chat.completion.chunk"))
}

func (w *chatWriter) fault(f *fault) error { return w.x.event("", f.wire()) }

// done ends a stream of completions, with the usage in an event without choices.
func (x *exchange) done(last completion) error {
	if x.request.includeUsage {
		last.Usage = x.spent.wire()
		if err := x.event("", last); err != nil {
			return err
		}
	}
	return x.send([]byte("data: [DONE]\n\n"))
}

// completion is an answer without its choices.
func (x *exchange) completion(prefix, object string) completion {
	return completion{
		ID: prefix + x.id, Object: object, Created: x.begun.Unix(), Model: x.h.config.Name, Choices: []any{},
	}
}

// A completion is a whole answer or, as a chunk, one event of a stream.
type completion struct {
	ID      string        `json:"id"`
	Object  string        `json:"object"`
	Created int64         `json:"created"`
	Model   string        `json:"model"`
	Choices []any         `json:"choices"`
	Usage   *openai.Usage `json:"usage,omitempty"`
}

type chatChoice struct {
	Index        int                 `json:"index"`
	Message      *message            `json:"message,omitempty"`
	Delta        *delta              `json:"delta,omitempty"`
	Logprobs     *chatLogprobs       `json:"logprobs"`
	FinishReason openai.FinishReason `json:"finish_reason"` // "" is null
}

type message struct {
	Role    string  `json:"role"`
	Content string  `json:"content"`
	Refusal *string `json:"refusal"`
}

type delta struct {
	Role    string  `json:"role,omitempty"`
	Content *string `json:"content,omitempty"`
}
