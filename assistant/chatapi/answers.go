package chatapi

import (
	"github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/sampling"
)

var chatFields = commonFields.with(fields[request]{
	"messages":              messages,
	"n":                     choices,
	"max_tokens":            maxTokens,
	"max_completion_tokens": maxTokens,
	"logprobs":              func(r *request, v value) { r.params.Logprobs = v.flag() },
	"top_logprobs":          topLogprobs,
	"response_format":       responseFormat,
})

var completionsFields = commonFields.with(fields[request]{
	"prompt": func(r *request, v value) {
		if r.prompts = v.texts(r.h.limits.Choices); len(r.prompts) == 0 {
			v.bad("is empty")
		}
	},
	"n":          choices,
	"max_tokens": maxTokens,
	"logprobs": func(r *request, v value) {
		if string(v.json) != "false" { // some clients send false for none
			r.params.Logprobs = true
			topLogprobs(r, v)
		}
	},
	"response_format": responseFormat,
})

// A choicesWriter writes chat completions, or completions of raw prompts.
type choicesWriter struct {
	x      *exchange
	id     string
	object string
	chunk  string // the object of an event
	begun  []bool // the choices of a chat that have begun; nil for raw prompts
	// put adds the text and the log probabilities of a piece to a choice.
	put func(choice object, p piece, event bool)
}

func newChatWriter(x *exchange) writer {
	w := &choicesWriter{x: x, id: "chatcmpl-" + x.id, object: "chat.completion", chunk: "chat.completion.chunk", begun: make([]bool, x.request.n)}
	w.put = func(choice object, p piece, event bool) {
		if x.request.params.Logprobs && (len(p.tokens) > 0 || !event) {
			choice["logprobs"] = object{"content": x.request.tokenLogprobs(p.tokens), "refusal": nil}
		}
		switch {
		case !event:
			choice["message"] = object{"role": openai.ChatMessageRoleAssistant, "content": p.text, "refusal": nil}
		case p.finish != "":
			choice["delta"] = object{}
		case p.text != "" || len(p.tokens) > 0:
			choice["delta"] = object{"content": p.text}
		default:
			choice["delta"] = object{"role": openai.ChatMessageRoleAssistant, "content": ""}
		}
	}
	return w
}

func newCompletionsWriter(x *exchange) writer {
	offsets := make([]int, x.request.choices()) // of the next token of each choice, in characters
	w := &choicesWriter{x: x, id: "cmpl-" + x.id, object: "text_completion", chunk: "text_completion"}
	w.put = func(choice object, p piece, event bool) {
		choice["text"] = p.text
		if x.request.params.Logprobs && (len(p.tokens) > 0 || !event) {
			choice["logprobs"] = textLogprobs(p.tokens, &offsets[p.index])
		}
	}
	return w
}

func (w *choicesWriter) answer(kind string, choices []object) object {
	return object{"id": w.id, "object": kind, "created": w.x.begun.Unix(), "model": w.x.h.config.Name, "choices": choices}
}

func (w *choicesWriter) choice(p piece, event bool) object {
	choice := object{"index": p.index, "logprobs": nil, "finish_reason": orNull(p.finish)}
	w.put(choice, p, event)
	return choice
}

func (w *choicesWriter) whole() any {
	choices := make([]object, len(w.x.replies))
	for i, a := range w.x.replies {
		choices[i] = w.choice(piece{i, a.text.String(), a.tokens, a.finish}, false)
	}
	answer := w.answer(w.object, choices)
	answer["usage"] = wireUsage(w.x.spent)
	return answer
}

func (w *choicesWriter) open() error { return nil }

// piece sends up to three events: the role of a chat, the text, and the finish.
func (w *choicesWriter) piece(p piece) error {
	var parts []piece
	if w.begun != nil && !w.begun[p.index] {
		w.begun[p.index] = true
		parts = append(parts, piece{index: p.index})
	}
	if p.text != "" || len(p.tokens) > 0 {
		parts = append(parts, piece{index: p.index, text: p.text, tokens: p.tokens})
	}
	if p.finish != "" {
		parts = append(parts, piece{index: p.index, finish: p.finish})
	}
	for _, part := range parts {
		if err := w.x.event("", w.answer(w.chunk, []object{w.choice(part, true)})); err != nil {
			return err
		}
	}
	return nil
}

// close sends the usage in an event without choices.
func (w *choicesWriter) close() error {
	if w.x.request.includeUsage {
		last := w.answer(w.chunk, []object{})
		last["usage"] = wireUsage(w.x.spent)
		if err := w.x.event("", last); err != nil {
			return err
		}
	}
	return w.x.send([]byte("data: [DONE]\n\n"))
}

func (w *choicesWriter) fault(f *fault) error { return w.x.event("", object{"error": f.wire()}) }

func wireUsage(u sampling.Usage) *openai.Usage {
	return &openai.Usage{
		PromptTokens: u.PromptTokens, CompletionTokens: u.CompletionTokens, TotalTokens: u.PromptTokens + u.CompletionTokens,
		PromptTokensDetails:     &openai.PromptTokensDetails{CachedTokens: u.CachedTokens},
		CompletionTokensDetails: &openai.CompletionTokensDetails{},
	}
}
