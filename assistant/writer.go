package assistant

import (
	"strings"

	"github.com/foreword-go/foreword/fewshot"
)

// A writer writes a page, part by part. The texts of the parts, joined, are the page.
type writer struct {
	*page
	parts []fewshot.Part
	size  int
	begun bool // the page has a description or a dialogue
}

func (w *writer) add(kind fewshot.Kind, text string) {
	if text == "" {
		return
	}
	w.size += len(text)
	if n := len(w.parts); kind == fewshot.Layout && n > 0 && w.parts[n-1].Kind == kind {
		w.parts[n-1].Text += text
		return
	}
	w.parts = append(w.parts, fewshot.Part{Kind: kind, Text: text})
}

// String is the page so far.
func (w *writer) String() string {
	var b strings.Builder
	b.Grow(w.size)
	for _, part := range w.parts {
		b.WriteString(part.Text)
	}
	return b.String()
}

func (w *writer) description(text string) {
	if text != "" {
		w.add(fewshot.Instruction, w.stuff(text))
		w.begun = true
	}
}

const betweenTurns = "\n\n"

// dialogue begins a dialogue. firstDialogue says that there was none before.
func (w *writer) dialogue(firstDialogue bool) {
	if w.begun {
		switch {
		case w.layout == Dashes:
			w.add(fewshot.Layout, "\n\n"+rule+"\n\n")
		case firstDialogue:
			w.add(fewshot.Layout, "\n\n")
		default:
			w.add(fewshot.Layout, "\n\n\n")
		}
	}
	w.begun = true
}

// turn writes a whole turn. The caller adds what separates it from the next.
func (w *writer) turn(t *Turn) {
	w.question(fewshot.Input, t.User)
	w.open()
	w.text(fewshot.Output, t.Reply)
	if !w.inline() {
		if t.Reply != "" {
			w.add(fewshot.Layout, "\n")
		}
		w.add(fewshot.Layout, fence)
	}
}

// question writes the user's text of a turn, if there is one.
func (w *writer) question(kind fewshot.Kind, user string) {
	if user == "" {
		return
	}
	w.add(fewshot.Layout, w.user)
	if w.inline() {
		w.text(kind, user)
		w.add(fewshot.Layout, betweenTurns)
		return
	}
	w.add(fewshot.Layout, "\n"+fence+"\n")
	w.text(kind, user)
	w.add(fewshot.Layout, "\n"+fence+betweenTurns)
}

// ask writes a question and the beginning of its reply.
func (w *writer) ask(user, prefill string) {
	w.question(fewshot.Query, user)
	w.open()
	w.text(fewshot.Output, prefill)
}

// open writes the label of a reply, without a space at its end.
func (w *writer) open() {
	w.add(fewshot.Layout, w.reply)
	if !w.inline() {
		w.add(fewshot.Layout, "\n"+fence+"\n")
	}
}

// text writes a clean text after its label. The space before it is part of the text, so
// that a prompt never ends in a space: the model writes it.
func (w *writer) text(kind fewshot.Kind, text string) {
	if text == "" {
		return
	}
	if w.inline() {
		w.add(fewshot.Layout, " ")
	}
	w.add(kind, w.stuff(text))
}
