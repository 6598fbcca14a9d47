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
}, instead("messages", "prompt", "input"), instead("max_completion_tokens", "max_output_tokens"))

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
},
	instead("prompt", "messages", "input"),
	instead("max_tokens", "max_completion_tokens", "max_output_tokens"),
	instead("logprobs", "top_logprobs"),
)

// A choicesWriter writes chat completions, or completions of raw prompts.
type choicesWriter struct {
	x      *exchange
	id     string
	object string
	chunk  string // the object of an event
	chat   bool
	// put adds the text and the log probabilities of a piece to a choice.
	put func(choice object, p piece, event bool)
}

func newChatWriter(x *exchange) writer {
	w := &choicesWriter{x: x, id: "chatcmpl-" + x.id, object: "chat.completion", chunk: "chat.completion.chunk", chat: true}
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

// open sends the role of each reply in a chat.
func (w *choicesWriter) open() {
	for i := range w.x.replies {
		if w.chat {
			w.send(piece{index: i})
		}
	}
}

func (w *choicesWriter) send(p piece) { w.x.event("", w.answer(w.chunk, []object{w.choice(p, true)})) }

// piece sends the text and the finish as two events.
func (w *choicesWriter) piece(p piece) {
	if p.text != "" || len(p.tokens) > 0 {
		w.send(piece{index: p.index, text: p.text, tokens: p.tokens})
	}
	if p.finish != "" {
		w.send(piece{index: p.index, finish: p.finish})
	}
}

// close sends the usage in an event without choices.
func (w *choicesWriter) close() {
	if w.x.request.includeUsage {
		last := w.answer(w.chunk, []object{})
		last["usage"] = wireUsage(w.x.spent)
		w.x.event("", last)
	}
	w.x.send([]byte("data: [DONE]\n\n"))
}

func (w *choicesWriter) fault(f *fault) { w.x.event("", object{"error": f.wire()}) }

func wireUsage(u sampling.Usage) *openai.Usage {
	return &openai.Usage{
		PromptTokens: u.PromptTokens, CompletionTokens: u.CompletionTokens, TotalTokens: u.PromptTokens + u.CompletionTokens,
		PromptTokensDetails:     &openai.PromptTokensDetails{CachedTokens: u.CachedTokens},
		CompletionTokensDetails: &openai.CompletionTokensDetails{},
	}
}
