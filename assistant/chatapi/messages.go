package chatapi

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/assistant"
)

// A dialogue is what the messages of a request come to.
type dialogue struct {
	system  []string // what system and developer messages say
	turns   assistant.Transcript
	user    string // what is to be replied to
	prefill string // how the reply begins

	spaced bool // white space after the prefill has been removed
}

// messages reads the messages. Those of the system and of developers are set
// apart, wherever they stand. Of the others, several of one speaker in a row are
// one text, and a message that says nothing is none, so that what is left takes
// turns. An assistant message at the end is how the reply is to begin.
func messages(h *Handler, r *request, m member) *fault {
	list, f := m.list(m.name)
	if f != nil {
		return f
	}
	if len(list) > h.limits.Messages {
		return badField(m.name, "has %d elements; at most %d are allowed", len(list), h.limits.Messages)
	}
	r.messages = len(list)
	type speech struct {
		role  string
		texts []string
	}
	var speeches []speech
	for i, element := range list {
		role, text, f := r.message(h, element, fmt.Sprintf("%s[%d]", m.name, i))
		if f != nil {
			return f
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		switch n := len(speeches); {
		case role == openai.ChatMessageRoleSystem:
			r.system = append(r.system, strings.TrimSpace(text))
		case n > 0 && speeches[n-1].role == role:
			speeches[n-1].texts = append(speeches[n-1].texts, text)
		default:
			speeches = append(speeches, speech{role, []string{text}})
		}
	}
	var turn assistant.Turn
	for _, s := range speeches {
		text := strings.Join(s.texts, "\n\n")
		if s.role == openai.ChatMessageRoleUser {
			turn = assistant.Turn{User: text}
			r.user, r.prefill = text, ""
			continue
		}
		turn.Reply = text
		r.turns = append(r.turns, turn)
		r.prefill = text
	}
	if r.prefill != "" { // the last turn is the one to be replied to
		r.turns = r.turns[:len(r.turns)-1]
		r.user = turn.User
		trimmed := strings.TrimRightFunc(r.prefill, unicode.IsSpace)
		r.spaced = trimmed != r.prefill
		r.prefill = strings.TrimSpace(trimmed)
	}
	if r.user == "" {
		return badField(m.name, "has nothing from a user to reply to")
	}
	return nil
}

// message reads one message. A developer's role is given as the system's. A
// reasoning item of the responses API is a message without text.
func (r *request) message(h *Handler, value []byte, param string) (role, text string, f *fault) {
	members, f := object(value, param)
	if f != nil {
		return "", "", f
	}
	kind, id := "message", ""
	for _, m := range members {
		where := join(param, m.name)
		switch {
		case m.isNull():
		case m.name == "role":
			role, f = m.role(where)
		case m.name == "content":
			text, f = r.content(m, where)
		case m.name == "id":
			r.ignore(where)
			id, f = m.text(where)
		case slices.Contains(harmlessInMessages, m.name):
			r.ignore(where)
		case m.name == "type":
			kind, f = m.itemType(where)
		case m.name == "refusal":
			var s string
			if s, f = m.text(where); f == nil && s != "" {
				f = cannot(where, "replies are text")
			}
		case m.name == "annotations", m.name == "tool_calls":
			// An answer that is sent back as it came may have them, empty.
			if compact(m.value) != "[]" {
				f = cannot(where, "a message is plain text")
			}
		case m.name == "tool_call_id", m.name == "function_call", m.name == "audio":
			f = cannot(where, "a message is plain text")
		default:
			f = unknown(where)
		}
		if f != nil {
			return "", "", f
		}
	}
	switch {
	case role != "":
	case kind == "reasoning":
		return openai.ChatMessageRoleAssistant, "", nil
	case kind == "item_reference":
		if text, ok := h.memory.get(id); ok {
			return openai.ChatMessageRoleAssistant, text, nil
		}
		return "", "", badField(join(param, "id"), "is not remembered here, or not any more; send the message itself, as clients do with 'store' set to false")
	}
	if role == "" {
		return "", "", badField(join(param, "role"), "is missing")
	}
	return role, text, nil
}

// harmlessInMessages are the fields of a message that change nothing: a base
// model knows the speakers by the persona's names.
var harmlessInMessages = []string{"name", "status", "phase", "reasoning_content", "reasoning", "summary", "encrypted_content", "cache_control"}

// textParts are the types of text parts: those of chat, and those of responses.
var textParts = []string{"text", "input_text", "output_text"}

// itemType reads the type of an item of the responses API.
func (m member) itemType(where string) (string, *fault) {
	kind, f := m.text(where)
	switch {
	case f != nil:
	case kind != "message" && kind != "reasoning" && kind != "item_reference":
		f = cannot(where, "a base model reads messages only")
	}
	return kind, f
}

func (m member) role(where string) (string, *fault) {
	role, f := m.text(where)
	if f != nil {
		return "", f
	}
	switch role {
	case openai.ChatMessageRoleUser, openai.ChatMessageRoleAssistant, openai.ChatMessageRoleSystem:
		return role, nil
	case openai.ChatMessageRoleDeveloper:
		return openai.ChatMessageRoleSystem, nil
	case openai.ChatMessageRoleTool, openai.ChatMessageRoleFunction:
		return "", cannot(where, "a base model calls no tools")
	}
	return "", badField(where, "must be system, developer, user or assistant")
}

// content reads a text, or a list of parts that are all text.
func (r *request) content(m member, where string) (string, *fault) {
	text, f := m.text(where)
	if f != nil {
		parts, bad := m.list(where)
		if bad != nil {
			return "", badField(where, "must be a string or an array of text parts")
		}
		texts := make([]string, len(parts))
		for i, part := range parts {
			if texts[i], f = r.textPart(part, fmt.Sprintf("%s[%d]", where, i)); f != nil {
				return "", f
			}
		}
		text = strings.Join(texts, "\n")
	}
	if strings.IndexByte(text, 0) >= 0 {
		return "", badField(where, "has a NUL character; remove it")
	}
	return lineEnds.Replace(text), nil
}

func (r *request) textPart(value []byte, where string) (text string, f *fault) {
	members, f := object(value, where)
	if f != nil {
		return "", f
	}
	kind := ""
	for _, m := range members {
		switch param := join(where, m.name); m.name {
		case "type":
			if kind, f = m.text(param); f == nil && !slices.Contains(textParts, kind) {
				f = cannot(param, "only text parts are")
			}
		case "text":
			text, f = m.text(param)
		case "cache_control", "annotations", "logprobs":
			r.ignore(param)
		case "image_url", "input_audio", "file", "refusal":
			f = cannot(param, "only text parts are")
		default:
			f = unknown(param)
		}
		if f != nil {
			return "", f
		}
	}
	if kind == "" {
		return "", badField(join(where, "type"), "is missing")
	}
	return text, nil
}

// lineEnds makes every line end a "\n", as a prompt has them, so that a prefill
// is found again at the beginning of the reply.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// description is what the persona is described as to the model.
func (h *Handler) description(d *dialogue) string {
	texts := d.system
	if own := h.config.Persona.Description; own != "" && !(h.config.ReplaceDescription && len(texts) > 0) {
		texts = append([]string{own}, texts...)
	}
	return strings.Join(texts, "\n\n")
}
