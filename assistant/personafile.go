package assistant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// ReadPersona reads a persona from a file, which is JSON or plain text:
//
//	{"description": "A conversation with a gardener.", "examples": [[{"user": "...", "reply": "..."}]]}
//
// In JSON, text that begins with a brace, the fields are those of [Persona] and
// [Turn] in small letters, and a field that is not among them is an error.
//
// Plain text is the page that a model would read, behind a head of three lines
// that says how it is laid out. Without a head it is a Dialogue between Human
// and Assistant, so that anybody can write one:
//
//	layout: dialogue
//	user: Human
//	name: Gardener
//
//	A conversation with a gardener.
//
//	Human: When do I sow beans?
//
//	Gardener: After the last frost, two to four centimetres deep.
//
// What a text says is checked as by [Persona.Validate].
func ReadPersona(r io.Reader) (Persona, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return Persona{}, fmt.Errorf("assistant: reading a persona: %w", err)
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	var p Persona
	if bytes.HasPrefix(bytes.TrimSpace(content), []byte("{")) {
		p, err = readJSON(content)
	} else {
		p, err = readText(string(content))
	}
	if err != nil {
		return Persona{}, err
	}
	if _, err := p.write(); err != nil {
		return Persona{}, err
	}
	return p, nil
}

func readJSON(content []byte) (Persona, error) {
	var p Persona
	if !utf8.Valid(content) { // encoding/json would replace the bytes in silence
		return p, &ValueError{Where: "persona", Err: errors.New("is not valid UTF-8; convert it")}
	}
	if err := unmarshal(content, &p); err != nil {
		return Persona{}, &ValueError{Where: "persona", Err: fmt.Errorf("cannot be read as JSON: %w", err)}
	}
	return p, nil
}

// The keys of the head of a plain-text persona, in the order in which they are
// written. The first is what a head is told by.
const (
	layoutKey = "layout: "
	userKey   = "user: "
	nameKey   = "name: "
)

func readText(content string) (Persona, error) {
	content, err := plain(content)
	if err != nil {
		return Persona{}, &ValueError{Where: "persona", Err: err}
	}
	var p Persona
	if strings.HasPrefix(content, layoutKey) {
		head, page, _ := strings.Cut(content, "\n\n")
		for i, line := range strings.Split(head, "\n") {
			line += " " // an editor may have taken the space of an empty value
			if layout, ok := strings.CutPrefix(line, layoutKey); ok {
				err = p.Layout.UnmarshalText([]byte(strings.TrimSpace(layout)))
			} else if user, ok := strings.CutPrefix(line, userKey); ok {
				p.User = strings.TrimSpace(user)
			} else if name, ok := strings.CutPrefix(line, nameKey); ok {
				p.Name = strings.TrimSpace(name)
			} else {
				err = fmt.Errorf("line %d: %q is none of layout, user and name; an empty line ends the head", i+1, shorten(strings.TrimSpace(line), 40))
			}
			if err != nil {
				return Persona{}, &ValueError{Where: "persona", Err: err}
			}
		}
		// Empty lines in place of the head mean nothing to the layout, and errors
		// name the line of the file.
		content = strings.Repeat("\n", strings.Count(content[:len(content)-len(page)], "\n")) + page
	}
	return p.Read(content)
}

// WriteJSON writes the persona as indented JSON, which [ReadPersona] reads.
func (p *Persona) WriteJSON(w io.Writer) error {
	if _, err := p.write(); err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(p)
}

// WriteText writes the persona as plain text, which [ReadPersona] reads. Times,
// seeds and other marks of the examples' turns are left out, since they are not
// part of the page.
func (p *Persona) WriteText(w io.Writer) error {
	page, err := p.write()
	if err != nil {
		return err
	}
	user, name := p.names()
	_, err = fmt.Fprintf(w, "%s%s\n%s%s\n%s%s\n\n%s\n", layoutKey, p.Layout, userKey, user, nameKey, name, page)
	return err
}
