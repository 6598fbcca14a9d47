package assistant

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
)

const escape = `\`

// headKeys begin the lines of the head of a file, whose values are those of head.
var headKeys = []string{"layout:", "user:", "name:"}

func (p *Persona) head() []*string { return []*string{(*string)(&p.Layout), &p.User, &p.Name} }

// headKey returns the index of the key that a line begins with, or -1.
func headKey(line string) int {
	return slices.IndexFunc(headKeys, func(key string) bool { return strings.HasPrefix(line, key) })
}

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
	lines := strings.Split(lineEnds(strings.TrimPrefix(string(content), "\ufeff")), "\n")
	for i, line := range lines {
		if err := check(line); err != nil {
			return Persona{}, failed(i+1, "%w", err)
		}
	}
	p, err := readPersona(lines)
	if err != nil {
		return Persona{}, err
	}
	return p, nil
}

func failed(line int, format string, args ...any) error {
	return &ValueError{Where: "persona", Line: line, Err: fmt.Errorf(format, args...)}
}

func readPersona(lines []string) (p Persona, err error) {
	at := max(0, slices.IndexFunc(lines, func(line string) bool { return strings.TrimSpace(line) != "" }))
	begin := at + 1
	if headKey(lines[at]) >= 0 {
		if at, err = p.readHead(lines, at); err != nil {
			return p, err
		}
	}
	user, name := p.names()
	if err := differ(user, name); err != nil {
		return p, failed(begin, "begins a head with bad names: %w", err)
	}
	page := newPage(Dashes, user, name)
	passages, err := page.passages(lines, at)
	if err != nil {
		return p, err
	}
	p.Description = passages[0].String()
	for i, passage := range passages[1:] {
		if err := p.add(page, passages[i], passage); err != nil {
			return p, err
		}
	}
	switch last := passages[len(passages)-1]; {
	case last.mark == page.user:
		return p, failed(last.line, "has a text of %q without a reply; write %q after it", page.user, page.reply)
	case len(p.Examples) == 0 && last.mark != rule:
		return p, failed(begin, "begins a file without dialogues: no line begins with %q or %q; if that is right, end the file with a line %s", page.user, page.reply, rule)
	}
	return p, nil
}

// readHead reads the head from line at on, and returns the index of the line after it.
func (p *Persona) readHead(lines []string, at int) (int, error) {
	given := map[int]bool{} // an empty value counts too
	for ; at < len(lines) && strings.TrimSpace(lines[at]) != ""; at++ {
		i := headKey(lines[at])
		if i < 0 {
			return at, failed(at+1, "does not begin with layout:, user: or name: as the head does: %q; write an empty line after the head", shorten(lines[at], 40))
		}
		if given[i] {
			return at, failed(at+1, "repeats %s; remove one of the lines", headKeys[i])
		}
		given[i] = true
		value := strings.TrimSpace(lines[at][len(headKeys[i]):])
		*p.head()[i] = value
		err := p.Layout.check()
		if headKeys[i] != "layout:" && value != "" {
			err = checkName(value)
		}
		if err != nil {
			return at, failed(at+1, "has a bad value: %q %w", shorten(value, 40), err)
		}
	}
	return at, nil
}

// A passage is a text with the label or the rule before it. The description has neither.
type passage struct {
	mark  string
	line  int // of the mark
	lines []string
}

func (t *passage) String() string { return strings.TrimSpace(strings.Join(t.lines, "\n")) }

// passages returns the passages from line at on, with the description first.
func (p *page) passages(lines []string, at int) ([]passage, error) {
	all := []passage{{}}
	for ; at < len(lines); at++ {
		mark, text, err := p.readLine(lines[at])
		if err != nil {
			return nil, failed(at+1, "%w", err)
		}
		if mark != "" {
			all = append(all, passage{mark: mark, line: at + 1})
		}
		last := &all[len(all)-1]
		last.lines = append(last.lines, text)
	}
	return all, nil
}

// readLine returns the label or rule that begins a line of a file, and the text.
func (p *page) readLine(line string) (mark, text string, err error) {
	for _, mark := range []string{p.user, p.reply} {
		if text, ok := strings.CutPrefix(line, mark); ok {
			return mark, text, nil
		}
	}
	if strings.TrimRight(line, " \t") == rule {
		return rule, "", nil
	}
	if !p.needsEscape(line) {
		return "", line, nil
	}
	if text, ok := strings.CutPrefix(line, escape); ok {
		return "", text, nil
	}
	return "", "", fmt.Errorf("looks like a label or a rule, but is not %q, %q or %s: %q; name the speakers in the head with user: and name:, or write a backslash before the line if it is text", p.user, p.reply, rule, shorten(line, 40))
}

// add adds a passage after the last one to the examples.
func (p *Persona) add(page *page, last, t passage) error {
	text := t.String()
	switch {
	case t.mark == rule && text != "":
		return failed(t.line+1, "begins a text without a label: %q; after a line %s write %q or %q", shorten(text, 40), rule, page.user, page.reply)
	case t.mark != page.reply && last.mark == page.user:
		return failed(t.line, "follows the text of line %d, which has no reply; write %q between them", last.line, page.reply)
	case t.mark == rule:
		return nil
	case text == "":
		return failed(t.line, "has a label %q without a text; write one after it", t.mark)
	case t.mark == page.reply && last.mark == page.reply:
		return failed(t.line, "is a second %q in a row; write %q before it, or a line %s", t.mark, page.user, rule)
	}
	if last.mark == "" || last.mark == rule {
		p.Examples = append(p.Examples, nil)
	}
	example := &p.Examples[len(p.Examples)-1]
	if t.mark == page.user {
		*example = append(*example, Turn{User: text})
		return nil
	}
	if last.mark != page.user { // the assistant speaks first
		*example = append(*example, Turn{})
	}
	(*example)[len(*example)-1].Reply = text
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
	return headKey(line) >= 0 || p.looksLikeMark(line) || strings.HasPrefix(line, "\ufeff") || label().MatchString(line)
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
	for i, value := range p.head() {
		if *value != "" {
			fmt.Fprintf(&b, "%s %s\n", headKeys[i], *value)
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
		example, _ = example.clean("")
		for _, turn := range example {
			put(page.user+" ", turn.User)
			put(page.reply+" ", turn.Reply)
		}
	}
	text := strings.TrimSuffix(b.String(), "\n")
	if len(p.Examples) == 0 {
		text = b.String() + rule + "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}
