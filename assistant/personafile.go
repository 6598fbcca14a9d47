package assistant

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
)

const (
	layoutKey = "layout:"
	userKey   = "user:"
	nameKey   = "name:"
	escape    = `\`
)

// ReadPersona reads a persona from plain text, such as [Persona.WriteText] writes. The
// example of this function shows a whole file.
//
// The head is optional. It has one to three of the lines "layout: L", "user: U" and
// "name: N", in any order, and an empty line after it. Then come the description, which
// may be empty, and the dialogues. Each text begins with its speaker's name and a colon
// at the start of a line, for every layout. A line of five dashes separates dialogues. A
// persona without dialogues ends in such a line.
//
// Reading is strict. A line that looks like a label or a rule but is not exactly one is a
// [*ValueError] with its number, and so is a text without a reply. Up to four words, a
// colon and more text look like a label, as in "Note: a text". Write a backslash before
// such a line, or before one that begins like the head, if it is text.
func ReadPersona(r io.Reader) (Persona, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return Persona{}, fmt.Errorf("assistant: persona: %w", err)
	}
	text, err := plain(strings.TrimPrefix(string(content), "\ufeff"))
	if err != nil {
		return Persona{}, &ValueError{Where: "persona", Err: err}
	}
	f := personaReader{lines: strings.Split(text, "\n")}
	if err := f.read(); err != nil {
		return Persona{}, err
	}
	_, err = f.persona.write()
	return f.persona, err
}

// A personaReader reads a file line by line.
type personaReader struct {
	persona Persona
	page    *page
	lines   []string
	at      int // the index of the line to be read

	mark  string   // the label or rule before the text that goes on; "" is the description
	line  int      // the line of the mark
	text  []string // the lines of the text so far
	asked int      // the line of a question without a reply, or 0
	fresh bool     // the next turn begins a dialogue
}

func (f *personaReader) fail(line int, format string, args ...any) error {
	return &ValueError{Where: "persona", Line: line, Err: fmt.Errorf(format, args...)}
}

func (f *personaReader) read() error {
	for f.at < len(f.lines) && strings.TrimSpace(f.lines[f.at]) == "" {
		f.at++
	}
	begin := min(f.at+1, len(f.lines))
	if f.at < len(f.lines) && isHead(f.lines[f.at]) {
		if err := f.readHead(); err != nil {
			return err
		}
	}
	if _, err := f.persona.page(); err != nil {
		if bad := (*ValueError)(nil); errors.As(err, &bad) {
			bad.Line = begin
		}
		return err
	}
	user, name := f.persona.names()
	f.page, f.fresh = newPage(Dashes, user, name), true
	for ; f.at < len(f.lines); f.at++ {
		if err := f.readLine(f.lines[f.at]); err != nil {
			return err
		}
	}
	if err := f.endText(); err != nil {
		return err
	}
	switch {
	case f.asked > 0:
		return f.fail(f.asked, "has a text of %q without a reply; write %q after it", f.page.user, f.page.reply)
	case len(f.persona.Examples) == 0 && f.mark != rule:
		return f.fail(begin, "begins a file without dialogues: no line begins with %q or %q; if that is right, end the file with a line %s", f.page.user, f.page.reply, rule)
	}
	return nil
}

func isHead(line string) bool {
	return strings.HasPrefix(line, layoutKey) || strings.HasPrefix(line, userKey) || strings.HasPrefix(line, nameKey)
}

func (f *personaReader) readHead() error {
	values := map[string]string{}
	for ; f.at < len(f.lines) && strings.TrimSpace(f.lines[f.at]) != ""; f.at++ {
		line := f.lines[f.at]
		if !isHead(line) {
			return f.fail(f.at+1, "is not %s, %s or %s: %q; write an empty line after the head", layoutKey, userKey, nameKey, shorten(line, 40))
		}
		key, value, _ := strings.Cut(line, ":")
		if _, twice := values[key]; twice {
			return f.fail(f.at+1, "repeats %s:", key)
		}
		values[key] = strings.TrimSpace(value)
		if key == "layout" {
			if err := Layout(values[key]).check(); err != nil {
				return f.fail(f.at+1, "has an unknown layout: %w", err)
			}
		}
	}
	f.persona.Layout, f.persona.User, f.persona.Name = Layout(values["layout"]), values["user"], values["name"]
	return nil
}

func (f *personaReader) readLine(line string) error {
	for _, mark := range []string{f.page.user, f.page.reply} {
		if rest, ok := strings.CutPrefix(line, mark); ok {
			return f.begin(mark, rest)
		}
	}
	if strings.TrimRight(line, " \t") == rule {
		return f.begin(rule, "")
	}
	if rest, ok := strings.CutPrefix(line, escape); ok && f.page.needsEscape(line) {
		line = rest
	} else if f.page.looksLikeMark(line) {
		return f.fail(f.at+1, "looks like a label or a rule: %q; write %q, %q or %s, or a backslash before it if it is text", shorten(line, 40), f.page.user, f.page.reply, rule)
	} else if f.page.needsEscape(line) {
		return f.fail(f.at+1, "has a label other than %q and %q: %q; name the speakers in the head, or write a backslash before the line if it is text", f.page.user, f.page.reply, shorten(line, 40))
	}
	f.text = append(f.text, line)
	return nil
}

// begin ends a text and begins the next.
func (f *personaReader) begin(mark, rest string) error {
	if err := f.endText(); err != nil {
		return err
	}
	f.mark, f.line, f.text = mark, f.at+1, []string{rest}
	return nil
}

// endText adds the text to the persona.
func (f *personaReader) endText() error {
	text := strings.TrimSpace(strings.Join(f.text, "\n"))
	p := &f.persona
	switch {
	case f.mark == "":
		p.Description = text
		return nil
	case f.mark == rule && text != "":
		return f.fail(f.line+1, "begins a text without a label: %q; after a line %s write %q or %q", shorten(text, 40), rule, f.page.user, f.page.reply)
	case f.mark != f.page.reply && f.asked > 0:
		return f.fail(f.line, "follows the text of line %d, which has no reply; write %q between them", f.asked, f.page.reply)
	case f.mark == rule:
		f.fresh = true
		return nil
	case text == "":
		return f.fail(f.line, "has a label %q without a text", f.mark)
	case f.mark == f.page.reply && f.asked == 0 && !f.fresh:
		return f.fail(f.line, "is a second %q in a row; write %q before it, or a line %s", f.mark, f.page.user, rule)
	}
	if f.fresh {
		p.Examples = append(p.Examples, nil)
		f.fresh = false
	}
	example := &p.Examples[len(p.Examples)-1]
	if f.asked == 0 {
		*example = append(*example, Turn{})
	}
	turn := &(*example)[len(*example)-1]
	if f.mark == f.page.user {
		turn.User, f.asked = text, f.line
	} else {
		turn.Reply, f.asked = text, 0
	}
	return nil
}

// label matches a line that begins like a label: up to four words and a colon, perhaps in
// bold or brackets, and more text.
var label = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:[#>]+ ?)?[*_\[(<"']*\pL[\pL\pN\pM.'’-]*(?: [\pL\pN\pM.'’-]+){0,3}[*_\])>"']*\s?[:：][*_\])>"']*\s+\S`)
})

