package assistant

import (
	"fmt"
	"strings"
)

// A Layout is how a persona and a conversation stand on the page. The zero
// Layout is Dialogue.
//
// There are three, and they are a closed set: that no text can forge a turn is a
// property of a layout as a whole, its labels, its separators, its stops and the
// reader that undoes it, and not of strings that could be filled in one by one.
type Layout int

const (
	// Dialogue is a play: each speaker's name begins a paragraph.
	//
	//	The description.
	//
	//	Human: What is an example?
	//
	//	Assistant: This is.
	//
	//
	//	Human: What begins behind two empty lines?
	//
	//	Assistant: A new dialogue, such as the one with the user.
	Dialogue Layout = iota

	// Headings sets each text in a fence of its own below a heading, after URIAL
	// (Lin et al. 2023). The names are "Query" and "Answer" unless the Persona
	// has its own. The fences have four backticks where URIAL has three, so that
	// answers may have code blocks. Dialogues are parted as in Dialogue.
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
	Headings

	// Dashes is Dialogue with a line of five dashes before each dialogue, the
	// form of the prompt of Askell et al. 2021, which they call a transcript.
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
	Dashes
)

var layoutNames = [...]string{"dialogue", "headings", "dashes"}

// String returns the name that files use, such as "dialogue".
func (l Layout) String() string {
	if l < 0 || int(l) >= len(layoutNames) {
		return fmt.Sprintf("layout %d", int(l))
	}
	return layoutNames[l]
}

// MarshalText writes the name that String gives.
func (l Layout) MarshalText() ([]byte, error) {
	if l < 0 || int(l) >= len(layoutNames) {
		return nil, fmt.Errorf("%v has no name; the layouts are %q", l, layoutNames)
	}
	return []byte(layoutNames[l]), nil
}

// UnmarshalText reads the names that MarshalText writes.
func (l *Layout) UnmarshalText(text []byte) error {
	for i, name := range layoutNames {
		if name == string(text) {
			*l = Layout(i)
			return nil
		}
	}
	return fmt.Errorf("unknown layout %q; the layouts are %q", text, layoutNames)
}

const (
	fence = "````"
	rule  = "-----"
)

// A page is a Layout with the speakers' names: all that is needed to write a
// prompt, to read one and to stop a model. It does not change once it is made.
type page struct {
	layout Layout
	user   string // what begins a user's text, such as "Human:" or "# Query:"
	reply  string // the same for the assistant

	// alike holds what lines are compared with: the letters of both names, as
	// fold maps them. See lookout.
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

// marks are the texts that mean something to the layout where they begin a line.
func (p *page) marks() []string {
	switch p.layout {
	case Headings:
		return []string{p.user, p.reply, fence}
	case Dashes:
		return []string{p.user, p.reply, rule}
	}
	return []string{p.user, p.reply}
}

// stops are what ends a reply: the marks, tied to the start of a line, so that
// an answer may mention them. A rule has to stand behind an empty line, since
// dashes right below a line of text make it a heading in Markdown.
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

// inline reports whether a text stands on the same line as its label.
func (p *page) inline() bool { return p.layout != Headings }
