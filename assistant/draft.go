package assistant

import (
	"context"
	"fmt"
	"strings"
)

// DraftPrompt returns a request to an instruction-tuned model, or to a person,
// to write the page that puts a base model in the role that brief describes,
// such as "a patient gardener who answers questions about vegetables". What
// comes back is for [ParseDraft].
func DraftPrompt(brief string) string {
	return strings.Replace(draftRequest, "BRIEF", strings.TrimSpace(brief), 1)
}

const draftRequest = `I need your help with a prompt. I have no chat model at hand, only a base LLM: it was trained to complete documents and never to follow instructions. It goes on with whatever text it is given, so the text has to be one in which a good answer is the natural next thing.

Please write that document for an assistant of this kind:

BRIEF

Make it look a bit like a page that somebody might have found on the web:

1. Begin with a brief description, two to four sentences in the third person, of who the Assistant is, how it talks, and what it does when it does not know something. Describe it; do not address it and do not give orders.
2. Go on with a few-shot prompt in which a Human and the Assistant take turns. Write three separate dialogues, with a line of five dashes between one and the next. At least one of them has three turns or more, in which the Human's later questions only make sense together with the earlier ones. In one of them the Assistant says that it does not know.
3. Begin each of the Human's texts with "Human:" and each of the Assistant's with "Assistant:", both at the start of a line, with an empty line between them. Use these two words as labels for nothing else.
4. Get the facts right, vary the length of the answers, and write all of it in the language of the description above.
5. End with the last answer. No title for the whole, no comments before or after, no code fence around it.
`

// Draft has another model write a persona: it asks with [DraftPrompt] and reads
// the answer with [ParseDraft]. An answer that cannot be read is a
// [*DraftError], which has it as it came.
//
// ask may call anything that follows instructions. See the package's examples
// for one that calls a chat endpoint.
func Draft(ctx context.Context, ask func(ctx context.Context, prompt string) (string, error), brief string) (Persona, error) {
	if strings.TrimSpace(brief) == "" {
		return Persona{}, &ValueError{Where: "brief", Err: fmt.Errorf(`is empty; say what the assistant is to be, such as "a patient gardener"`)}
	}
	answer, err := ask(ctx, DraftPrompt(brief))
	if err != nil {
		return Persona{}, fmt.Errorf("assistant: asking for a draft: %w", err)
	}
	return ParseDraft(answer)
}

// A DraftError says that a text is no draft of a persona.
type DraftError struct {
	Text string // as it came
	Err  error
}

// Error says what is missing and how the text begins.
func (e *DraftError) Error() string {
	return fmt.Sprintf("assistant: the draft %v; it begins %q", e.Err, shorten(strings.TrimSpace(e.Text), 80))
}

// Unwrap returns what is missing.
func (e *DraftError) Unwrap() error { return e.Err }
