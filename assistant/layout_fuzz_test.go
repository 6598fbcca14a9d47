package assistant_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
)

var layouts = []assistant.Layout{assistant.Dialogue, assistant.Headings, assistant.Dashes}

// pieces is what texts are spelled with in fuzzing, one piece a byte: all that
// layouts are made of, whole and in halves, and what could pass for it.
var pieces = []string{
	"a", " ", "\n", "Human:", "Assistant:", "# Query:", "# Answer:", "````", "-----", ":", "`", "-", "#",
	"\n\n", "\nHuman: ", "\n\nAssistant: ", "Human", "human :", "HUMAN：", "\u200b", "\u00a0", "\t", "\r", "\r\n", "\u2028",
	"Ηumаn:", "Ｑｕｅｒｙ：", "**Human:**", "나비", "مرحبا", "\x00", "\xff", "\ufeff", "\u0301", "—", "🦉", "Hum", "an:", "\n```go\n", "> ",
	"\n# Query:\n````\n", "\n````\n\n# Answer:\n````\n", "\n\n-----\n\n", "\v", "\ufffd", "a:",
	"사", "\u1109\u1161", "か\u3099:", "ﬆ", "👤 Human:", "ℍ",
}

func dense(data []byte) string {
	var b strings.Builder
	for _, c := range data {
		b.WriteString(pieces[int(c)%len(pieces)])
	}
	return b.String()
}

// names are pairs that tempt a layout to go wrong.
var names = [][2]string{
	{"", ""}, {"a", "나비"}, {"Human", "Human a"}, {"-----x", "````y"}, {"#1", "🦉"}, {"Query", "Answer"}, {"e\u0301", "\u200ba"}, {"a a", "aaa"}, {"مرحبا", "Ｑ"}, {"사", "が"}, {"st", "ﬁ🤖"},
}

// page is what goes into a prompt and should come out of it again.
type page struct {
	description string
	examples    []assistant.Transcript
	turns       assistant.Transcript
	text        string
	prefill     string
}

// pageOf takes a page out of fuzzed bytes: 255 ends a text, 254 a dialogue. The
// last dialogue is the conversation.
func pageOf(data []byte) page {
	text := func(from *[]byte) string {
		before, after, _ := bytes.Cut(*from, []byte{255})
		*from = after
		return dense(before)
	}
	p := page{description: text(&data), text: text(&data), prefill: text(&data)}
	dialogues := bytes.Split(data, []byte{254})
	for i, data := range dialogues {
		var dialogue assistant.Transcript
		for len(data) > 0 {
			dialogue = append(dialogue, assistant.Turn{User: text(&data), Reply: text(&data)})
		}
		switch {
		case i == len(dialogues)-1:
			p.turns = dialogue
		case len(dialogue) > 0:
			p.examples = append(p.examples, dialogue)
		}
	}
	return p
}

// normal is the documented form of texts in prompts, by the plainest means.
func normal(text string) string { return strings.TrimSpace(normalEnds(text)) }

func normalEnds(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for _, end := range []string{"\r", "\v", "\f", "\u0085", "\u2028", "\u2029"} {
		text = strings.ReplaceAll(text, end, "\n")
	}
	return text
}

// FuzzPage checks that a rendered prompt, read back by its layout, gives exactly
// the turns that went in: nobody has forged one.
func FuzzPage(f *testing.F) {
	for layout := range uint8(len(layouts)) {
		f.Add(layout, uint8(0), []byte{0, 255, 0, 255, 255, 0, 255, 0, 254, 0, 255, 0})
		f.Add(layout, uint8(0), []byte{14, 15, 255, 14, 3, 255, 4, 255, 14, 255, 15, 255, 0, 255, 41, 254, 40, 255, 42, 255, 7, 255, 8})
		f.Add(layout, uint8(2), []byte{2, 2, 255, 16, 2, 9, 255, 255, 3, 255, 2, 7, 2, 0, 254, 255, 0, 255, 8, 2, 8, 255, 255, 255, 0})
	}
	f.Fuzz(func(t *testing.T, layout, name uint8, data []byte) {
		data = data[:min(len(data), 4000)] // see FuzzStream
		checkPage(t, layouts[layout%3], names[int(name)%len(names)], pageOf(data))
	})
}

