package assistant_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
)

// personas are those that files have to carry.
func personas() map[string]assistant.Persona {
	all := map[string]assistant.Persona{
		"helpful": assistant.Helpful(),
		"zero":    {},
		"described": {Description: "layout: dialogue\n\nA page that begins like a head.\nTitle: none\n\\Human: no\n-----", User: "Gast", Name: "Gärtner",
			Examples: []assistant.Transcript{{{Reply: "Grüß Gott!"}, {User: "Gast: hallo", Reply: "a\n\nb"}}}},
		"braces": {Description: "{ this is not JSON", Examples: []assistant.Transcript{{{User: "a", Reply: "b"}}}},
	}
	for _, layout := range layouts {
		p := forger(layout).Persona
		all[string(layout)] = p
	}
	return all
}

// A persona is read back as it was written, also by an editor that changes line
// ends or puts a byte order mark in front.
func TestPersonaFiles(t *testing.T) {
	for name, p := range personas() {
		var text bytes.Buffer
		if err := p.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		file := text.String()
		for kind, file := range map[string]string{"text": file, "text with CRLF": strings.ReplaceAll(file, "\n", "\r\n"), "text with a BOM": "\ufeff" + file, "text after empty lines": "\n \n" + file} {
			back, err := assistant.ReadPersona(strings.NewReader(file))
			if diff := cmp.Diff(p, back); err != nil || diff != "" {
				t.Errorf("%s from %s: %v\n%s\n%s", name, kind, err, diff, file)
			}
		}
	}
}

func TestPersonaJSON(t *testing.T) {
	p := assistant.Persona{Description: "A <b> & c.", Layout: assistant.Headings, Name: "Gardener", Examples: []assistant.Transcript{{{User: "a", Reply: "b"}}}}
	got, err := json.Marshal(&p)
	if want := `{"description":"A \u003cb\u003e \u0026 c.","examples":[[{"user":"a","reply":"b"}]],"layout":"headings","name":"Gardener"}`; err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}

// Anybody can write a persona in an editor.
func TestPersonaByHand(t *testing.T) {
	olga := []assistant.Transcript{{{User: "Hi", Reply: "Hello."}, {User: "Who are you?", Reply: "Olga."}}}
	for _, test := range []struct {
		name, file string
		want       assistant.Persona
	}{
		{"two names", "user: Visitor\nname: Olga\n\nOlga keeps the desk.\n\nVisitor: Hi\n\nOlga: Hello.\n\nVisitor: Who are you?\n\nOlga: Olga.\n",
			assistant.Persona{Description: "Olga keeps the desk.", User: "Visitor", Name: "Olga", Examples: olga}},
		{"another order, no empty lines, no line break at the end", "name:Olga\nuser:  Visitor\nVisitor: Hi", assistant.Persona{}},
		{"another order, few empty lines", "name:Olga\nuser:  Visitor \n\nVisitor: Hi\nOlga: Hello.\nVisitor:Who are you?\nOlga:\nOlga.",
			assistant.Persona{User: "Visitor", Name: "Olga", Examples: olga}},
		{"one name", "name: Olga\n\nHuman: Hi\nOlga: Hello.\nHuman: Who are you?\nOlga: Olga.", assistant.Persona{Name: "Olga", Examples: olga}},
		{"empty values", "layout:\nuser:\nname:\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: Who are you?\n\nAssistant: Olga.", assistant.Persona{Examples: olga}},
		{"no head", "A conversation with a gardener.\nIt is spring.\n\n\n\nHuman:    When do I sow beans?\nAssistant:After the last frost.\n\n  Not before.  \n\n\n\n-----\nHuman: And peas?\n\n\n\n\nAssistant: Now.\n\nHuman: Beets?\n\nAssistant: Too.\n\n\n",
			assistant.Persona{Description: "A conversation with a gardener.\nIt is spring.", Examples: []assistant.Transcript{
				{{User: "When do I sow beans?", Reply: "After the last frost.\n\n  Not before."}}, {{User: "And peas?", Reply: "Now."}, {User: "Beets?", Reply: "Too."}}}}},
		{"a layout", "layout: headings\nuser: Guest\n\nGuest: hi\nAnswer: hello\n", assistant.Persona{Layout: assistant.Headings, User: "Guest", Examples: []assistant.Transcript{{{User: "hi", Reply: "hello"}}}}},
		{"rules", "layout: dashes\n\nDialogues.\n\n-----\nHuman: a\nAssistant: b\n-----\n----- \n\nHuman: c\nAssistant: d\n\n\n\n\nHuman: e\nAssistant: f\n-----",
			assistant.Persona{Layout: assistant.Dashes, Description: "Dialogues.", Examples: []assistant.Transcript{{{User: "a", Reply: "b"}}, {{User: "c", Reply: "d"}, {User: "e", Reply: "f"}}}}},
		{"a greeting", "Assistant: Welcome!\nHuman: a\nAssistant: b", assistant.Persona{Examples: []assistant.Transcript{{{Reply: "Welcome!"}, {User: "a", Reply: "b"}}}}},
		{"no dialogues", "name: Olga\n\nA gardener.\n\nIt is spring.\n\n-----\n", assistant.Persona{Name: "Olga", Description: "A gardener.\n\nIt is spring."}},
		{"no head and no dialogues", "A gardener.\n-----", assistant.Persona{Description: "A gardener."}},
		{"text that looks like labels", "\\Title: The Desk\n\nHuman: Note: a\n\\Human: b\nAssistant: c\n\\-----\n\\\\Bot: d\n\\d\nIngredients:\n- salt: much\n    x: int = 3\nhttps://a.b",
			assistant.Persona{Description: "Title: The Desk", Examples: []assistant.Transcript{{{User: "Note: a\nHuman: b", Reply: "c\n-----\n\\Bot: d\n\\d\nIngredients:\n- salt: much\n    x: int = 3\nhttps://a.b"}}}}},
	} {
		got, err := assistant.ReadPersona(strings.NewReader(test.file))
		if test.want.Description == "" && test.want.Examples == nil {
			if err == nil {
				t.Errorf("%s is read as %+v", test.name, got)
			}
			continue
		}
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", test.name, err, diff)
		}
	}
}

