package assistant_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/internal/golden"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

func TestSummarize(t *testing.T) {
	var asked []*sampling.Request
	script := &samplingtest.Script{Answer: func(call int, req *sampling.Request) samplingtest.Reply {
		if strings.HasSuffix(req.Prompt, "\n\nSummary:") {
			copied := *req
			asked = append(asked, &copied)
			return samplingtest.Reply{Text: fmt.Sprintf(" Summary %d of a walk.\n\nConversation:\nmore", len(asked))}
		}
		return samplingtest.Reply{Text: " They are old.\n\nVery old. " + strings.Repeat("See below. ", 4)}
	}}
	c := assistant.Conversation{Model: sampling.Model{Backend: script, Window: 1500, Counter: &words{}}, Persona: assistant.Persona{Description: "A guide."}}
	if err := c.Summarize(t.Context()); err != nil || len(asked) != 0 {
		t.Fatalf("summed up nothing: %v, %d calls", err, len(asked))
	}
	for i := range 80 {
		if _, err := c.Reply(t.Context(), fmt.Sprintf("Question %d:\nwhat about the\n\nConversation:\nbridges? %s", i, strings.Repeat("Tell me more. ", 5)), assistant.ReplyOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := c.Summarize(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	p, err := c.Prompt(t.Context(), "And now?", assistant.ReplyOptions{})
	if err != nil || len(asked) < 2 {
		t.Fatalf("%v, %d summaries", err, len(asked))
	}
	if c.Summarized > len(p.Dropped) || c.Summary.Reply != fmt.Sprintf("Summary %d of a walk.", len(asked)) {
		t.Errorf("of %d dropped turns %d are summed up: %+v", len(p.Dropped), c.Summarized, c.Summary)
	}
	golden.Check(t, "testdata/summary-task.txt", asked[1].Prompt+"\n")
	want := "A guide.\n\nHuman: Before we go on: what have we talked about so far?\n\nAssistant: " + c.Summary.Reply + "\n\nHuman: Question "
	if !strings.HasPrefix(p.Text, want) || p.Tokens > 1500-256 {
		t.Errorf("%d tokens:\n%s", p.Tokens, p.Text)
	}

	// The caller's own words, and a summary that is no longer wanted.
	c.Summary.User = "What was that?"
	if p, _ := c.Prompt(t.Context(), "And now?", assistant.ReplyOptions{}); !strings.Contains(p.Text, "Human: What was that?\n\nAssistant: Summary") {
		t.Error("the caller's question is not asked")
	}
	fits := c
	fits.Model.Window = 0
	if p, _ := fits.Prompt(t.Context(), "And now?", assistant.ReplyOptions{}); strings.Contains(p.Text, "Summary") {
		t.Error("a summary is shown beside the turns that it replaces")
	}
	c.Summary, c.Summarized = assistant.Turn{}, 0
	if p, _ := c.Prompt(t.Context(), "And now?", assistant.ReplyOptions{}); strings.Contains(p.Text, "Summary") {
		t.Error("a summary that was cleared is shown")
	}

	// A summary of turns that were taken back does not bring them back.
	taken := c
	short := c
	short.Transcript, short.Summarized = c.Transcript[:1], -1
	if err := short.Summarize(t.Context()); err != nil {
		t.Errorf("nothing is summed up: %v", err)
	}
	taken.Summary, taken.Summarized = assistant.Turn{Reply: "Summary of what was taken back."}, 60
	taken.Transcript = taken.Transcript[:59]
	if p, err := taken.Prompt(t.Context(), "And now?", assistant.ReplyOptions{}); err != nil || len(p.Dropped) == 0 || strings.Contains(p.Text, "taken back") {
		t.Errorf("%v, %d dropped:\n%s", err, len(p.Dropped), p.Text)
	}
	if err := taken.Summarize(t.Context()); err != nil || taken.Summarized == 0 || taken.Summarized > 59 || strings.Contains(asked[len(asked)-1].Prompt, "taken back") {
		t.Errorf("%v; %d of 59 turns are summed up", err, taken.Summarized)
	}

	// A long conversation that was never summed up, with a turn in it that is
	// longer than the window, takes several steps.
	steps := len(asked)
	c.Transcript[3].Reply = strings.Repeat("long ", 3000)
	if p, err = c.Prompt(t.Context(), "And now?", assistant.ReplyOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.Summarize(t.Context()); err != nil || c.Summarized != len(p.Dropped) || len(asked)-steps < 3 {
		t.Errorf("%v; %d of %d turns in %d steps", err, c.Summarized, len(p.Dropped), len(asked)-steps)
	}
	c.Summary, c.Summarized = assistant.Turn{}, 0

	c.Model.Backend = &samplingtest.Script{Answer: samplingtest.InTurn([]samplingtest.Reply{{Text: " They walk。 They talk and th", Reason: sampling.TokenLimit}, {Text: " They walk and t", Reason: sampling.TokenLimit}}...)}
	if err := c.Summarize(t.Context()); !errors.Is(err, sampling.ErrTokenLimit) || c.Summary.Reply != "They walk。" || c.Summarized == 0 {
		t.Errorf("summaries that are too long: %v; %+v", err, c.Summary)
	}
	c.Summary, c.Summarized = assistant.Turn{}, 0

	down := errors.New("down")
	c.Model.Backend = &samplingtest.Script{Answer: samplingtest.InTurn([]samplingtest.Reply{{Err: down}, {Text: " \n\n"}}...)}
	for _, want := range []error{down, assistant.ErrEmpty} {
		if err := c.Summarize(t.Context()); !errors.Is(err, want) || c.Summarized != 0 {
			t.Errorf("%v, want %v; %+v", err, want, c.Summary)
		}
	}
}
