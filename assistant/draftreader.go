package assistant

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ParseDraft reads a persona out of a document that a model or a person wrote:
// a description and then dialogues, in whatever dress. It finds out by itself
// who the two speakers are, from the labels that take turns: "Human:", "**Q:**",
// "### Visitor", "1. You -", "<guest>" and their like. It undoes a code fence around
// the whole, with what stands before and after it, and takes lines of dashes and
// headings such as "Example 2" for what parts the dialogues.
//
// The persona is in the layout Dialogue and has the names that were found. A
// question at the end that nobody answers is left out. A text in which no two
// labels take turns is a [*DraftError].
func ParseDraft(text string) (Persona, error) {
	p, err := parseDraft(text)
	if err != nil {
		return Persona{}, &DraftError{Text: text, Err: err}
	}
	return p, nil
}

func parseDraft(text string) (Persona, error) {
	text, err := plain(strings.TrimPrefix(text, "\ufeff"))
	if err != nil {
		return Persona{}, err
	}
	lines := strings.Split(unwrap(text), "\n")
	labels, user, name := cast(lines)
	if labels == nil {
		return Persona{}, errors.New(`has no two labels that take turns, such as "Human:" and "Assistant:" at the start of lines`)
	}
	labels = slices.DeleteFunc(labels, func(l label) bool { return l.key != user.key && l.key != name.key })
	p := Persona{
		Description: description(lines[:labels[0].line]),
		User:        user.name,
		Name:        name.name,
	}
	if p.User == "Human" {
		p.User = ""
	}
	if p.Name == "Assistant" {
		p.Name = ""
	}
	p.Examples = dialogues(lines, labels, user.key)
	if len(p.Examples) == 0 {
		return Persona{}, fmt.Errorf("has no text of %q that %q answers", user.name, name.name)
	}
	if _, err := p.write(); err != nil {
		return Persona{}, err
	}
	return p, nil
}

// A fenceState follows code fences down a text: "" outside of any.
type fenceState string

// step reports whether line is a fence or inside one.
func (f *fenceState) step(line string) bool {
	line = strings.TrimSpace(line)
	if *f != "" {
		if strings.HasPrefix(line, string(*f)) && strings.Trim(line, line[:1]) == "" {
			*f = ""
		}
		return true
	}
	for _, char := range []string{"`", "~"} {
		if strings.HasPrefix(line, char+char+char) {
			*f = fenceState(line[:len(line)-len(strings.TrimLeft(line, char))])
			return true
		}
	}
	return false
}

// dialogues takes the turns from between the labels. Who speaks twice in a row
// has said one thing, in two paragraphs.
func dialogues(lines []string, labels []label, user string) []Transcript {
	var (
		all            []Transcript
		current        Transcript
		asked, replied []string // of the turn that is open
	)
	endTurn := func() {
		if len(replied) > 0 {
			current = append(current, Turn{User: strings.Join(asked, "\n\n"), Reply: strings.Join(replied, "\n\n")})
			asked, replied = nil, nil
		}
	}
	end := func() {
		endTurn()
		if len(current) > 0 {
			all = append(all, current)
		}
		current, asked = nil, nil
	}
	for i, l := range labels {
		next := len(lines)
		if i+1 < len(labels) {
			next = labels[i+1].line
		}
		body := append([]string{l.rest}, lines[l.line+1:next]...)
		body, parted := cutSeparator(body)
		text := unfence(l.close(trimBlock(body)))
		switch {
		case text == "":
		case l.key == user:
			endTurn()
			asked = append(asked, text)
		default:
			replied = append(replied, text)
		}
		if parted {
			end()
		}
	}
	end()
	return all
}

// ruled and numbered are lines that part one dialogue from the next.
var (
	ruled    = lazily(`^\s*(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,}|={3,}|~{3,}|#{3,}|—{2,}|─{3,})\s*$`)
	numbered = lazily(`(?i)^\s*[#*_\[(]*\s*(?:(?:example|sample|dialogue|dialog|conversation|exchange|session|transcript|chat|part)\b[\s#]*[\pL\pN]{0,12}(?:\s*[:.–—-].*)?|end(?: of .*)?)\s*[#*_\])]*\s*$`)
)

// cutSeparator cuts a text where a line behind an empty one parts dialogues, and
// says whether there was any. What a document says between that line and the
// next label belongs to neither. The first line is what follows the label on its
// own, and a rule right below it underlines the label.
func cutSeparator(body []string) (rest []string, parted bool) {
	var code fenceState
	for i, line := range body {
		if !code.step(line) && i > 1 && strings.TrimSpace(body[i-1]) == "" && (ruled().MatchString(line) || numbered().MatchString(line)) {
			return body[:i], true
		}
	}
	return body, false
}

// trimBlock joins lines and takes away empty and ruled ones around them.
func trimBlock(lines []string) string {
	idle := func(line string) bool { return strings.TrimSpace(line) == "" || ruled().MatchString(line) }
	for len(lines) > 0 && idle(lines[0]) {
		lines = lines[1:]
	}
	for len(lines) > 0 && idle(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// remark is what a model says before it hands over the document, and caption
// what stands over a description or over the first dialogue.
var (
	remark  = lazily(`(?i)^(?:sure|certainly|of course|okay|ok|absolutely|gladly|with pleasure|here(?:'s|’s| is| are))\b.*[:!.]$`)
	caption = lazily(`(?i)^\s*[#*_]*\s*(?:description|persona|role|prompt|document)\s*[*_]*\s*[:：]?\s*[*_]*\s*`)
)

// description tidies what stands before the first label.
func description(lines []string) string {
	for len(lines) > 0 && (strings.TrimSpace(lines[0]) == "" || ruled().MatchString(lines[0]) || remark().MatchString(strings.TrimSpace(lines[0]))) {
		lines = lines[1:]
	}
	for len(lines) > 0 {
		last := lines[len(lines)-1]
		if strings.TrimSpace(last) != "" && !ruled().MatchString(last) && !numbered().MatchString(last) {
			break
		}
		lines = lines[:len(lines)-1]
	}
	text := trimBlock(lines)
	if at := caption().FindStringIndex(text); at != nil && (strings.ContainsAny(text[:at[1]], ":：\n") || at[1] == len(text)) {
		text = strings.TrimSpace(text[at[1]:])
	}
	return text
}

// unfence takes away a fence that surrounds a whole text and names no language,
// as layouts after URIAL have it.
func unfence(text string) string {
	ticks := len(text) - len(strings.TrimLeft(text, "`"))
	if ticks < 3 {
		return text
	}
	mark := text[:ticks]
	inside, ok := strings.CutPrefix(text, mark+"\n")
	if !ok {
		return text
	}
	if inside, ok = strings.CutSuffix(inside, "\n"+mark); !ok || strings.Contains("\n"+inside, "\n"+mark) {
		return text
	}
	return strings.TrimSpace(inside)
}

// unwrap returns what stands in the outermost code fence of a text, if the
// labels do: models like to hand over documents so, with a remark around them.
// A fence that nothing closes reaches to the end, as where a text was cut off.
func unwrap(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		var code fenceState
		if !code.step(line) {
			continue
		}
		if outside, _, _ := cast(lines[:i]); outside != nil {
			return text
		}
		// The last line that closes it, since a document may have fences inside.
		end := len(lines)
		for j := len(lines) - 1; j > i; j-- {
			if strings.TrimSpace(lines[j]) == string(code) {
				end = j
				break
			}
		}
		if inside, _, _ := cast(lines[i+1 : end]); inside != nil {
			return strings.Join(lines[i+1:end], "\n")
		}
		return text
	}
	return text
}
