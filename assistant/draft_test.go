package assistant_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/assistant"
)

func TestDraftPrompt(t *testing.T) {
	golden(t, "draft-prompt.txt", assistant.DraftPrompt("  a patient gardener who answers questions about vegetables BRIEF %s\n"))
}

// The same two dialogues in many dresses. All of them are the persona below.
func TestParseDraft(t *testing.T) {
	two := func(user, name string) assistant.Persona {
		return assistant.Persona{
			Description: "A conversation with a gardener.\n\nShe is patient.", User: user, Name: name,
			Examples: []assistant.Transcript{
				{{User: "When do I sow beans?", Reply: "After the last frost.\n\nNot before:\n\n- beans\n- maize"}, {User: "How deep?", Reply: "Three centimetres."}},
				{{User: "What is this weed?", Reply: "I don't know. Note: a photograph would help."}},
			},
		}
	}
	// dress lays the two dialogues out with what stands before each text, and
	// what between the dialogues.
	dress := func(user, name, between string) string {
		return "A conversation with a gardener.\n\nShe is patient.\n\n" +
			user + "When do I sow beans?\n\n" + name + "After the last frost.\n\nNot before:\n\n- beans\n- maize\n\n" +
			user + "How deep?\n\n" + name + "Three centimetres.\n" + between +
			user + "What is this weed?\n\n" + name + "I don't know. Note: a photograph would help.\n"
	}
	for _, test := range []struct {
		name, draft string
		want        assistant.Persona
	}{
		{"as asked for", dress("Human: ", "Assistant: ", "\n-----\n\n"), two("", "")},
		{"other words", dress("User: ", "AI: ", "\n-----\n\n"), two("User", "AI")},
		{"names", dress("Visitor: ", "Rosa the Gardener: ", "\n* * *\n\n"), two("Visitor", "Rosa the Gardener")},
		{"letters", dress("Q: ", "A: ", "\n===\n\n"), two("Q", "A")},
		{"bold", dress("**Human:** ", "**Assistant:** ", "\n---\n\n"), two("", "")},
		{"bold without the colon", dress("**Human**: ", "**Assistant**: ", "\n***\n\n"), two("", "")},
		{"brackets", dress("[Human]: ", "[Assistant]: ", "\n\n___\n\n"), two("", "")},
		{"tags", dress("<Human>: ", "<Assistant>: ", "\n—————\n\n"), two("", "")},
		{"headings", dress("### Human:\n", "### Assistant:\n", "\n-----\n\n"), two("", "")},
		{"headings without colons", dress("### Human\n\n", "### Assistant\n\n", "\n-----\n\n"), two("", "")},
		{"bold headings", dress("## **Human**\n", "## **Assistant**\n", "\n-----\n\n"), two("", "")},
		{"bold lines", dress("**Human**\n", "**Assistant**\n", "\n-----\n\n"), two("", "")},
		{"quoted", dress("> Human: ", "> Assistant: ", "\n-----\n\n"), two("", "")},
		{"listed", dress("1. Human: ", "2. Assistant: ", "\n-----\n\n"), two("", "")},
		{"numbered", dress("Human 1: ", "Assistant 1: ", "\n-----\n\n"), two("", "")},
		{"indented", dress("  Human: ", "  Assistant: ", "\n  -----\n\n"), two("", "")},
		{"no space", dress("Human:", "Assistant:", "\n-----\n\n"), two("", "")},
		{"on its own line", dress("Human:\n", "Assistant:\n", "\n-----\n\n"), two("", "")},
		{"in capitals", dress("HUMAN: ", "ASSISTANT: ", "\n-----\n\n"), two("HUMAN", "ASSISTANT")},
		{"fullwidth", dress("客：", "园丁：", "\n-----\n\n"), two("客", "园丁")},
		{"with accents", dress("Gärtnerin Élise: ", "Œuvrière: ", "\n-----\n\n"), two("Gärtnerin Élise", "Œuvrière")},
		{"with dashes", dress("Human - ", "Assistant - ", "\n-----\n\n"), two("", "")},
		{"with long dashes", dress("Human — ", "**Assistant** — ", "\n-----\n\n"), two("", "")},
		{"listed, with dashes", dress("1. You - ", "2. Bot - ", "\n-----\n\n"), two("You", "Bot")},
		{"brackets without a colon", dress("[Human] ", "[Assistant] ", "\n-----\n\n"), two("", "")},
		{"tokens of a chat model", dress("<|user|>\n", "<|assistant|>\n", "\n-----\n\n"), two("user", "assistant")},
		{"with asides", dress("Human (after a while): ", "Assistant (kindly): ", "\n-----\n\n"), two("", "")},
		{"parted by headings", dress("Human: ", "Assistant: ", "\n## Example 2: a weed\n\n"), two("", "")},
		{"parted by bold headings", dress("Human: ", "Assistant: ", "\n**Dialogue Two**\n\n"), two("", "")},
		{"parted by both", dress("Human: ", "Assistant: ", "\n---\n\n### Conversation 2\n\nIn this one she does not know.\n\n"), two("", "")},
		{"with CRLF", strings.ReplaceAll(dress("Human: ", "Assistant: ", "\n-----\n\n"), "\n", "\r\n"), two("", "")},
		{"in a fence", "Sure! Here is the document:\n\n```text\n" + dress("Human: ", "Assistant: ", "\n-----\n\n") + "```\n\nLet me know if I should change anything.", two("", "")},
		{"in a fence that was cut off", "```\n" + dress("Human: ", "Assistant: ", "\n-----\n\n"), two("", "")},
		{"behind a remark", "Certainly! Here is a draft for you:\n\n---\n\n" + dress("Human: ", "Assistant: ", "\n-----\n\n"), two("", "")},
		{"before a remark", dress("Human: ", "Assistant: ", "\n-----\n\n") + "\n---\n\nFeel free to change the names.", two("", "")},
		{"under captions", "**Description:**\n\n" + strings.Replace(dress("Human: ", "Assistant: ", "\n-----\n\n"), "patient.\n\n", "patient.\n\n-----\n\n## Example 1\n\n", 1), two("", "")},
		{"under a heading and a rule", strings.Replace(dress("Human: ", "Assistant: ", "\n-----\n\n"), "patient.\n\n", "patient.\n\n## Example 1\n\n-----\n\n", 1), two("", "")},
		{"with a question left open", dress("Human: ", "Assistant: ", "\n-----\n\n") + "\n-----\n\nHuman: {question}\n\nAssistant:", two("", "")},
		{"a label left open", dress("Human: ", "Assistant: ", "\n-----\n\n") + "\nHuman:", two("", "")},
	} {
		got, err := assistant.ParseDraft(test.draft)
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", test.name, err, diff)
		}
	}
}

