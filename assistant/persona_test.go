package assistant_test

import (
	"bytes"
	"encoding/json"
	"errors"
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
		"described": {Description: "layout: dialogue\n\nA page that begins like a head.", User: "Gast", Name: "Gärtner",
			Examples: []assistant.Transcript{{{Reply: "Grüß Gott!"}, {User: "Gast: hallo", Reply: "a\n\nb"}}}},
		"braces": {Description: "{ this is no JSON", Examples: []assistant.Transcript{{{User: "a", Reply: "b"}}}},
	}
	for layout := range assistant.Layout(3) {
		p := forger(layout).Persona
		all[layout.String()] = p
	}
	return all
}

func TestPersonaFiles(t *testing.T) {
	for name, p := range personas() {
		var text, asJSON bytes.Buffer
		if err := p.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		if err := p.WriteJSON(&asJSON); err != nil {
			t.Fatal(err)
		}
		back, err := assistant.ReadPersona(&asJSON)
		if diff := cmp.Diff(p, back); err != nil || diff != "" {
			t.Errorf("%s from JSON: %v\n%s", name, err, diff)
		}
		file := text.String()
		for kind, file := range map[string]string{"text": file, "text with CRLF": strings.ReplaceAll(file, "\n", "\r\n"), "text with a BOM": "\ufeff" + file} {
			back, err := assistant.ReadPersona(strings.NewReader(file))
			want := p // with the names written out
			if want.User == "" {
				want.User = map[bool]string{false: "Human", true: "Query"}[p.Layout == assistant.Headings]
			}
			if want.Name == "" {
				want.Name = map[bool]string{false: "Assistant", true: "Answer"}[p.Layout == assistant.Headings]
			}
			if diff := cmp.Diff(want, back); err != nil || diff != "" {
				t.Errorf("%s from %s: %v\n%s", name, kind, err, diff)
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
	if _, err := json.Marshal(assistant.Persona{Layout: 7}); err == nil {
		t.Error("wrote a layout that there is not")
	}
	if s := assistant.Layout(7).String(); s != "layout 7" {
		t.Error(s)
	}
}

// Anybody can write a persona in an editor.
func TestPersonaByHand(t *testing.T) {
	got, err := assistant.ReadPersona(strings.NewReader("A conversation with a gardener.\nIt is spring.\n\n\n\nHuman:    When do I sow beans?\nAssistant:After the last frost.\n\n  Not before.  \n\n\n\nHuman: And peas?\n\n\n\n\nAssistant: Now.\n\nHuman: Beets?\n\nAssistant: Too.\n\n\n"))
	want := assistant.Persona{
		Description: "A conversation with a gardener.\nIt is spring.",
		Examples: []assistant.Transcript{
			{{User: "When do I sow beans?", Reply: "After the last frost.\n\n  Not before."}},
			{{User: "And peas?", Reply: "Now."}, {User: "Beets?", Reply: "Too."}},
		},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	got, err = assistant.ReadPersona(strings.NewReader("layout: headings\nname:\nuser:Guest\n\n# Guest: \n\n````text\nhi\n````\n# Answer:\n````\nhello\n````\n"))
	want = assistant.Persona{Layout: assistant.Headings, User: "Guest", Examples: []assistant.Transcript{{{User: "hi", Reply: "hello"}}}}
	if err == nil {
		t.Errorf("a key without a space is read as %+v", got)
	}
	got, err = assistant.ReadPersona(strings.NewReader("layout: headings\nname:\nuser: Guest\n\n# Guest: \n\n````text\nhi\n````\n# Answer:\n````\nhello\n````\n"))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	got, err = assistant.ReadPersona(strings.NewReader("layout: dashes\n\nDialogues.\n\n-----\nHuman: a\nAssistant: b\n-----\n-----\n\nHuman: c\nAssistant: d\n\n\n\n\nHuman: e\nAssistant: f\n-----"))
	want = assistant.Persona{Layout: assistant.Dashes, Description: "Dialogues.", Examples: []assistant.Transcript{{{User: "a", Reply: "b"}}, {{User: "c", Reply: "d"}, {User: "e", Reply: "f"}}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

// A persona may be a description and nothing else.
func TestPersonaWithoutExamples(t *testing.T) {
	for layout := range assistant.Layout(3) {
		got, err := assistant.ReadPersona(strings.NewReader("layout: " + layout.String() + "\n\nA gardener.\n\nIt is spring.\n"))
		want := assistant.Persona{Layout: layout, Description: "A gardener.\n\nIt is spring."}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v: %v\n%s", layout, err, diff)
		}
	}
}

func TestBadPersonaFiles(t *testing.T) {
	for _, test := range []struct{ file, says string }{
		{"Human: a\n\nHuman: b\n\nAssistant: c", `line 3: "Human:" follows the text of line 1, which has no reply`},
		{"A.\n\nHuman: a", `line 3: the text behind "Human:" has no "Assistant:" after it`},
		{"Human: a\n\nAssistant:\n\nHuman: b\n\nAssistant: c", "example 1, turn 1 has no reply"},
		{"layout: poem\n\nA.", `unknown layout "poem"; the layouts are`},
		{"layout: dashes\ncolour: red\n\nA.", `line 2: "colour: red" is none of layout, user and name`},
		{"layout: dashes\nname: a: b\n\nA.", "has a colon"},
		{"layout: dashes\nname: HUMAN\n\nA.", "too much alike"},
		{"layout: dashes\n\nA.\n\n-----\nExample 1\n\nHuman: a\nAssistant: b", `line 8: "Example 1" stands between ----- and this line`},
		{"layout: headings\n\n# Query:\nhi\n", `line 4: "hi" stands outside of the fences`},
		{"layout: headings\n\n# Query:\n````\nhi\n````\n\n# Query:\n````\nhi\n````\n", `line 8: "# Query:" follows the text of line 3`},
		{"layout: headings\n\n# Query:\n# Answer:\n", `line 4: "# Answer:" stands where the text of "# Query:" should begin with a fence`},
		{"layout: headings\n\n# Query:\n````\nhi", `does not end with a fence`},
		{"layout: headings\n\n# Query:\n````\nhi\n````\n", `has no "# Answer:" after it`},
		{"layout: headings\n\n# Query:\n````\nhi\n````\n# Answer:\n", `does not end with a fence`},
		{"a\x00b", "persona has a NUL at byte 1"},
		{"a\xff", "persona is not valid UTF-8 at byte 1"},
		{"{\"description\": \"\xff\"}", "is not valid UTF-8"},
		{`{"description": "a"`, "JSON"},
		{`{"description": "a"} b`, "text follows"},
		{`{"descripton": "a"}`, "descripton"},
		{`{"layout": "poem"}`, `unknown layout "poem"`},
		{`{"examples": [[]]}`, "example 1 has no turns"},
		{`{"examples": [[{"user": "a", "answer": "b"}]]}`, "answer"},
		{`{"name": "Human"}`, "too much alike"},
	} {
		_, err := assistant.ReadPersona(strings.NewReader(test.file))
		if err == nil || !errors.Is(err, sampling.ErrInvalid) || !strings.Contains(err.Error(), test.says) || !strings.HasPrefix(err.Error(), "assistant: ") {
			t.Errorf("%q: %v; want %q", test.file, err, test.says)
		}
	}
	if _, err := assistant.ReadPersona(iotest.ErrReader(errors.New("torn"))); err == nil || !strings.Contains(err.Error(), "torn") {
		t.Error(err)
	}
	bad := assistant.Persona{Name: "Human"}
	if err := errors.Join(bad.WriteJSON(new(bytes.Buffer)), bad.WriteText(new(bytes.Buffer))); err == nil || strings.Count(err.Error(), "alike") != 2 {
		t.Errorf("wrote a persona that is wrong: %v", err)
	}
	for _, p := range personas() {
		if err := p.Validate(t.Context(), sampling.Model{}); err != nil {
			t.Error(err)
		}
	}
}

// FuzzPersonaFile checks that a persona survives its plain-text file, and that no
// file makes the reader fail in any other way than by an error.
func FuzzPersonaFile(f *testing.F) {
	for layout := range uint8(3) {
		f.Add(layout, uint8(0), []byte{0, 255, 0, 255, 0, 255, 0, 255, 0, 254, 0, 255, 0, 254}, "layout: headings\n\n# Query:\n````\na")
	}
	f.Fuzz(func(t *testing.T, layout, name uint8, data []byte, file string) {
		if p, err := assistant.ReadPersona(strings.NewReader(file)); err == nil {
			if err := p.Validate(t.Context(), sampling.Model{}); err != nil {
				t.Fatalf("read a persona that is wrong: %v", err)
			}
		}
		page, names := pageOf(data), names[int(name)%len(names)]
		p := assistant.Persona{Description: page.description, Examples: page.examples, Layout: assistant.Layout(layout % 3), User: names[0], Name: names[1]}
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