func checkPage(t *testing.T, layout assistant.Layout, names [2]string, p page) {
	t.Helper()
	persona := assistant.Persona{Description: p.description, Examples: p.examples, Layout: layout, User: names[0], Name: names[1]}
	c := assistant.Conversation{Persona: persona, Transcript: p.turns}
	prefilled := assistant.ReplyOptions{Prefill: p.prefill}
	prompt, err := c.Prompt(t.Context(), p.text, prefilled)
	if err != nil {
		var bad *assistant.ValueError
		if !errors.As(err, &bad) || !errors.Is(err, sampling.ErrInvalid) {
			t.Fatalf("error of no documented kind: %v", err)
		}
		if !refusable(p, bad) {
			t.Fatalf("refused what should stand: %v", err)
		}
		return
	}
	if strings.HasSuffix(prompt.Text, " ") || strings.HasSuffix(prompt.Text, "\t") {
		t.Errorf("the prompt %q ends in white space", prompt.Text)
	}
	want := persona
	want.Description = normal(p.description)
	want.Examples = nil
	for _, example := range append(p.examples, append(p.turns[:len(p.turns):len(p.turns)], assistant.Turn{User: p.text, Reply: p.prefill})) {
		var dialogue assistant.Transcript
		for _, turn := range example {
			dialogue = append(dialogue, assistant.Turn{User: normal(turn.User), Reply: normal(turn.Reply)})
		}
		want.Examples = append(want.Examples, dialogue)
	}
	got := persona
	got.Description, got.Examples = oracleFor(persona).read(t, prompt.Text)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("read back (-want +got):\n%s\nfrom\n%s", diff, prompt.Text)
	}
	parts, err := c.Parts(t.Context(), p.text, prefilled)
	joined := ""
	for _, part := range parts {
		joined += part.Text
	}
	if err != nil || joined != prompt.Text {
		t.Fatalf("the parts are %q, %v; the prompt is %q", joined, err, prompt.Text)
	}
	// A model that goes on with the page's own marks is stopped by them.
	stops := prompt.Stop
	for _, turn := range want.Examples[len(want.Examples)-1] {
		if turn.User == "" {
			continue
		}
		next := c
		next.Transcript = append(next.Transcript[:len(next.Transcript):len(next.Transcript)], assistant.Turn{User: p.text, Reply: "b"})
		longer, err := next.Prompt(t.Context(), p.text, prefilled)
		if err != nil {
			t.Fatal(err)
		}
		open, _ := c.Prompt(t.Context(), p.text, prefilled)
		if p.prefill == "" {
			rest, ok := strings.CutPrefix(longer.Text, open.Text)
			if !ok {
				t.Fatalf("the next prompt\n%s\ndoes not go on from\n%s", longer.Text, open.Text)
			}
			if before, _ := sampling.Cut(rest, stops); strings.TrimSpace(before) != "b" {
				t.Fatalf("%q is cut by %q to %q", rest, stops, before)
			}
		}
		break
	}
}

// refusable says whether p has something that is documented to be refused.
func refusable(p page, bad *assistant.ValueError) bool {
	all := []string{p.description, p.prefill}
	if normal(p.text) == "" {
		return true
	}
	for _, example := range append(p.examples, p.turns, assistant.Transcript{{User: p.text}}) {
		for i, turn := range example {
			all = append(all, turn.User, turn.Reply)
			if strings.HasPrefix(bad.Where, "example") && (normal(turn.Reply) == "" || i > 0 && normal(turn.User) == "") {
				return true
			}
		}
	}
	said := strings.Join(all, "")
	return strings.Contains(said, "\x00") || !utf8.ValidString(said)
}

// TestPagesExhaustively runs the same check over all short combinations, so that
// the property holds on machines that never fuzz.
func TestPagesExhaustively(t *testing.T) {
	var texts []string
	for a := range pieces {
		texts = append(texts, dense([]byte{byte(a)}))
		for b := range pieces {
			texts = append(texts, dense([]byte{byte(a), byte(b)}))
		}
	}
	step := 7
	if long {
		step = 1
	}
	for i := 0; i < len(texts); i += step {
		text, layout := texts[i], layouts[i%len(layouts)]
		other, third := texts[(i*7+3)%len(texts)], texts[(i*11+5)%len(texts)]
		checkPage(t, layout, names[i%len(names)], page{text: text, turns: assistant.Transcript{{User: other, Reply: third}}})
		checkPage(t, layouts[(i+1)%len(layouts)], names[(i/3)%len(names)], page{
			description: third, text: "a", prefill: text,
			examples: []assistant.Transcript{{{User: "a", Reply: "a" + text}}, {{User: text + "a", Reply: "a" + other}}},
			turns:    assistant.Transcript{{User: "a", Reply: text}, {User: text, Reply: other}},
		})
	}
}
