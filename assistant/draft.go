package assistant

import (
	"context"
	_ "embed" // the request
	"errors"
	"fmt"
	"strings"
)

const (
	draftBegin = "user: Human"
	draftEnd   = rule
)

//go:embed draft.txt
var draftRequest string

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
	if bad, ok := errors.AsType[*ValueError](err); ok {
		bad.Where = "draft"
	}
	return p, err
}