func TestParseOtherDrafts(t *testing.T) {
	for _, test := range []struct {
		name, draft string
		want        assistant.Persona
	}{
		{"after URIAL", "# Instruction\n\nBelow are queries.\n\n# Query:\n```\nHi\n```\n\n# Answer:\n```\nHello\n```\n\n# Query:\n```\nCode?\n```\n\n# Answer:\n````\n```go\nf()\n# Answer: none\n```\n````\n",
			assistant.Persona{Description: "# Instruction\n\nBelow are queries.", User: "Query", Name: "Answer", Examples: []assistant.Transcript{{{User: "Hi", Reply: "Hello"}, {User: "Code?", Reply: "```go\nf()\n# Answer: none\n```"}}}}},
		{"code with labels in it", "Human: Show me a transcript.\n\nAssistant: Here:\n\n```\nHuman: a\nAssistant: b\n-----\n```\n\nHuman: Thanks.\n\nAssistant: Gladly.",
			assistant.Persona{Examples: []assistant.Transcript{{{User: "Show me a transcript.", Reply: "Here:\n\n```\nHuman: a\nAssistant: b\n-----\n```"}, {User: "Thanks.", Reply: "Gladly."}}}}},
		{"code that is indented", "Human: Show me a transcript.\n\nAssistant: Here:\n\n  ```\nHuman: a\nAssistant: b\n  ```\n\nHuman: Thanks.\n\nAssistant: Gladly.",
			assistant.Persona{Examples: []assistant.Transcript{{{User: "Show me a transcript.", Reply: "Here:\n\n  ```\nHuman: a\nAssistant: b\n  ```"}, {User: "Thanks.", Reply: "Gladly."}}}}},
		{"a rule with no empty line before it parts nothing", "Human: a\nAssistant: Title\n-----\nText\n-----\nHuman: c\nAssistant: d",
			assistant.Persona{Examples: []assistant.Transcript{{{User: "a", Reply: "Title\n-----\nText"}, {User: "c", Reply: "d"}}}}},
		{"labels that are underlined", "Human:\n------\na\n\nAssistant:\n----------\nb\n\nHuman:\n------\nc\n\nAssistant:\n----------\nd",
			assistant.Persona{Examples: []assistant.Transcript{{{User: "a", Reply: "b"}, {User: "c", Reply: "d"}}}}},
		{"a caption with nothing under it", "## Persona\n\nHuman: a\nAssistant: b\nHuman: c\nAssistant: d",
			assistant.Persona{Examples: []assistant.Transcript{{{User: "a", Reply: "b"}, {User: "c", Reply: "d"}}}}},
		{"a greeting", "A shop.\n\nAssistant: Welcome!\n\nHuman: Do you have lamps?\n\nAssistant: We do.\n\nHuman: Good.\n\nAssistant: Indeed.",
			assistant.Persona{Description: "A shop.", Examples: []assistant.Transcript{{{Reply: "Welcome!"}, {User: "Do you have lamps?", Reply: "We do."}, {User: "Good.", Reply: "Indeed."}}}}},
		{"two texts in a row", "You: a\nYou: b\nBot: c\nBot: d\nYou: e\nBot: f",
			assistant.Persona{User: "You", Name: "Bot", Examples: []assistant.Transcript{{{User: "a\n\nb", Reply: "c\n\nd"}, {User: "e", Reply: "f"}}}}},
		{"other labels about", "Title: The Desk\nDate: 3 May\nTone: calm\n\nGuest: Is breakfast served?\nDesk: Until ten.\nGuest: And dinner?\nDesk: From six.",
			assistant.Persona{Description: "Title: The Desk\nDate: 3 May\nTone: calm", User: "Guest", Name: "Desk", Examples: []assistant.Transcript{{{User: "Is breakfast served?", Reply: "Until ten."}, {User: "And dinner?", Reply: "From six."}}}}},
		{"tags around the texts", "A gardener.\n\n<human>When?</human>\n<assistant>Now:\n\n- beans</assistant>\n\n<human>Sure?</human>\n<assistant>Yes.</assistant>",
			assistant.Persona{Description: "A gardener.", User: "human", Name: "assistant", Examples: []assistant.Transcript{{{User: "When?", Reply: "Now:\n\n- beans"}, {User: "Sure?", Reply: "Yes."}}}}},
		{"tags on lines of their own", "<guest>\nWhen?\n</guest>\n<desk>\nNow.\n</desk>\n\n-----\n\n<guest>\nSure?\n</guest>\n<desk>\nYes.\n</desk>\n",
			assistant.Persona{User: "guest", Name: "desk", Examples: []assistant.Transcript{{{User: "When?", Reply: "Now."}}, {{User: "Sure?", Reply: "Yes."}}}}},
		{"one exchange between names that are known", "Q: What is two and two?\nA: Four.",
			assistant.Persona{User: "Q", Name: "A", Examples: []assistant.Transcript{{{User: "What is two and two?", Reply: "Four."}}}}},
	} {
		got, err := assistant.ParseDraft(test.draft)
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", test.name, err, diff)
		}
	}
	for _, draft := range []string{
		"", "I'm sorry, but I can't help with that.", "Note: this is a note.\nWarning: hot.", "Human: only one side\n\nHuman: speaks", "```\n```", "Human:\n\nAssistant:\n\nHuman:\n\nAssistant:",
		"Human: a\x00\nAssistant: b\nHuman: a\nAssistant: b", "\xff", strings.Repeat("a: ", 1000), strings.Repeat("#", 10000), strings.Repeat("a\n", 10000),
	} {
		p, err := assistant.ParseDraft(draft)
		var bad *assistant.DraftError
		if !errors.As(err, &bad) || bad.Text != draft {
			t.Errorf("%.40q: %v, %+v", draft, err, p)
		}
	}
}

