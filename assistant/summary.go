package assistant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

const (
	summaryQuestion = "Before we go on: what have we talked about so far?"
	summaryTokens   = 128 // maximum tokens of a summary
	longSaid        = 400 // bytes of each text that are summed up if a turn alone is too long
)

// Summarize has the model sum up the turns that no longer fit its window, and sets
// Summary and Summarized. From then on the prompt shows the summary in their place: a
// turn in which the user asks what was said so far, or asks Summary.User if that is set.
// If no more turns were dropped since the last call, the model is not asked, so Summarize
// may be called after each turn.
//
// The model reads the dropped turns and the earlier summary, in several steps if they are
// long. It uses c.Params and at most 128 tokens, of which whole sentences are kept. On an
// error the Summary is that of the last step. A base model may sum up wrongly: the text
// can be read, edited and cleared.
func (c *Conversation) Summarize(ctx context.Context) error {
	_, prompt, err := c.prompt(ctx, c.Transcript, "", ReplyOptions{}) // the shortest of the next prompts
	if err != nil {
		return err
	}
	dropped := len(prompt.Dropped)
	if dropped == 0 {
		return nil
	}
	c.Summarized = c.summarized(c.Transcript)
	for c.Summarized < dropped {
		end := dropped
		err := c.summarizeTo(ctx, end, math.MaxInt)
		for errors.Is(err, sampling.ErrBudget) && end > c.Summarized+1 {
			end = c.Summarized + (end-c.Summarized)/2
			err = c.summarizeTo(ctx, end, math.MaxInt)
		}
		if errors.Is(err, sampling.ErrBudget) {
			err = c.summarizeTo(ctx, end, longSaid)
		}
		if err != nil {
			return fmt.Errorf("assistant: summing up turns %d to %d: %w", c.Summarized+1, end, err)
		}
	}
	return nil
}

// summarized returns how many of the turns the Summary covers. If it covers turns that
// were removed, it is not used.
func (c *Conversation) summarized(turns Transcript) int {
	if c.Summarized > len(turns) {
		return 0
	}
	return max(c.Summarized, 0)
}

// summarizeTo sums up the turns before end, and of each text at most about size bytes.
func (c *Conversation) summarizeTo(ctx context.Context, end, size int) error {
	user, name := c.Persona.names()
	// On one line, no text can look like a separator of the task.
	said := func(text string) string { return strings.Join(strings.Fields(shorten(text, size)), " ") }
	var lines []string
	if c.Summarized > 0 {
		lines = append(lines, "Earlier: "+said(c.Summary.Reply))
	}
	for _, turn := range c.Transcript[c.Summarized:end] {
		if turn.User != "" {
			lines = append(lines, user+": "+said(turn.User))
		}
		lines = append(lines, name+": "+said(turn.Reply))
	}
	task := summaryTask(user, name)
	task.Params = c.Params
	task.Params.MaxTokens = min(cmp.Or(c.Params.MaxTokens, summaryTokens), summaryTokens)
	prompter, err := task.Compile()
	if err != nil {
		return err
	}
	answer, err := wholeSentences(prompter.Run(ctx, c.Model, strings.Join(lines, "\n")))
	if err != nil {
		return err
	}
	summary, err := clean(answer)
	if err != nil {
		return &ValueError{Where: "summary", Err: err}
	}
	c.Summary.User = cmp.Or(c.Summary.User, summaryQuestion)
	c.Summary.Reply = summary
	c.Summarized = end
	return nil
}

// wholeSentences keeps the whole sentences of a summary that reached its token limit,
// which the task returns as an error.
func wholeSentences(answer string, err error) (string, error) {
	bad, ok := errors.AsType[*fewshot.AnswerError](err)
	if !ok {
		return answer, err
	}
	if strings.TrimSpace(bad.Text) == "" {
		return "", ErrEmpty
	}
	if end := strings.LastIndexAny(bad.Text, ".!?。！？।؟"); end >= 0 && errors.Is(err, sampling.ErrTokenLimit) {
		_, size := utf8.DecodeRuneInString(bad.Text[end:])
		return bad.Text[:end+size], nil
	}
	return "", err
}

// summaryTask returns the task of summing up a conversation, with two demonstrations.
func summaryTask(user, name string) *fewshot.Task[string, string] {
	task := &fewshot.Task[string, string]{
		Instruction: "Conversations, each with a short summary of who wanted what and what came of it.",
		Format:      fewshot.Format{Before: "Conversation:\n", Between: "\n\nSummary: ", After: "\n\n"},
	}
	names := strings.NewReplacer("USER", user, "NAME", name)
	for _, demonstration := range summaryExamples {
		task.Add(names.Replace(demonstration.In), names.Replace(demonstration.Out))
	}
	return task
}

var summaryExamples = []fewshot.Example[string, string]{
	{
		In: `USER: My tomato leaves are turning yellow. What is wrong?
NAME: Most often it is too much water. Do the pots drain well?
USER: No, there is a saucer under each, and it is always full.
NAME: Then empty the saucers and let the soil dry for a few days. The new leaves should be green again.`,
		Out: "USER grows tomatoes in pots, and their leaves were turning yellow. NAME advised emptying the saucers and letting the soil dry, because the roots stood in water.",
	},
	{
		In: `Earlier: USER is planning a dinner for six on Saturday, without meat.
USER: One guest cannot eat nuts. What shall I cook?
NAME: A mushroom risotto. Leave out the pesto, which has pine nuts in it.
USER: And for dessert?
NAME: A lemon sorbet goes well with it and can be made a day ahead.`,
		Out: "USER is planning a dinner for six on Saturday, without meat and, for one guest, without nuts. NAME suggested mushroom risotto without pesto and a lemon sorbet that can be made a day ahead.",
	},
}