// needsEscape reports whether a line of text needs a backslash before it in a file, even
// if it begins with backslashes already.
func (p *page) needsEscape(line string) bool {
	line = strings.TrimLeft(line, escape)
	return isHead(line) || p.looksLikeMark(line) || strings.HasPrefix(line, "\ufeff") || label().MatchString(line)
}

// WriteText writes the persona as plain text for [ReadPersona]. It leaves out times,
// seeds and other facts about the turns.
func (p *Persona) WriteText(w io.Writer) error {
	if _, err := p.write(); err != nil {
		return err
	}
	user, name := p.names()
	page := newPage(Dashes, user, name)
	var b strings.Builder
	for _, head := range []struct{ key, value string }{{layoutKey, string(p.Layout)}, {userKey, p.User}, {nameKey, p.Name}} {
		if head.value != "" {
			fmt.Fprintf(&b, "%s %s\n", head.key, head.value)
		}
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	put := func(label, text string) {
		if text != "" {
			// A label looks like one, so its line gets an escape.
			escaped := prefixLines(label+text, escape, page.needsEscape)
			if label != "" {
				escaped = strings.TrimPrefix(escaped, escape)
			}
			b.WriteString(escaped + "\n\n")
		}
	}
	description, _ := clean(p.Description) // write has checked the texts
	put("", description)
	for i, example := range p.Examples {
		if i > 0 {
			b.WriteString(rule + "\n\n")
		}
		for j := range example {
			user, reply, _ := example[j].clean("")
			put(page.user+" ", user)
			put(page.reply+" ", reply)
		}
	}
	text := strings.TrimSuffix(b.String(), "\n")
	if len(p.Examples) == 0 {
		text = b.String() + rule + "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}
