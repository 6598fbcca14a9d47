package assistant

import (
	"fmt"
	"strings"
)

// A reader takes a page apart again.
type reader struct {
	*page
	description string
	dialogues   []Transcript

	line  int  // the line looked at, counting from 1
	asked int  // the line on which a question without a reply began; 0 if there is none
	fresh bool // the next turn begins a dialogue
	blank int  // line breaks that stand right before the line looked at
}

// read reads a page that a writer wrote, and is lenient towards one that a
// person wrote: it does not mind how many empty lines part a description from
// the turns, or a question from its reply.
func (p *page) read(text string) (description string, dialogues []Transcript, err error) {
	r := &reader{page: p, fresh: true}
	read := r.readInline
	if !p.inline() {
		read = r.readFenced
	}
	if err := read(text); err != nil {
		return "", nil, err
	}
	if r.asked > 0 {
		return "", nil, fmt.Errorf("line %d: the text behind %q has no %q after it", r.asked, p.user, p.reply)
	}
	return r.description, r.dialogues, nil
}

// readInline reads Dialogue and Dashes, where a text reaches from its label to
// the next mark.
func (r *reader) readInline(text string) error {
	mark, begin := "", 0 // the text that goes on: its mark, "" for the description, and where it begins
	flush := func(end int) error {
		body := text[begin:end]
		r.blank = len(body) - len(strings.TrimRight(body, "\n"))
		if mark != "" {
			body = strings.TrimPrefix(body, " ")
		}
		if mark == rule {
			if body = strings.TrimSpace(body); body != "" {
				return fmt.Errorf("line %d: %q stands between %s and this line", r.line, shorten(body, 40), rule)
			}
			return nil
		}
		r.put(mark, body)
		return nil
	}
	for at := 0; at < len(text); {
		r.line++
		end := at + strings.IndexByte(text[at:], '\n')
		if end < at {
			end = len(text)
		}
		next := ""
		switch line := text[at:end]; {
		case strings.HasPrefix(line, r.user):
			next = r.user
		case strings.HasPrefix(line, r.reply):
			next = r.reply
		case r.layout == Dashes && line == rule:
			next = rule
		}
		if next != "" {
			if err := flush(at); err != nil {
				return err
			}
			if err := r.turnTo(next); err != nil {
				return err
			}
			mark, begin = next, at+len(next)
		}
		at = end + 1
	}
	return flush(len(text))
}

// readFenced reads Headings, where a text stands between two fences.
func (r *reader) readFenced(text string) error {
	var (
		mark   string // the heading that was read last
		inside bool   // between its fences
		begin  int    // where the text behind the fence begins, or the description before the first heading
	)
	for at, end := 0, 0; at <= len(text); at = end + 1 {
		r.line++
		if end = at + strings.IndexByte(text[at:], '\n'); end < at {
			end = len(text)
		}
		line := text[at:end]
		heading := strings.TrimRight(line, " \t")
		switch {
		case inside && line == fence:
			r.put(mark, text[begin:at])
			mark, inside = fence, false
			r.blank = 0
		case inside:
		case heading == r.user || heading == r.reply:
			if mark == r.user || mark == r.reply {
				return fmt.Errorf("line %d: %q stands where the text of %q should begin with a fence %s", r.line, heading, mark, fence)
			}
			if mark == "" {
				r.put("", text[begin:at])
			}
			r.blank++ // the break before this line
			if err := r.turnTo(heading); err != nil {
				return err
			}
			mark = heading
		case mark == "":
		case heading == "":
			r.blank++
		case strings.HasPrefix(line, fence) && mark != fence:
			inside, begin = true, min(end+1, len(text))
		default:
			return fmt.Errorf("line %d: %q stands outside of the fences", r.line, shorten(line, 40))
		}
	}
	switch {
	case mark == "":
		r.put("", text[begin:])
	case inside && mark == r.reply:
		r.put(mark, text[begin:]) // the reply that a prompt leaves open
	case mark != fence:
		return fmt.Errorf("line %d: the text of %q does not end with a fence %s", r.line, mark, fence)
	}
	return nil
}

// turnTo notes that a mark begins on this line.
func (r *reader) turnTo(mark string) error {
	if r.asked > 0 && mark != r.reply {
		return fmt.Errorf("line %d: %q follows the text of line %d, which has no reply; put %q between them", r.line, mark, r.asked, r.reply)
	}
	answers := r.asked > 0 && mark == r.reply
	if mark == rule || !answers && r.layout != Dashes && r.blank >= len("\n\n\n") {
		r.fresh = true
	}
	if mark == r.user {
		r.asked = r.line
	}
	if mark != rule && !answers {
		if r.fresh {
			r.dialogues = append(r.dialogues, nil)
			r.fresh = false
		}
		last := len(r.dialogues) - 1
		r.dialogues[last] = append(r.dialogues[last], Turn{})
	}
	if answers {
		r.asked = 0
	}
	return nil
}

// put stores the text behind a mark.
func (r *reader) put(mark, body string) {
	body = strings.TrimSpace(r.unstuff(body))
	if mark == "" {
		r.description = body
		return
	}
	dialogue := r.dialogues[len(r.dialogues)-1]
	turn := &dialogue[len(dialogue)-1]
	if mark == r.user {
		turn.User = body
	} else {
		turn.Reply = body
	}
}
