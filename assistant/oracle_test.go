package assistant_test

import (
	"cmp"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/foreword-go/foreword/assistant"
)

// An oracle reads prompts and replies by the documentation of the layouts. It shares
// no code with the package: letters are compared by Unicode's own tables, and lines
// are looked at as a whole.
type oracle struct {
	layout      assistant.Layout
	user, reply string // the names
	symbols     bool   // they have pictures in them
}

func oracleFor(p assistant.Persona) oracle {
	user, reply := "Human", "Assistant"
	if p.Layout == assistant.Headings {
		user, reply = "Query", "Answer"
	}
	o := oracle{cmp.Or(p.Layout, assistant.Dialogue), cmp.Or(p.User, user), cmp.Or(p.Name, reply), false}
	o.symbols = strings.ContainsFunc(o.user+o.reply, func(r rune) bool { return unicode.Is(unicode.So, r) })
	return o
}

// labels are how the texts of the two speakers begin.
func (o oracle) labels() (user, reply string) {
	if o.layout == assistant.Headings {
		return "# " + o.user + ":", "# " + o.reply + ":"
	}
	return o.user + ":", o.reply + ":"
}

// stops are what ends a reply.
func (o oracle) stops() []string {
	user, reply := o.labels()
	stops := []string{"\n" + user, "\n" + reply}
	switch o.layout {
	case assistant.Headings:
		return append(stops, "\n````")
	case assistant.Dashes:
		return append(stops, "\n\n-----")
	}
	return stops
}

// alike are the letters among the fuzzed pieces that only look like another.
var alike = strings.NewReplacer("η", "h", "а", "a")

// letters are what a label is compared by.
func (o oracle) letters(text string) string {
	text = norm.NFKD.String(strings.ToLower(norm.NFKD.String(text)))
	return alike.Replace(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || o.symbols && unicode.Is(unicode.So, r) {
			return r
		}
		return -1
	}, text))
}

// looksLikeMark reports whether a model may take a line for a label or a separator.
func (o oracle) looksLikeMark(line string) bool {
	before, from := "", 0 // the letters of line[:from]
	for i, r := range line {
		if r != ':' && r != '：' {
			continue
		}
		before += o.letters(line[from:i])
		if from = i; before == o.letters(o.user) || before == o.letters(o.reply) {
			return true
		}
	}
	visible := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Mn) {
			return -1
		}
		return r
	}, line)
	switch o.layout {
	case assistant.Headings:
		return strings.HasPrefix(strings.ReplaceAll(visible, "｀", "`"), "````")
	case assistant.Dashes:
		return strings.HasPrefix(strings.NewReplacer("—", "-", "─", "-").Replace(visible), "-----")
	}
	return false
}

// unstuff takes away the space that keeps a line from being a mark.
func (o oracle) unstuff(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, " ") && o.looksLikeMark(line) {
			lines[i] = line[1:]
		}
	}
	return strings.Join(lines, "\n")
}

// read takes a prompt apart: its description, and its dialogues, of which the last is
// the one that goes on.
func (o oracle) read(t testing.TB, prompt string) (description string, dialogues []assistant.Transcript) {
	t.Helper()
	user, reply := o.labels()
	put := func(*assistant.Turn, string) {}
	var text []string
	described := false
	end := func() {
		if n := len(dialogues); n == 0 && !described {
			description = strings.TrimSpace(o.unstuff(strings.Join(text, "\n")))
			described = true
		} else if n > 0 {
			body := strings.Join(text, "\n")
			if o.layout != assistant.Headings {
				body = strings.TrimPrefix(body, " ")
			}
			put(&dialogues[n-1][len(dialogues[n-1])-1], strings.TrimSpace(o.unstuff(body)))
		}
		text = nil
	}
	asked, fresh, empty, inside := false, true, 0, false
	for _, line := range strings.Split(prompt, "\n") {
		isUser, isReply := strings.HasPrefix(line, user), strings.HasPrefix(line, reply)
		if o.layout == assistant.Headings {
			isUser, isReply = line == user && !inside, line == reply && !inside
		}
		switch {
		case o.layout == assistant.Headings && line == "````":
			if inside = !inside; !inside {
				end()
				put = func(*assistant.Turn, string) {}
			}
			empty = 0
			continue
		case o.layout == assistant.Dashes && line == "-----":
			end()
			put, fresh = func(*assistant.Turn, string) {}, true
			continue
		case !isUser && !isReply:
			if empty++; line != "" {
				empty = 0
			}
			text = append(text, line)
			continue
		}
		if o.layout != assistant.Headings || len(dialogues) == 0 {
			end()
		}
		if text = nil; o.layout != assistant.Headings {
			text = []string{strings.TrimPrefix(strings.TrimPrefix(line, user), reply)}
			if isUser {
				text[0] = strings.TrimPrefix(line, user)
			}
		}
		if !asked || isUser {
			if asked {
				t.Fatalf("two questions in a row in\n%s", prompt)
			}
			if fresh || o.layout != assistant.Dashes && empty >= 2 {
				dialogues = append(dialogues, nil)
			}
			n := len(dialogues) - 1
			dialogues[n] = append(dialogues[n], assistant.Turn{})
			fresh = false
		}
		empty = 0
		asked = isUser
		put = func(turn *assistant.Turn, text string) { turn.Reply = text }
		if isUser {
			put = func(turn *assistant.Turn, text string) { turn.User = text }
		}
	}
	end()
	return description, dialogues
}
