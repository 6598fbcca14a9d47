package chatapi

import (
	"cmp"
	"maps"

	"github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/sampling"
)

var responsesFields = commonFields.with(fields[request]{
	"input":             input,
	"instructions":      instructions,
	"max_output_tokens": maxTokens,
	"top_logprobs":      topLogprobs,
	"include":           include,
	"text":              func(r *request, v value) { textFields.read(v, r) },
	"store":             func(r *request, v value) { r.forget = !v.flag() },
	"n":                 without[request]("a response is one reply; send several requests", "1"),
},
	refused[request]("this server has no prompt templates; send the text in 'input'", "prompt"),
	instead("input", "messages"),
	instead("max_output_tokens", "max_tokens", "max_completion_tokens"),
	instead("text.format", "response_format"),
	instead("include", "logprobs"),
)

// input reads a text, or a list of messages.
func input(r *request, v value) {
	if v.isText() {
		r.messages = 1
		r.say(openai.ChatMessageRoleUser, v.content())
		r.end(v)
		return
	}
	messages(r, v)
}

func instructions(r *request, v value) {
	if text := v.content(); text != "" {
		r.instructions = v.json
		r.system = append([]string{text}, r.system...)
	}
}

// include reads what the answer has besides its text.
func include(r *request, v value) {
	for _, what := range v.texts(16) {
		switch what {
		case "message.output_text.logprobs":
			r.params.Logprobs = true
		case "reasoning.encrypted_content": // replies have no reasoning
			v.ignore()
		default:
			v.cannot(`only "message.output_text.logprobs" is supported`)
		}
	}
}

var textFields = ignored[request]("verbosity").with(fields[request]{
	"format": func(r *request, v value) {
		r.format = v.json
		responseFormat(r, v)
	},
})

// A responsesWriter writes a response with one message. The events of its stream have
// names and numbers.
type responsesWriter struct {
	x      *exchange
	number int // of the next event
}

func newResponsesWriter(x *exchange) writer { return &responsesWriter{x: x} }

// response returns the response without its output.
func (w *responsesWriter) response(status string) object {
	r := w.x.request
	var format any = object{"type": "text"}
	if r.format != nil {
		format = r.format
	}
	return object{
		"id": "resp_" + w.x.id, "object": "response", "created_at": w.x.begun.Unix(), "model": w.x.h.config.Name,
		"status": status, "background": false, "error": nil, "incomplete_details": nil, "instructions": r.instructions,
		"max_output_tokens": cmp.Or(r.params.MaxTokens, sampling.DefaultMaxTokens),
		"temperature":       r.params.Temperature, "top_p": cmp.Or(r.params.TopP, 1), "text": object{"format": format},
		"tools": []string{}, "tool_choice": "none", "parallel_tool_calls": false, "truncation": "auto",
		"previous_response_id": nil, "store": !r.forget, "metadata": object{}, "output": []object{}, "usage": nil,
	}
}

func (w *responsesWriter) item(status string, content ...object) object {
	return object{"id": "msg_" + w.x.id, "type": "message", "status": status, "role": openai.ChatMessageRoleAssistant, "content": append([]object{}, content...)}
}

func (w *responsesWriter) part(text string, tokens []sampling.Token) object {
	logprobs := []object{}
	if w.x.request.params.Logprobs {
		logprobs = w.x.request.tokenLogprobs(tokens)
	}
	return object{"type": "output_text", "text": text, "annotations": []string{}, "logprobs": logprobs}
}

// finished returns the whole response, its message and the message's text.
func (w *responsesWriter) finished() (response, item, part object) {
	a := w.x.replies[0]
	status, reason := "incomplete", ""
	switch a.finish {
	case openai.FinishReasonStop:
		status = "completed"
	case openai.FinishReasonLength:
		reason = "max_output_tokens"
	case openai.FinishReasonContentFilter:
		reason = "content_filter"
	}
	part = w.part(a.text.String(), a.tokens)
	item = w.item(status, part)
	if !w.x.request.forget {
		w.x.h.memory.add("msg_"+w.x.id, a.text.String())
	}
	response = w.response(status)
	response["output"] = []object{item}
	if reason != "" {
		response["incomplete_details"] = object{"reason": reason}
	}
	spent := w.x.spent
	response["usage"] = object{
		"input_tokens": spent.PromptTokens, "input_tokens_details": object{"cached_tokens": spent.CachedTokens},
		"output_tokens": spent.CompletionTokens, "output_tokens_details": object{"reasoning_tokens": 0},
		"total_tokens": spent.PromptTokens + spent.CompletionTokens,
	}
	return response, item, part
}

func (w *responsesWriter) whole() any {
	response, _, _ := w.finished()
	return response
}

// inPart adds the fields of an event about the only part of the message.
func (w *responsesWriter) inPart(fields object) object {
	maps.Copy(fields, object{"item_id": "msg_" + w.x.id, "output_index": 0, "content_index": 0})
	return fields
}

// send numbers and sends an event.
func (w *responsesWriter) send(kind string, fields object) {
	fields["type"], fields["sequence_number"] = kind, w.number
	w.number++
	w.x.event(kind, fields)
}

func (w *responsesWriter) open() {
	w.send("response.created", object{"response": w.response("in_progress")})
	w.send("response.in_progress", object{"response": w.response("in_progress")})
	w.send("response.output_item.added", object{"output_index": 0, "item": w.item("in_progress")})
	w.send("response.content_part.added", w.inPart(object{"part": w.part("", nil)}))
}

func (w *responsesWriter) piece(p piece) {
	if p.text != "" || len(p.tokens) > 0 {
		w.send("response.output_text.delta", w.inPart(object{"delta": p.text, "logprobs": w.part("", p.tokens)["logprobs"]}))
	}
}

func (w *responsesWriter) close() {
	response, item, part := w.finished()
	w.send("response.output_text.done", w.inPart(object{"text": part["text"], "logprobs": part["logprobs"]}))
	w.send("response.content_part.done", w.inPart(object{"part": part}))
	w.send("response.output_item.done", object{"output_index": 0, "item": item})
	w.send("response."+item["status"].(string), object{"response": response})
}

func (w *responsesWriter) fault(f *fault) { w.send("error", f.wire()) }
