package chatapi

import (
	"strings"
	"unicode"

	"github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/assistant"
)

// A dialogue is the messages of a request in the form of package assistant.
type dialogue struct {
	system  []string // the texts of system and developer messages
	turns   assistant.Transcript
	user    string // the text to reply to
	prefill string // how the reply begins
	spaced  bool   // the prefill ended in white space, which is removed
}

// maxMessages is the maximum number of messages in a request.
const maxMessages = 1000

// messages reads the messages of a request. System and developer messages are set
// apart, wherever they are in the list. Consecutive messages of one speaker are one
// text, and messages without text are skipped. An assistant message at the end is the
// beginning of the reply.
func messages(r *request, v value) {
	list := v.list(maxMessages)
	for _, m := range list {
		r.say(m.message())
	}
	r.messages = len(list)
	r.end(v)
}

func (d *dialogue) say(role, text string) {
	last := len(d.turns) - 1
	switch {
	case strings.TrimSpace(text) == "":
	case role == openai.ChatMessageRoleSystem:
		d.system = append(d.system, strings.TrimSpace(text))
	case role == openai.ChatMessageRoleUser && d.user != "":
		d.user += "\n\n" + text
	case role == openai.ChatMessageRoleUser:
		d.user = text
	case d.user == "" && last >= 0:
		d.turns[last].Reply += "\n\n" + text
	default:
		d.turns = append(d.turns, assistant.Turn{User: d.user, Reply: text})
		d.user = ""
	}
}

// end finds the text to reply to, after the last message.
func (d *dialogue) end(v value) {
	if last := len(d.turns) - 1; d.user == "" && last >= 0 {
		d.user = d.turns[last].User
		trimmed := strings.TrimRightFunc(d.turns[last].Reply, unicode.IsSpace)
		d.spaced = trimmed != d.turns[last].Reply
		d.prefill = strings.TrimSpace(trimmed)
		d.turns = d.turns[:last]
	}
	if d.user == "" {
		v.bad("has no text of a user to reply to; send one")
	}
}

// A message is the fields of one message.
type message struct{ kind, id, role, text string }

var messageFields = ignored[message](
	// A base model knows the speakers by the persona's names.
	"name", "status", "phase", "reasoning_content", "reasoning", "summary", "encrypted_content", "cache_control",
).with(fields[message]{
	"role":    func(m *message, v value) { m.role = v.role() },
	"content": func(m *message, v value) { m.text = v.content() },
	"id": func(m *message, v value) {
		v.ignore()
		m.id = v.text()
	},
	"type": func(m *message, v value) {
		m.kind = v.oneOf("a base model reads messages only", "message", "reasoning", "item_reference")
	},

	// A client may send an answer back as it came, in which these are empty.
	"annotations": without[message](plainText, `[]`, `""`),
	"tool_calls":  without[message](plainText, `[]`, `""`),
	"refusal":     without[message](plainText, `[]`, `""`),
}, refused[message](plainText, "tool_call_id", "function_call", "audio"))

// message reads one message. The role of a developer is returned as the system's. A
// reasoning item of the responses API is a message without text.
func (v value) message() (role, text string) {
	var m message
	messageFields.read(v, &m)
	switch {
	case m.role != "":
	case m.kind == "reasoning":
		return openai.ChatMessageRoleAssistant, ""
	case m.kind == "item_reference":
		remembered, ok := v.in.h.memory.get(m.id)
		if !ok {
			v.field("id").bad("is not remembered; send the message itself, as clients do with 'store' set to false")
		}
		return openai.ChatMessageRoleAssistant, remembered
	default:
		v.field("role").bad("is missing")
	}
	return m.role, m.text
}

func (v value) role() string {
	switch role := v.text(); role {
	case openai.ChatMessageRoleUser, openai.ChatMessageRoleAssistant, openai.ChatMessageRoleSystem:
		return role
	case openai.ChatMessageRoleDeveloper:
		return openai.ChatMessageRoleSystem
	case openai.ChatMessageRoleTool, openai.ChatMessageRoleFunction:
		v.cannot(noTools)
	default:
		v.bad("must be system, developer, user or assistant")
	}
	return ""
}

// content reads a text, or a list of parts that are all text.
func (v value) content() string {
	var texts []string
	switch v.json[0] {
	case '"':
		texts = []string{v.text()}
	case '[':
		for _, part := range v.list(maxMessages) {
			texts = append(texts, part.textPart())
		}
	default:
		v.bad("must be a string or an array of text parts")
	}
	text := strings.Join(texts, "\n")
	if strings.IndexByte(text, 0) >= 0 {
		v.bad("has a NUL character; remove it")
	}
	return lineEnds.Replace(text)
}

// partFields are the fields of a part of a message.
var partFields = ignored[message]("cache_control", "annotations", "logprobs").with(fields[message]{
	"type": func(m *message, v value) { m.kind = v.oneOf(onlyText, "text", "input_text", "output_text") },
	"text": func(m *message, v value) { m.text = v.text() },
}, refused[message](onlyText, "image_url", "input_audio", "file", "refusal"))

func (v value) textPart() string {
	var part message
	if partFields.read(v, &part); part.kind == "" {
		v.field("type").bad("is missing")
	}
	return part.text
}

// lineEnds replaces every line end by "\n", as in a prompt, so that the prefill is
// found at the beginning of the reply.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// description returns the persona's description for a dialogue.
func (h *handler) description(d *dialogue) string {
	texts := d.system
	if own := h.config.Persona.Description; own != "" && !(h.config.ReplaceDescription && len(texts) > 0) {
		texts = append([]string{own}, texts...)
	}
	return strings.Join(texts, "\n\n")
}
