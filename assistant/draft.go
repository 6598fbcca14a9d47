package assistant

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

const (
	draftBegin = userKey + " Human"
	draftEnd   = rule
)

const draftRequest = `I need your help with a prompt. I have no chat model at hand, only a base LLM: it was trained to complete documents and never to follow instructions. It goes on with whatever text it is given, so the text has to be one in which a good answer is the natural next thing.

Please write that document for an assistant of this kind:

BRIEF

Make it look a bit like a page that somebody might have found on the web:

1. Begin with these two lines and an empty line:
user: Human
name: Assistant
2. Go on with a brief description, two to four sentences in the third person, of who the Assistant is, how it talks, and what it does when it does not know something. Describe it; do not address it and do not give orders.
3. Go on with a few-shot prompt in which a Human and the Assistant take turns. Write three separate dialogues, each followed by a line of five dashes. At least one of them has three turns or more, in which the Human's later questions only make sense together with the earlier ones. In one of them the Assistant says that it does not know.
4. Begin each of the Human's texts with "Human:" and each of the Assistant's with "Assistant:", both at the start of a line and without any markup, with an empty line between them. Use these two words as labels for nothing else. Begin no other line with a word and a colon.
5. Get the facts right, vary the length of the answers, and write all of it in the language of the description above.
6. End with a line of five dashes. No title, no comments before or after, no code fence around it.
`

// Draft has an instruction-tuned model write the persona that brief describes, such as "a
// patient gardener who answers questions about vegetables". ask sends a prompt to that
// model. Draft reads the page in the answer with [ReadPersona]. If it cannot, it asks
// once more and includes the error. The second error is a [*ValueError] whose Line counts
// from the first line of the page.
func Draft(ctx context.Context, ask func(ctx context.Context, prompt string) (string, error), brief string) (Persona, error) {
	if strings.TrimSpace(brief) == "" {
		return Persona{}, &ValueError{Where: "brief", Err: errors.New(`is empty; describe the assistant, such as "a patient gardener"`)}
	}
	request := strings.Replace(draftRequest, "BRIEF", strings.TrimSpace(brief), 1)
	prompt := request
	for first := true; ; first = false {
		answer, err := ask(ctx, prompt)
		if err != nil {
			return Persona{}, fmt.Errorf("assistant: asking for a draft: %w", err)
		}
		p, err := readDraft(answer)
		if err == nil || !first {
			return p, err
		}
		prompt = fmt.Sprintf("%s\nYou answered so already, and a program could not read it (%v):\n\n%s\n\nPlease write the whole document again, without that mistake.\n", request, err, answer)
	}
}

// readDraft reads the page in an answer, which may have remarks before and after it.
func readDraft(answer string) (Persona, error) {
	lines := strings.Split(lineEnds(answer), "\n")
	begin, end := -1, -1
	for i, line := range lines {
		switch strings.TrimSpace(line) {
		case draftBegin:
			if begin < 0 {
				begin = i
			}
		case draftEnd:
			end = i
		}
	}
	if begin < 0 || end < begin {
		return Persona{}, &ValueError{Where: "draft", Err: fmt.Errorf("has no page from a line %q to a line %q; it begins %q", draftBegin, draftEnd, shorten(strings.TrimSpace(answer), 80))}
	}
	p, err := ReadPersona(strings.NewReader(strings.Join(lines[begin:end+1], "\n")))
	if bad := (*ValueError)(nil); errors.As(err, &bad) {
		bad.Where = "draft"
	}
	return p, err
}
