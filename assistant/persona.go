package assistant

import (
	"cmp"
	"context"
	_ "embed" // the helpful persona
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A Persona is the role of the model. The zero Persona is a dialogue between Human and
// Assistant without a description. [ReadPersona] reads one from a file.
//
// Goroutines may share a Persona that nobody changes.
type Persona struct {
	// Description begins the prompt and says who is talking. Chat models call it the
	// system prompt. It may be empty.
	Description string `json:"description,omitzero"`

	// Examples are demonstrations of how the assistant talks. A dialogue of several
	// turns shows that it uses earlier ones.
	Examples []Transcript `json:"examples,omitzero"`

	Layout Layout `json:"layout,omitzero"`

	// Name and User are the names of the assistant and of the user. The defaults are
	// "Assistant" and "Human", or "Answer" and "Query" in the layout Headings.
	Name string `json:"name,omitzero"`
	User string `json:"user,omitzero"`
}

//go:embed helpful.txt
var helpful string

// Helpful returns a persona for most purposes: a helpful, honest and brief assistant. It
// is about 330 tokens long.
//
// One of its dialogues has several turns, of which the later need the earlier: without
// such an example, base models fail on the second turn. Others show code, a list, and an
// answer that something is not known.
func Helpful() Persona {
	p, err := ReadPersona(strings.NewReader(helpful))
	if err != nil {
		panic(err) // impossible: the tests read the file
	}
	return p
}

// names returns the speakers' names, or their defaults.
func (p *Persona) names() (user, name string) {
	if p.Layout == Headings {
		return cmp.Or(p.User, "Query"), cmp.Or(p.Name, "Answer")
	}
	return cmp.Or(p.User, "Human"), cmp.Or(p.Name, "Assistant")
}

func (p *Persona) page() (*page, error) {
	if err := p.Layout.check(); err != nil {
		return nil, &ValueError{Where: "layout", Err: fmt.Errorf("%q %w", string(p.Layout), err)}
	}
	user, name := p.names()
	for _, n := range []struct{ where, name string }{{"name of the user", user}, {"name of the assistant", name}} {
		if err := checkName(n.name); err != nil {
			return nil, &ValueError{Where: n.where, Err: fmt.Errorf("%q %w", shorten(n.name, 40), err)}
		}
	}
	if err := differ(user, name); err != nil {
		return nil, &ValueError{Where: "names", Err: err}
	}
	return newPage(cmp.Or(p.Layout, Dialogue), user, name), nil
}

// differ returns an error if a model may confuse the names.
func differ(user, name string) error {
	if string(skeleton(user)) == string(skeleton(name)) {
		return fmt.Errorf("%q and %q are too similar for a model to tell who speaks; rename one", user, name)
	}
	return nil
}

// maxName is the maximum length of a name in bytes.
const maxName = 200

func checkName(name string) error {
	if !utf8.ValidString(name) {
		return errors.New("is not valid UTF-8; convert it")
	}
	if len(name) > maxName {
		return fmt.Errorf("has %d bytes; at most %d are allowed", len(name), maxName)
	}
	if strings.TrimSpace(name) != name {
		return errors.New("has white space around it; trim it")
	}
	for _, r := range name {
		switch {
		case isColon(r):
			return fmt.Errorf("contains a colon, %q, which ends a label; remove it", r)
		case unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp):
			return fmt.Errorf("contains a line break or a control character, %q; remove it", r)
		}
	}
	if len(skeleton(name)) == 0 {
		return errors.New("has no letter, digit or symbol; use a word")
	}
	return nil
}

// Validate returns a [*ValueError] for names that are too similar or cannot be labels, for
// text with invalid UTF-8 or a NUL, and for examples without turns or texts. If m has a
// Window, it also counts the persona's tokens, within ctx. Then it returns
// [sampling.ErrBudget] if the persona leaves no room for the shortest question and a reply
// of [sampling.DefaultMaxTokens].
func (p *Persona) Validate(ctx context.Context, m sampling.Model) error {
	c := Conversation{Model: m, Persona: *p}
	_, err := c.Prompt(ctx, "?", ReplyOptions{})
	if errors.Is(err, sampling.ErrBudget) {
		return fmt.Errorf("%w; this was the shortest question", err)
	}
	return err
}

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
	w.add(fewshot.Instruction, w.stuff(description))
	for i, example := range p.Examples {
		where := fmt.Sprintf("example %d", i+1)
		if len(example) == 0 {
			return nil, &ValueError{Where: where, Err: errors.New("has no turns; remove it")}
		}
		example, err := example.clean(where + ", ")
		if err != nil {
			return nil, err
		}
		w.dialogue()
		for j := range example {
			turn := &example[j]
			switch {
			case turn.User == "" && j > 0:
				err = errors.New("has no user text; only the first turn may lack it")
			case turn.Reply == "":
				err = errors.New("has no reply; write one, or remove the turn")
			}
			if err != nil {
				return nil, &ValueError{Where: fmt.Sprintf("%s, turn %d", where, j+1), Err: err}
			}
			if j > 0 {
				w.add(fewshot.Layout, betweenTurns)
			}
			w.turn(turn)
		}
	}
	return w, nil
}
