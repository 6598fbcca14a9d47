package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

//go:embed data/questions.txt
var questionsText string

// questions are the users' first lines.
var questions = strings.Split(strings.TrimSpace(questionsText), "\n")

// talkTokens is the token limit of a reply.
const talkTokens = 40

// talk is part 7.
func talk(ctx context.Context, r *run) (*section, error) {
	s := &section{
		Title: "The assistant",
		Text: `Each question begins a conversation. Replies have at most 40 tokens. The first table compares a raw completion without stop sequences with the
library's reply to the same prompt. *Repeats a phrase* means that four words in a row occur three times. The second table compares
personas and layouts. In the third, the user's text forges a reply and a new turn that asks for a word. The model *obeys* if its reply has the word. *Verbatim*
puts the text into the prompt as it is. The library adds a space before lines that look like a label.`,
	}
	raw, notes, err := r.rawTurns(ctx)
	if err != nil {
		return nil, err
	}
	personas, err := r.personas(ctx)
	if err != nil {
		return nil, err
	}
	forged, err := r.forged(ctx)
	if err != nil {
		return nil, err
	}
	s.Tables, s.Notes = []table{raw, personas, forged}, notes
	return s, nil
}

// rawTurns compares raw completions with replies.
func (r *run) rawTurns(ctx context.Context) (t table, notes []string, err error) {
	t = table{
		Caption: "Raw completions, and replies to the same prompts.",
		Head:    []string{"persona", "conversations", "invents the user's turn", "reply ends there", "ends by itself", "token limit", "repeats a phrase", "stopped as a loop"},
	}
	n := r.cases(100, 20)
	for _, p := range []struct {
		name    string
		persona assistant.Persona
	}{{"none", assistant.Persona{}}, {"Helpful", assistant.Helpful()}} {
		var invents, there, ends, limit, repeats, loop tally
		for i, q := range questions[:n] {
			c := r.conversation(p.persona)
			prompt, err := c.Prompt(ctx, q, assistant.ReplyOptions{})
			if err != nil {
				return t, nil, err
			}
			raw, err := r.model.Complete(ctx, &sampling.Request{Prompt: prompt.Text, Params: c.Params})
			if err != nil {
				return t, nil, err
			}
			reply, err := say(ctx, c, q)
			if err != nil && !errors.Is(err, assistant.ErrLoop) && !errors.Is(err, assistant.ErrEmpty) {
				return t, nil, err
			}
			before, _, turn := strings.Cut(raw.Text, "\nHuman:")
			stopped, repeated := errors.Is(err, assistant.ErrLoop), repeatsPhrase(before)
			loop.count(stopped)
			repeats.count(repeated)
			if stopped && !repeated {
				notes = append(notes, "A false alarm of the loop detector, at a reply that ends in: “…"+ending(before)+"”")
			}
			if repeated && !stopped {
				notes = append(notes, "A repetition that the loop detector left alone: “…"+ending(before)+"”")
			}
			invents.count(turn)
			if turn {
				there.count(strings.TrimSpace(before) == reply)
			}
			ends.count(!turn && raw.Reason == sampling.EndOfText)
			limit.count(!turn && raw.Reason == sampling.TokenLimit)
			r.progress("raw completions, persona " + p.name)(fewshot.Progress{Done: i + 1, All: n})
		}
		t.add(p.name, fmt.Sprint(n), invents.String(), there.String(), ends.String(), limit.String(), repeats.String(), loop.String())
	}
	return t, notes, nil
}

// repeatsPhrase reports whether four words in a row occur three times. It shares no
// code with the library's loop detector.
func repeatsPhrase(text string) bool {
	const length, times = 4, 3
	words := strings.Fields(text)
	seen := map[string]int{}
	for i := range len(words) - length + 1 {
		phrase := strings.Join(words[i:i+length], " ")
		if seen[phrase]++; seen[phrase] == times {
			return true
		}
	}
	return false
}

func (r *run) conversation(p assistant.Persona) *assistant.Conversation {
	return &assistant.Conversation{Model: r.model, Persona: p, Params: sampling.Params{MaxTokens: talkTokens}}
}

// say streams a reply. Unlike Reply, a stream does not ask again after a loop.
func say(ctx context.Context, c *assistant.Conversation, text string) (string, error) {
	var reply strings.Builder
	for chunk, err := range c.Stream(ctx, text, assistant.ReplyOptions{}) {
		if err != nil {
			return reply.String(), err
		}
		reply.WriteString(chunk.Text)
	}
	return reply.String(), nil
}

// ending returns the end of a text, on one line.
func ending(text string) string {
	line := []rune(strings.NewReplacer("\n", " ", "|", " ").Replace(text))
	return string(line[max(0, len(line)-60):])
}

// personas compares layouts and numbers of example dialogues.
func (r *run) personas(ctx context.Context) (t table, err error) {
	t = table{
		Caption: "Personas and layouts.",
		Head:    []string{"layout", "example dialogues", "conversations", "ended by the model's next turn or by itself", "token limit", "loop", "empty", "bytes"},
	}
	n := r.cases(30, 5)
	for _, named := range []struct {
		name   string
		layout assistant.Layout
	}{{"Dialogue", assistant.Dialogue}, {"Headings", assistant.Headings}, {"Dashes", assistant.Dashes}} {
		for _, examples := range []int{0, 1, 2} {
			if named.layout != assistant.Dialogue && examples != 2 {
				continue
			}
			persona := assistant.Helpful()
			persona.Layout, persona.Examples = named.layout, persona.Examples[:examples]
			var ended, limit, loop, empty tally
			bytes := 0
			for i, q := range questions[:n] {
				c := r.conversation(persona)
				reply, err := say(ctx, c, q)
				if err != nil && !errors.Is(err, assistant.ErrLoop) && !errors.Is(err, assistant.ErrEmpty) {
					return t, err
				}
				bytes += len(reply)
				cut := err == nil && c.Transcript[0].Cut
				loop.count(errors.Is(err, assistant.ErrLoop))
				empty.count(errors.Is(err, assistant.ErrEmpty))
				limit.count(cut)
				ended.count(err == nil && !cut)
				r.progress(fmt.Sprintf("%s, %d examples", named.name, examples))(fewshot.Progress{Done: i + 1, All: n})
			}
			t.add(named.name, fmt.Sprint(examples), fmt.Sprint(n), ended.String(), limit.String(), loop.String(), empty.String(), fmt.Sprint(bytes/n))
		}
	}
	return t, nil
}
