package chatapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/sampling"
)

// An endpoint is one of the paths that give replies: how it reads requests and
// how it writes answers.
type endpoint struct {
	name     string // in the log
	prompt   string // the field that every request must have
	logprobs string // what asks for log probabilities, for errors
	fields   map[string]field
	writer   func(*exchange) writer
}

// endpoints by their paths.
var endpoints = map[string]*endpoint{
	"/v1/chat/completions": {
		name: "chat", prompt: "messages", logprobs: "'logprobs' set to true", fields: chatFields,
		writer: func(x *exchange) writer { return &chatWriter{x, make([]bool, x.request.n)} },
	},
	"/v1/completions": {
		name: "completions", prompt: "prompt", logprobs: "'logprobs'", fields: completionsFields,
		writer: func(x *exchange) writer { return &completionsWriter{x, make([]int, x.request.choices())} },
	},
	"/v1/responses": {
		name: "responses", prompt: "input", logprobs: "'include' with \"message.output_text.logprobs\"", fields: responsesFields,
		writer: func(x *exchange) writer { return newResponsesWriter(x) },
	},
}

// A writer writes the answer of one exchange, either whole or as events.
type writer interface {
	whole() any          // the answer in one piece, from the exchange's drawn
	open() error         // the events before the first piece
	piece(p piece) error // the events of a piece
	close() error        // the events after the last one
	fault(f *fault) error
}

// A drawn reply is what has come of it by now.
type drawn struct {
	text   strings.Builder
	tokens []sampling.Token
	finish openai.FinishReason
}

// answer draws the replies and writes them: whole, or as events while they come.
// The header of a stream waits for the first piece, so that what goes wrong
// before it still has a status.
func (x *exchange) answer(ctx context.Context) *fault {
	x.drawn = make([]drawn, x.request.choices())
	for p, err := range x.draw(ctx) {
		if err != nil {
			return x.asFault(err)
		}
		d := &x.drawn[p.index]
		d.text.WriteString(p.text)
		d.tokens = append(d.tokens, p.tokens...)
		d.finish = p.finish
		if !x.request.stream {
			continue
		}
		if !x.events {
			x.begin()
			if err := x.writer.open(); err != nil {
				return x.asFault(err)
			}
		}
		if err := x.writer.piece(p); err != nil {
			return x.asFault(err)
		}
	}
	if !x.request.stream {
		x.json(http.StatusOK, x.writer.whole())
		return nil
	}
	if err := x.writer.close(); err != nil {
		return x.asFault(err)
	}
	return nil
}
