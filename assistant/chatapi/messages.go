package chatapi

import (
	"slices"
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
		v.bad("has no text of a user to reply to")
	}
}

// message reads one message. The role of a developer is returned as the system's. A
// reasoning item of the responses API is a message without text.
func (v value) message() (role, text string) {
	kind, id := "message", ""
	for m := range v.fields() {
		switch m.name {
		case "role":
			role = m.role()
		case "content":
			text = m.content()
		case "id":
			m.ignore()
			id = m.text()
		case "type":
			if kind = m.text(); !slices.Contains([]string{"message", "reasoning", "item_reference"}, kind) {
				m.cannot("a base model reads messages only")
			}
		case "name", "status", "phase", "reasoning_content", "reasoning", "summary", "encrypted_content", "cache_control":
			m.ignore() // a base model knows the speakers by the persona's names
		case "annotations", "tool_calls", "refusal":
			// A client may send an answer back as it came, in which these are empty.
			if empty := m.compact(); empty != "[]" && empty != `""` {
				m.cannot("a message is plain text")
			}
		case "tool_call_id", "function_call", "audio":
			m.cannot("a message is plain text")
		default:
			m.unknown()
		}
	}
	switch {
	case role != "":
	case kind == "reasoning":
		return openai.ChatMessageRoleAssistant, ""
	case kind == "item_reference":
		remembered, ok := v.in.h.memory.get(id)
		if !ok {
			v.field("id").bad("is not remembered; send the message itself, as clients do with 'store' set to false")
		}
		return openai.ChatMessageRoleAssistant, remembered
	default:
		v.field("role").bad("is missing")
	}
	return role, text
}

// field returns a field of an object for a fault.
func (v value) field(name string) value {
	return value{in: v.in, name: name, path: join(v.path, name)}
}

func (v value) role() string {
	switch role := v.text(); role {
	case openai.ChatMessageRoleUser, openai.ChatMessageRoleAssistant, openai.ChatMessageRoleSystem:
		return role
	case openai.ChatMessageRoleDeveloper:
		return openai.ChatMessageRoleSystem
	case openai.ChatMessageRoleTool, openai.ChatMessageRoleFunction:
		v.cannot("a base model calls no tools")
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

func (v value) textPart() (text string) {
	kind := ""
	for m := range v.fields() {
		switch m.name {
		case "type":
			if kind = m.text(); !slices.Contains([]string{"text", "input_text", "output_text"}, kind) {
				m.cannot("only text parts are supported")
			}
		case "text":
			text = m.text()
		case "cache_control", "annotations", "logprobs":
			m.ignore()
		case "image_url", "input_audio", "file", "refusal":
			m.cannot("only text parts are supported")
		default:
			m.unknown()
		}
	}
	if kind == "" {
		v.field("type").bad("is missing")
	}
	return text
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