func TestBadPersonaFiles(t *testing.T) {
	const gardener = "user: Visitor\nname: Olga\n\nA gardener.\n\nVisitor: a\n\nOlga: b\n\n"
	for _, test := range []struct {
		file string
		line int
	}{
		// files in another form, which are not descriptions
		{"", 1},
		{"A gardener who is patient.\n", 1},
		{"\n\nname: Olga\n\nA gardener.\n", 3},
		{"A gardener.\n\nVisitor: a\n\nOlga: b\n", 3},
		{"User: Visitor\nName: Olga\n\nVisitor: a\n\nOlga: b\n", 1},
		{"user: Visitor\nname: Olga\n\nQ: a\n\nA: b\n", 4},
		{"user: Visitor\nname: Olga\n\n**Visitor:** a\n\n**Olga:** b\n", 4},
		{"user: Visitor\nname: Olga\n\n### Visitor\n\na\n\n### Olga\n\nb\n", 1},
		{"user: Visitor\nname: Olga\n\nvisitor: a\n\nolga: b\n", 4},
		{"user: Visitor\nname: Olga\n\n  Visitor: a\n\n  Olga: b\n", 4},
		{"user: Visitor\nname: Olga\n\n> Visitor: a\n>\n> Olga: b\n", 4},
		{"<visitor>a</visitor>\n<olga>b</olga>\n", 1},
		{"Visitor - a\nOlga - b\n", 1},
		{`{"description": "a"}`, 1},
		{"description: a\nexamples:\n- user: a\n", 1},
		{"```\n" + gardener + "```\n", 2},
		// labels of others among right ones
		{gardener + "Vistor: c\n\nOlga: d", 10},
		{gardener + "Visitor: c\n\nOgla: d", 12},
		{gardener + "Human: c\n\nAssistant: d", 10},
		{gardener + "**Human:** c\n\n**Assistant:** d", 10},
		{gardener + "VISITOR： c", 10},
		{gardener + "------\n\nVisitor: c\n\nOlga: d", 10},
		// dialogues with a hole
		{gardener + "Visitor: c\n\nVisitor: d\n\nOlga: e", 12},
		{gardener + "Visitor: c", 10},
		{gardener + "Visitor: c\n\nOlga:\n", 12},
		{gardener + "Visitor:\n\nOlga: d\n", 10},
		{gardener + "Visitor: c\n-----\nOlga: d\n", 11},
		{gardener + "Olga: c", 10},
		{gardener + "-----\nExample 2\n\nVisitor: a\nOlga: b", 11},
		// heads
		{"layout: poem\n\nA.", 1},
		{"layout: dashes\ncolour: red\n\nA.", 2},
		{"name: Olga\nname: Olga\n\nA.", 2},
		{"name:\nname: Olga\n\nA.\n-----", 2},
		{"name: Olga\nHuman: a\nOlga: b", 2},
		{"name: Olga\na" + strings.Repeat("é", 30), 2},
		{"layout: dashes\nname: a: b\n\nA.", 2},
		{"\nuser: --\nname: Olga\n\nA.", 2},
		{"layout: dashes\nname: HUMAN\n\nA.", 1},
		// text that no prompt may have
		{"a\x00b", 1},
		{"a\r\rb\r\nc\xff", 4},
	} {
		p, err := assistant.ReadPersona(strings.NewReader(test.file))
		var bad *assistant.ValueError
		if !errors.As(err, &bad) || !errors.Is(err, sampling.ErrInvalid) || bad.Where != "persona" || bad.Line != test.line || strings.Contains(err.Error(), `\x`) {
			t.Errorf("%q: %v, %+v; want line %d", test.file, err, p, test.line)
		}
	}
	torn := errors.New("torn")
	if _, err := assistant.ReadPersona(iotest.ErrReader(torn)); !errors.Is(err, torn) || errors.Is(err, sampling.ErrInvalid) {
		t.Error(err)
	}
	bad := assistant.Persona{Name: "Human"}
	if err := bad.WriteText(new(bytes.Buffer)); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("wrote a persona that is wrong: %v", err)
	}
	for _, p := range personas() {
		if err := p.Validate(t.Context(), sampling.Model{}); err != nil {
			t.Error(err)
		}
	}
}

