package assistant

import (
	"strings"

	"github.com/foreword-go/foreword/fewshot"
)

// A writer writes a page, part by part. The texts of the parts, joined, are the page.
type writer struct {
	*page
	parts []fewshot.Part
}

func (w *writer) add(kind fewshot.Kind, text string) {
	if text == "" {
		return
	}
	if n := len(w.parts); kind == fewshot.Layout && n > 0 && w.parts[n-1].Kind == kind {
		w.parts[n-1].Text += text
		return
	}
	w.parts = append(w.parts, fewshot.Part{Kind: kind, Text: text})
}

// String is the page so far.
func (w *writer) String() string {
	var b strings.Builder
	for _, part := range w.parts {
		b.WriteString(part.Text)
	}
	return b.String()
}

const betweenTurns = "\n\n"

// dialogue begins a dialogue, perhaps after the description or another dialogue.
func (w *writer) dialogue() {
	n := len(w.parts)
	switch {
	case n == 0:
	case w.layout == Dashes:
		w.add(fewshot.Layout, "\n\n"+rule+"\n\n")
	case w.parts[n-1].Kind == fewshot.Instruction:
		w.add(fewshot.Layout, "\n\n")
	default:
		w.add(fewshot.Layout, "\n\n\n")
	}
}

// turn writes a whole turn. The caller adds what separates it from the next.
func (w *writer) turn(t *Turn) {
	w.ask(fewshot.Input, t.User, t.Reply)
	end := w.end
	if t.Reply == "" {
		end = strings.TrimPrefix(end, "\n")
	}
	w.add(fewshot.Layout, end)
}

// ask writes the user's text, if there is one, and the beginning of its reply, without a
// space at the end.
func (w *writer) ask(kind fewshot.Kind, user, reply string) {
	if user != "" {
		w.add(fewshot.Layout, w.user+w.begin)
		w.text(kind, user)
		w.add(fewshot.Layout, w.end+betweenTurns)
	}
	w.add(fewshot.Layout, w.reply+w.begin)
	w.text(fewshot.Output, reply)
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
