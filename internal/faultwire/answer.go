package faultwire

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The right answers of both protocols, whole and in parts. The templates call the
// exported methods.

// object is an answer, or a part of one. The last one gives the reason.
func (x *exchange) object(text string, last bool) string {
	if x.API == Generate {
		end := ""
		if last {
			end = fmt.Sprintf(`,"done_reason":"stop","prompt_eval_count":%d,"eval_count":%d`, x.promptTokens(), len(x.words()))
		}
		return fmt.Sprintf(`{"model":%s,"created_at":"2026-01-02T03:04:05Z","response":%s,"done":%v%s}`, quote(x.Model), quote(text), last, end)
	}
	reason, usage := "null", ""
	if last {
		reason, usage = `"stop"`, x.Usage()
	}
	return fmt.Sprintf(`{"id":"cmpl-1","object":"text_completion","created":1767323045,"model":%s,"choices":[{"text":%s,"index":0,"logprobs":null,"finish_reason":%s}]%s}`, quote(x.Model), quote(text), reason, usage)
}

// Usage is the last member of an object in Completions.
func (x *exchange) Usage() string {
	prompt, answer := x.promptTokens(), len(x.words())
	return fmt.Sprintf(`,"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}`, prompt, answer, prompt+answer)
}

// promptTokens counts a token for a word, and one for the beginning.
func (x *exchange) promptTokens() int { return 1 + len(strings.Fields(x.Prompt)) }

// words are those of the right answer, each with the space after it.
func (x *exchange) words() []string { return strings.SplitAfter(x.Text, " ") }

// framed is an object as a part of a stream.
func (x *exchange) framed(object string) string {
	if x.API == Generate {
		return object + "\n"
	}
	return event(object)
}

func event(data ...string) string { return "data: " + strings.Join(data, "") + "\n\n" }

// Whole is the right answer in one piece.
func (x *exchange) Whole() string { return x.object(x.Text, true) }

// Part is a part of a stream with text.
func (x *exchange) Part(text string) string { return x.framed(x.object(text, false)) }

// Final is the part of a stream that gives the reason.
func (x *exchange) Final() string { return x.framed(x.object("", true)) }

// Done is what follows the last event, if the protocol has it.
func (x *exchange) Done() string {
	if x.API == Generate {
		return ""
	}
	return event("[DONE]")
}

// Parts are the right answer as it is sent: the parts of a stream, or all in one.
func (x *exchange) Parts() []string {
	if x.Stream {
		return x.streamed()
	}
	return []string{x.Whole()}
}

func (x *exchange) streamed() (all []string) {
	for _, word := range x.words() {
		all = append(all, x.Part(word))
	}
	return append(all, x.Final(), x.Done())
}

// Right is the right answer as one text, and Script is its stream.
func (x *exchange) Right() string  { return strings.Join(x.Parts(), "") }
func (x *exchange) Script() string { return strings.Join(x.streamed(), "") }

// Rest is the text after the first words.
func (x *exchange) Rest() string { return strings.Join(x.words()[startWords:], "") }

// Error is an error in the words of the protocol.
func (x *exchange) Error(status int, words ...string) string {
	message := quote(strings.Join(words, ""))
	if x.API == Generate {
		return `{"error":` + message + `}`
	}
	kind := "invalid_request_error"
	if status >= 500 {
		kind = "server_error"
	}
	return fmt.Sprintf(`{"error":{"message":%s,"type":%q,"code":%d}}`, message, kind, status)
}

// quote writes a text as JSON.
func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a text can always be written
	}
	return string(b)
}
