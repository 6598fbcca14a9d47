package assistant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A Persona is the role that a base model is put in. The zero Persona is a
// dialogue between Human and Assistant with nothing before it.
//
// A Persona may be shared and read by many goroutines, as long as nobody changes its
// examples. [ReadPersona] reads one from a file.
type Persona struct {
	// Description begins the prompt. It says who is talking, as the opening of an
	// article or a play would. Chat models call it the system prompt. It may be empty.
	Description string `json:"description,omitzero"`

	// Examples are demonstrations of how the assistant talks. A dialogue of several
	// turns also shows that it remembers.
	Examples []Transcript `json:"examples,omitzero"`

	Layout Layout `json:"layout,omitzero"`

	// Name and User are the names of the assistant and of the user. The default is
	// "Assistant" and "Human", or "Answer" and "Query" in the layout Headings.
	Name string `json:"name,omitzero"`
	User string `json:"user,omitzero"`
}

// names returns the speakers' names with the defaults filled in.
func (p *Persona) names() (user, name string) {
	if p.Layout == Headings {
		return cmp.Or(p.User, "Query"), cmp.Or(p.Name, "Answer")
	}
	return cmp.Or(p.User, "Human"), cmp.Or(p.Name, "Assistant")
}

// page returns the layout with the names, or what is wrong with either.
func (p *Persona) page() (*page, error) {
	if err := p.Layout.check(); err != nil {
		return nil, &ValueError{Where: "layout", Err: err}
	}
	user, name := p.names()
	for _, n := range []struct{ where, name string }{{"name of the user", user}, {"name of the assistant", name}} {
		if err := checkName(n.name); err != nil {
			return nil, &ValueError{Where: n.where, Err: fmt.Errorf("%q %w", shorten(n.name, 40), err)}
		}
	}
	if string(skeleton(user)) == string(skeleton(name)) {
		return nil, &ValueError{Where: "names", Err: fmt.Errorf("%q and %q are too much alike for a model to tell who speaks; rename one", user, name)}
	}
	return newPage(cmp.Or(p.Layout, Dialogue), user, name), nil
}

// maxName is the maximum length of a name in bytes. A longer one is a mistake,
// perhaps the description.
const maxName = 200

func checkName(name string) error {
	if invalidUTF8(name) >= 0 {
		return errors.New("is not valid UTF-8")
	}
	if len(name) > maxName {
		return fmt.Errorf("has %d bytes; a name may have %d", len(name), maxName)
	}
	if strings.TrimSpace(name) != name {
		return errors.New("has white space around it; trim it")
	}
	for _, r := range name {
		switch {
		case isColon(r):
			return fmt.Errorf("has a colon, %q, in it, which ends a label; leave it out", r)
		case unicode.IsControl(r), otherLineEnd(r):
			return fmt.Errorf("has a line break or a control character, %q, in it; leave it out", r)
		}
	}
	if len(skeleton(name)) == 0 {
		return errors.New("has no letter, digit or symbol to tell it by; use a word")
	}
	return nil
}

// Validate returns a [*ValueError] for names that are alike or cannot be labels, text
// that is not UTF-8 or has a NUL, and examples without turns or texts. With a Model that
// has a Window it returns [sampling.ErrBudget] where description and examples leave no
// room for a conversation and a reply of [sampling.DefaultMaxTokens].
func (p *Persona) Validate(ctx context.Context, m sampling.Model) error {
	w, err := p.write()
	if err != nil || m.Window == 0 {
		return err
	}
	budget, err := m.PromptBudget(sampling.Params{})
	if err != nil {
		return fmt.Errorf("assistant: %w", err)
	}
	w.dialogue(len(p.Examples) == 0)
	w.open()
	tokens, err := m.Count(ctx, w.String())
	if err != nil {
		return fmt.Errorf("assistant: counting the persona's tokens: %w", err)
	}
	if tokens >= budget {
		hint := "shorten them"
		if tokens == w.size {
			hint += bytesHint
		}
		return fmt.Errorf("assistant: %w: description and examples have %d tokens, and %d of the window of %d are left beside %d for a reply; %s",
			sampling.ErrBudget, tokens, budget, m.Window, m.Window-budget, hint)
	}
	return nil
}

// write writes description and examples.
func (p *Persona) write() (*writer, error) {
	page, err := p.page()
	if err != nil {
		return nil, err
	}
	description, err := clean(p.Description)
	if err != nil {
		return nil, &ValueError{Where: "description", Err: err}
	}
	w := &writer{page: page}
	w.description(description)
	for i, example := range p.Examples {
		where := fmt.Sprintf("example %d", i+1)
		if len(example) == 0 {
			return nil, &ValueError{Where: where, Err: errors.New("has no turns; leave it out")}
		}
		w.dialogue(i == 0)
		for j := range example {
			if j > 0 {
				w.add(fewshot.Layout, betweenTurns)
			}
			where := fmt.Sprintf("%s, %s", where, turnName(j))
			user, reply, err := example[j].clean(where)
			if err != nil {
				return nil, err
			}
			if user == "" && j > 0 {
				return nil, &ValueError{Where: where, Err: errors.New("has no user text; only the first turn may go without")}
			}
			if reply == "" {
				return nil, &ValueError{Where: where, Err: errors.New("has no reply, which teaches the model to give none")}
			}
			w.turn(user, reply)
		}
	}
	return w, nil
}
