package assistant

import (
	"fmt"
	"strings"
)

// A Layout is the form of a prompt. The zero Layout is Dialogue. Callers cannot add
// their own: a layout's labels, separators, stop sequences and reader must work
// together so that no text can forge a turn.
type Layout string

const (
	// Dialogue begins each text with the speaker's name. Two empty lines separate
	// dialogues.
	//
	//	The description.
	//
	//	Human: Is this an example?
	//
	//	Assistant: Yes. Two empty lines follow.
	//
	//
	//	Human:
	Dialogue Layout = "dialogue"

	// Headings puts each text in a fence below a heading, after URIAL (Lin et al. 2023).
	// The fences have four backticks, so that answers may have code blocks. Two empty
	// lines separate dialogues.
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

	// Dashes is Dialogue with an empty line, five dashes and an empty line before each
	// dialogue, after Askell et al. 2021.
	Dashes Layout = "dashes"
)

func (l Layout) check() error {
	switch l {
	case "", Dialogue, Headings, Dashes:
		return nil
	}
	return fmt.Errorf("is unknown; use %q, %q or %q", Dialogue, Headings, Dashes)
}

const (
	fence = "````"
	rule  = "-----"
)

// A page is a Layout with the speakers' names. It is immutable.
type page struct {
	layout Layout
	user   string // the label of a user's text, such as "Human:" or "# Query:"
	reply  string // the label of the assistant's text

	begin, end string          // what a text has around it, after its label
	separator  string          // the fence or the rule, if the layout has one
	separates  func(rune) bool // reports whether a model may take a rune for one of it
	marks      []string        // the texts that have a meaning at the start of a line

	alike   [2][]rune // the folded letters of both names; see markMatcher
	symbols bool      // the names have symbols, which are decoration otherwise
}

func newPage(l Layout, user, name string) *page {
	p := &page{layout: l, user: user + ":", reply: name + ":"}
	switch l {
	case Headings:
		p.user, p.reply = "# "+p.user, "# "+p.reply
		p.begin, p.end = "\n"+fence+"\n", "\n"+fence
		p.separator, p.separates = fence, isBacktick
	case Dashes:
		p.separator, p.separates = rule, isDash
	}
	p.marks = []string{p.user, p.reply}
	if p.separator != "" {
		p.marks = append(p.marks, p.separator)
	}
	p.alike = [2][]rune{skeleton(user), skeleton(name)}
	p.symbols = strings.ContainsFunc(user+name, isSymbol)
	return p
}

// stops returns the stop sequences: the marks at the start of a line. A rule needs an
// empty line before it, since dashes right below a line make it a heading in Markdown.
func (p *page) stops() []string {
	var stops []string
	for _, mark := range p.marks {
		if mark == rule {
			mark = "\n" + mark
		}
		stops = append(stops, "\n"+mark)
	}
	return stops
}

// inline reports whether a text begins on the line of its label.
func (p *page) inline() bool { return p.layout != Headings }
