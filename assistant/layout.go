package assistant

import (
	"fmt"
	"strings"
)

// A Layout is the form of a prompt. The zero Layout is Dialogue.
//
// The set is closed. A text cannot forge a turn because of all of a layout's parts
// together: labels, separators, stop sequences and the reader that undoes them.
type Layout string

const (
	// Dialogue is a play: each text begins with the speaker's name. Two empty lines
	// separate dialogues.
	//
	//	The description.
	//
	//	Human: What is an example?
	//
	//	Assistant: This is.
	//
	//
	//	Human: What follows two empty lines?
	//
	//	Assistant: A new dialogue, such as the one with the user.
	Dialogue Layout = "dialogue"

	// Headings puts each text in a fence of its own below a heading, after URIAL
	// (Lin et al. 2023). The default names are "Query" and "Answer". The fences have
	// four backticks where URIAL has three, so that answers may have code blocks.
	// Two empty lines separate dialogues.
	//
	//	# Query:
	//	````
	//	What is this?
	//	````
	//
	//	# Answer:
	//	````
	//	A document with headings.
	//	````
	Headings Layout = "headings"

	// Dashes is Dialogue with a line of five dashes before each dialogue. It is the
	// form of the prompt of Askell et al. 2021.
	//
	//	The description.
	//
	//	-----
	//
	//	Human: What is an example?
	//
	//	Assistant: This is.
	//
	//	-----
	//
	//	Human: And this?
	//
	//	Assistant: The dialogue with the user.
	Dashes Layout = "dashes"
)

func (l Layout) check() error {
	switch l {
	case "", Dialogue, Headings, Dashes:
		return nil
	}
	return fmt.Errorf("%q is unknown; use %q, %q or %q", string(l), Dialogue, Headings, Dashes)
}

const (
	fence = "````"
	rule  = "-----"
)

// A page is a Layout with the speakers' names. It is immutable.
type page struct {
	layout Layout
	user   string // what begins a user's text, such as "Human:" or "# Query:"
	reply  string // the same for the assistant

	// alike holds the letters of both names, as fold maps them. See markMatcher.
	alike   [2][]rune
	symbols bool // there are symbols among them, which are decoration otherwise
}

func newPage(l Layout, user, name string) *page {
	p := &page{layout: l, user: user + ":", reply: name + ":"}
	if l == Headings {
		p.user, p.reply = "# "+p.user, "# "+p.reply
	}
	p.alike = [2][]rune{skeleton(user), skeleton(name)}
	p.symbols = strings.ContainsFunc(user+name, isSymbol)
	return p
}

// marks are the texts with a meaning to the layout at the start of a line.
func (p *page) marks() []string {
	switch p.layout {
	case Headings:
		return []string{p.user, p.reply, fence}
	case Dashes:
		return []string{p.user, p.reply, rule}
	}
	return []string{p.user, p.reply}
}

// stops end a reply: the marks at the start of a line, so that an answer may
// mention them elsewhere. A rule needs an empty line before it, since dashes right
// below a line of text make it a heading in Markdown.
func (p *page) stops() []string {
	stops := []string{"\n" + p.user, "\n" + p.reply}
	switch p.layout {
	case Headings:
		stops = append(stops, "\n"+fence)
	case Dashes:
		stops = append(stops, "\n\n"+rule)
	}
	return stops
}

// inline reports whether a text begins on the line of its label.
func (p *page) inline() bool { return p.layout != Headings }
