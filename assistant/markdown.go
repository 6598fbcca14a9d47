package assistant

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// WriteMarkdown writes the transcript as a Markdown document for people to read,
// with the names of p. Each text stands in a fence that is longer than any in
// it, so that no text can end it and write a heading, or HTML, of its own.
func (t Transcript) WriteMarkdown(w io.Writer, p *Persona) error {
	user, name := p.names()
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# %s and %s\n", escapeMarkdown(user), escapeMarkdown(name))
	for i := range t {
		turn := &t[i]
		fmt.Fprintf(out, "\n## %d\n", i+1)
		if !turn.Time.IsZero() {
			fmt.Fprintf(out, "\n%s\n", turn.Time.UTC().Format("2006-01-02 15:04:05 UTC"))
		}
		if turn.User != "" {
			writeFenced(out, user, turn.User)
		}
		writeFenced(out, name, turn.Reply)
		if turn.Cut {
			fmt.Fprintf(out, "\n(The reply was cut off by its token limit.)\n")
		}
	}
	return out.Flush()
}

func writeFenced(out *bufio.Writer, name, text string) {
	text = lineEnds(strings.ToValidUTF8(text, "\ufffd"))
	longest, run := 2, 0
	for _, r := range text {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	fmt.Fprintf(out, "\n**%s**\n\n%s\n%s\n%s\n", escapeMarkdown(name), fence, text, fence)
}

// escapeMarkdown makes a name stand for itself. Names have no line breaks in a
// persona that is valid; in one that is not, they become spaces.
func escapeMarkdown(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case unicode.IsControl(r) || otherLineEnd(r):
			r = ' '
		case r <= unicode.MaxASCII && (unicode.IsPunct(r) || unicode.IsSymbol(r)):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
