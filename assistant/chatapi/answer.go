package chatapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/sampling"
)

// completion is an answer without its choices.
func (x *exchange) completion(object string) completion {
	return completion{
		ID: "chatcmpl-" + x.id, Object: object, Created: x.begun.Unix(), Model: x.h.config.Name, Choices: []choice{},
	}
}

// whole answers with the whole of all replies.
func (x *exchange) whole(ctx context.Context) *fault {
	texts := make([]strings.Builder, x.request.n)
	tokens := make([][]sampling.Token, x.request.n)
	reasons := make([]openai.FinishReason, x.request.n)
	for p, err := range x.draw(ctx) {
		if err != nil {
			return x.asFault(err)
		}
		texts[p.index].WriteString(p.text)
		tokens[p.index] = append(tokens[p.index], p.tokens...)
		reasons[p.index] = p.finish
	}
	answer := x.completion("chat.completion")
	for i := range reasons {
		x.finish = append(x.finish, string(reasons[i]))
		answer.Choices = append(answer.Choices, choice{
			Index:        i,
			Message:      &message{Role: openai.ChatMessageRoleAssistant, Content: texts[i].String()},
			Logprobs:     x.request.logprobs(tokens[i]),
			FinishReason: reasons[i],
		})
	}
	answer.Usage = x.spent.wire()
	x.json(http.StatusOK, answer)
	return nil
}

// stream answers with server-sent events, as the replies come. The header waits
// for the first piece, so that what goes wrong before it still has a status.
func (x *exchange) stream(ctx context.Context) *fault {
	opened := make([]bool, x.request.n)
	for p, err := range x.draw(ctx) {
		if err != nil {
			return x.asFault(err)
		}
		if !x.events {
			x.begin()
		}
		if !opened[p.index] {
			opened[p.index] = true
			if err := x.delta(p.index, delta{Role: openai.ChatMessageRoleAssistant, Content: new(string)}, nil, ""); err != nil {
				return x.asFault(err)
			}
		}
		if p.text != "" || len(p.tokens) > 0 {
			if err := x.delta(p.index, delta{Content: &p.text}, x.request.logprobs(p.tokens), ""); err != nil {
				return x.asFault(err)
			}
		}
		if p.finish != "" {
			x.finish = append(x.finish, string(p.finish))
			if err := x.delta(p.index, delta{}, nil, p.finish); err != nil {
				return x.asFault(err)
			}
		}
	}
	if x.request.includeUsage {
		last := x.completion("chat.completion.chunk")
		last.Usage = x.spent.wire()
		if err := x.event(last); err != nil {
			return x.asFault(err)
		}
	}
	if err := x.send([]byte("data: [DONE]\n\n")); err != nil {
		return x.asFault(err)
	}
	return nil
}

// begin sends the header of a stream.
func (x *exchange) begin() {
	x.events, x.status = true, http.StatusOK
	x.w.Header().Set("Content-Type", "text/event-stream")
	x.w.Header().Set("X-Accel-Buffering", "no") // nginx would hold the events back
	x.w.WriteHeader(x.status)
}

// delta sends what one reply has more of.
func (x *exchange) delta(index int, d delta, l *logprobs, finish openai.FinishReason) error {
	chunk := x.completion("chat.completion.chunk")
	chunk.Choices = append(chunk.Choices, choice{Index: index, Delta: &d, Logprobs: l, FinishReason: finish})
	return x.event(chunk)
}

// event sends one event.
func (x *exchange) event(v any) error {
	text, err := encode(v)
	if err != nil {
		return err
	}
	return x.send(append(append([]byte("data: "), text...), '\n'))
}

// send writes at once. A client that takes nothing for too long is gone.
func (x *exchange) send(event []byte) error {
	x.deadline()
	if _, err := x.w.Write(event); err != nil {
		return errGone
	}
	if err := x.control.Flush(); err != nil {
		return errGone
	}
	return nil
}