// Long files of any kind are read in a few passes over them. Quadratic time would take
// minutes.
func TestHugePersonaFiles(t *testing.T) {
	const n = 1 << 18
	for _, test := range []struct {
		file  string
		turns int // 0 is an error
	}{
		{strings.Repeat("Human: a\nAssistant: b\n", n/22), n / 22},
		{"Human: a\nAssistant: b" + strings.Repeat("\nb", n/2), 1},
		{strings.Repeat("Human: a\n", n/9), 0},
		{strings.Repeat(`\`, n) + "a: b\nHuman: a\nAssistant: b", 1},
		{strings.Repeat("a ", n/2) + ": b\nHuman: a\nAssistant: b", 1},
		{strings.Repeat("*", n) + "Human: a", 0},
		{strings.Repeat("\n", n) + "-----", 0},
	} {
		p, err := assistant.ReadPersona(strings.NewReader(test.file))
		if turns := len(slices.Concat(p.Examples...)); turns != test.turns && err == nil || (err != nil) != (test.turns == 0 && !strings.HasSuffix(test.file, "-----")) {
			t.Errorf("%.20q: %d turns, %v", test.file, turns, err)
		}
	}
}

// FuzzPersonaFile checks that a persona survives its plain-text file, and that no
// file makes the reader fail in any other way than by an error.
func FuzzPersonaFile(f *testing.F) {
	for layout := range uint8(len(layouts)) {
		f.Add(layout, uint8(0), []byte{0, 255, 0, 255, 0, 255, 0, 255, 0, 254, 0, 255, 0, 254}, "layout: headings\n\nQuery: a\n\\b: c\nAnswer: d")
	}
	f.Fuzz(func(t *testing.T, layout, name uint8, data []byte, file string) {
		if p, err := assistant.ReadPersona(strings.NewReader(file)); err == nil {
			if err := p.Validate(t.Context(), sampling.Model{}); err != nil {
				t.Fatalf("read a persona that is wrong: %v", err)
			}
		}
		page, names := pageOf(data), names[int(name)%len(names)]
		p := assistant.Persona{Description: page.description, Examples: page.examples, Layout: layouts[layout%3], User: names[0], Name: names[1]}
		var text bytes.Buffer
		if p.WriteText(&text) != nil {
			return
		}
		back, err := assistant.ReadPersona(&text)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text.String())
		}
		if back.Description != normal(p.Description) || len(back.Examples) != len(p.Examples) {
			t.Fatalf("description %q and %d examples came back as %q and %d", p.Description, len(p.Examples), back.Description, len(back.Examples))
		}
		for i, example := range p.Examples {
			for j, turn := range example {
				if want := (assistant.Turn{User: normal(turn.User), Reply: normal(turn.Reply)}); back.Examples[i][j] != want {
					t.Fatalf("turn %+v came back as %+v", want, back.Examples[i][j])
				}
			}
		}
	})
}