// What WriteText writes, without its head, is a draft too.
func TestDraftOfHelpful(t *testing.T) {
	want := assistant.Helpful()
	for layout := range assistant.Layout(3) {
		p := want
		p.Layout, p.User, p.Name = layout, "Human", "Assistant"
		var text strings.Builder
		if err := p.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		_, page, _ := strings.Cut(text.String(), "\n\n")
		got, err := assistant.ParseDraft(page)
		if layout != assistant.Dashes { // the others part dialogues by empty lines alone
			got.Examples = []assistant.Transcript{got.Examples[0][:3], got.Examples[0][3:]}
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v: %v (-want +got)\n%s", layout, err, diff)
		}
	}
}

func TestDraft(t *testing.T) {
	var asked string
	ask := func(ctx context.Context, prompt string) (string, error) {
		asked = prompt
		return "A guide.\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: d", nil
	}
	p, err := assistant.Draft(t.Context(), ask, "a guide to the town")
	if err != nil || p.Description != "A guide." || len(p.Examples) != 1 || asked != assistant.DraftPrompt("a guide to the town") {
		t.Errorf("%+v, %v", p, err)
	}
	down := errors.New("down")
	if _, err := assistant.Draft(t.Context(), func(context.Context, string) (string, error) { return "", down }, "a"); !errors.Is(err, down) {
		t.Error(err)
	}
	if _, err := assistant.Draft(t.Context(), ask, " \n"); err == nil || !strings.Contains(err.Error(), "brief is empty") {
		t.Error(err)
	}
}

// A megabyte of labels is read in a few passes over it.
func TestParseHugeDraft(t *testing.T) {
	n := 1 << 20
	if testing.Short() {
		n = 1 << 16
	}
	for _, test := range []struct {
		text  string
		turns int
	}{
		{strings.Repeat("Human: a\n", n/9) + "Assistant: b\nHuman: c\nAssistant: d", 2},
		{"Human: a\n" + strings.Repeat("Assistant: b\n", n/13) + "Human: c\nAssistant: d", 2},
		{strings.Repeat("Human: a\nAssistant: b\n", n/22), n / 22},
		{strings.Repeat("```\n", n/8*2) + "Human: a\nAssistant: b\nHuman: c\nAssistant: d", 2},
	} {
		p, err := assistant.ParseDraft(test.text)
		if err != nil || len(p.Examples) != 1 || len(p.Examples[0]) != test.turns {
			t.Errorf("%.20q: %v, %d examples", test.text, err, len(p.Examples))
		}
	}
}

// FuzzParseDraft checks that no text makes the reader fail in any other way than
// by an error, and that what it returns can stand in a prompt.
func FuzzParseDraft(f *testing.F) {
	f.Add([]byte{3, 0, 2, 4, 0, 2, 3, 0, 2, 4, 0}, "")
	f.Add([]byte{40, 0, 41, 0, 7}, "**Q:** a\n\n**A:** b\n---\n## Example 2\n**Q:** c\n**A:** d")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		for _, draft := range []string{text, dense(data), dense(data) + text} {
			p, err := assistant.ParseDraft(draft)
			if err != nil {
				continue
			}
			c := assistant.Conversation{Persona: p}
			if _, err := c.Prompt(t.Context(), "a", assistant.ReplyOptions{}); err != nil {
				t.Fatalf("%q gives %+v: %v", draft, p, err)
			}
		}
	})
}
