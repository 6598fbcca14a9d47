package assistant_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

func talk(replies ...string) (*assistant.Conversation, *samplingtest.Script) {
	script := &samplingtest.Script{Replies: replies, ChunkSize: 1}
	return &assistant.Conversation{Model: sampling.Model{Backend: script}}, script
}

func TestReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, script := talk(" Air scatters blue light.\n\nHuman: And at night?\n\nAssistant: It", " No light,\n\nno colour.\n\nHuman: I see.")
		if got, err := c.Reply(t.Context(), "  Why is the sky blue?\r\n"); err != nil || got != "Air scatters blue light." {
			t.Fatalf("%q, %v", got, err)
		}
		if got, err := c.Reply(t.Context(), "And at night?"); err != nil || got != "No light,\n\nno colour." {
			t.Fatalf("%q, %v", got, err)
		}
		prompts := script.Prompts()
		want := []string{
			"Human: Why is the sky blue?\n\nAssistant:",
			"Human: Why is the sky blue?\n\nAssistant: Air scatters blue light.\n\nHuman: And at night?\n\nAssistant:",
		}
		if diff := cmp.Diff(want, prompts); diff != "" {
			t.Error(diff)
		}
		turns := assistant.Transcript{
			{User: "Why is the sky blue?", Reply: "Air scatters blue light.", Time: time.Now().UTC()},
			{User: "And at night?", Reply: "No light,\n\nno colour.", Time: time.Now().UTC()},
		}
		if diff := cmp.Diff(turns, c.Transcript, cmpopts.IgnoreFields(assistant.Turn{}, "Seed")); diff != "" {
			t.Error(diff)
		}
		for i, call := range script.Calls() {
			if call.Request.Params.Seed != c.Transcript[i].Seed || c.Transcript[i].Seed == 0 {
				t.Errorf("turn %d was drawn with seed %d and says %d", i+1, call.Request.Params.Seed, c.Transcript[i].Seed)
			}
			if call.Finished {
				t.Errorf("call %d ran to its end behind the stop", i+1)
			}
		}
	})
}

// What an answer may have in it stays: headings of both kinds, fences, rules,
// lists, tables and labels that begin no line.
func TestMarkdownInAnswersStays(t *testing.T) {
	const answer = "# A heading\n\nAnother\n-------\n\n```go\n// Human: a comment\nf()\n```\n\n---\n\n- Human: no\n1. one\n\n| a | b |\n|---|---|\n\nSay \"Human: hello\" or `# Query:`.\n\n    indented"
	for layout, rest := range map[assistant.Layout]string{
		assistant.Dialogue: "\n\n\nHuman: And", assistant.Headings: "\n````\n\n# Query:\n````\nAnd", assistant.Dashes: "\n\n-----\n\nHuman: And",
	} {
		pad := map[bool]string{true: "", false: " "}[layout == assistant.Headings]
		c, script := talk(pad+answer+rest, pad+"yes"+rest)
		c.Persona.Layout = layout
		if got, err := c.Reply(t.Context(), "a"); err != nil || got != answer {
			t.Errorf("%v: %v\n%s", layout, err, cmp.Diff(answer, got))
		}
		c.Reply(t.Context(), "b")
		read, err := c.Persona.Read(script.Prompts()[1])
		if err != nil || read.Examples[0][0].Reply != answer {
			t.Errorf("%v: read back %v, %+v", layout, err, read)
		}
	}
}

func TestRegenerateUndoClone(t *testing.T) {
	c, script := talk(" one", " two", " three", " four", " five")
	c.Params.Seed = 7
	regenerate := func(c *assistant.Conversation) string {
		text := ""
		for piece, err := range c.Regenerate(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			text += piece
		}
		return text
	}
	c.Reply(t.Context(), "Count.")
	if got := regenerate(c) + " " + regenerate(c); got != "two three" {
		t.Errorf("regenerated %q", got)
	}
	var seeds []uint64
	for _, call := range script.Calls() {
		seeds = append(seeds, call.Request.Params.Seed)
		if call.Request.Prompt != "Human: Count.\n\nAssistant:" {
			t.Errorf("the prompt was %q", call.Request.Prompt)
		}
	}
	if diff := cmp.Diff([]uint64{7, 8, 9}, seeds); diff != "" {
		t.Error(diff)
	}

	branch := c.Clone()
	branch.Reply(t.Context(), "Go on.")
	c.Reply(t.Context(), "Stop.")
	branch.Transcript[0].Reply = "changed"
	if len(c.Transcript) != 2 || c.Transcript[0].Reply != "three" || c.Transcript[1].User != "Stop." || branch.Transcript[1].User != "Go on." {
		t.Errorf("the branches are not apart: %v, %v", c.Transcript, branch.Transcript)
	}

	before := c.Transcript
	turn, err := c.Undo()
	if err != nil || turn.User != "Stop." || len(c.Transcript) != 1 {
		t.Errorf("undone %v, %v, left %v", turn, err, c.Transcript)
	}
	c.Undo()
	script.Replies = append(script.Replies, " six")
	c.Reply(t.Context(), "Again.")
	if before[0].User != "Count." {
		t.Error("an undone turn was written over where somebody holds it")
	}
	c.Undo()

	// A transcript that is the beginning of a longer one leaves the rest of it alone.
	whole := assistant.Transcript{{User: "a", Reply: "b"}, {User: "c", Reply: "d"}}
	script.Replies = append(script.Replies, " seven")
	c.Transcript = whole[:1]
	if c.Reply(t.Context(), "e"); whole[1].User != "c" || len(c.Transcript) != 2 {
		t.Errorf("a turn was written over: %v", whole)
	}
	c.Transcript = nil
	if _, err := c.Undo(); !errors.Is(err, assistant.ErrNoTurn) {
		t.Errorf("undo with nothing to undo: %v", err)
	}
	for _, err := range c.Regenerate(t.Context()) {
		if !errors.Is(err, assistant.ErrNoTurn) {
			t.Errorf("regenerate with nothing to regenerate: %v", err)
		}
	}
}

func TestPrefill(t *testing.T) {
	for layout, prompt := range map[assistant.Layout]string{
		assistant.Dialogue: "Human: a\n\nAssistant: Sure,\n Human: is",
		assistant.Headings: "# Query:\n````\na\n````\n\n# Answer:\n````\nSure,\nHuman: is",
	} {
		c, script := talk(" a label.\nIt is.")
		c.Persona.Layout = layout
		c.Prefill = "Sure,\nHuman: is "
		got, err := c.Reply(t.Context(), "a")
		if want := "Sure,\nHuman: is a label.\nIt is."; err != nil || got != want || c.Transcript[0].Reply != want {
			t.Errorf("%v: %q, %v", layout, got, err)
		}
		if got := script.Prompts()[0]; got != prompt {
			t.Errorf("%v: the prompt is %q", layout, got)
		}
	}
	c, _ := talk("")
	c.Prefill = "Yes."
	if got, err := c.Reply(t.Context(), "a"); got != "Yes." || err != nil {
		t.Errorf("a prefill that the model has nothing to add to: %q, %v", got, err)
	}
	c, _ = talk()
	c.Model.Backend.(*samplingtest.Script).Turns = []samplingtest.Reply{{Err: errors.New("down")}}
	c.Prefill = "Yes."
	if got, err := c.Reply(t.Context(), "a"); got != "" || err == nil {
		t.Errorf("a prefill before a model that does not answer: %q, %v", got, err)
	}
}

func TestEmptyReplies(t *testing.T) {
	for _, nothing := range []string{"", " ", " \n\n", " Human: you first", "\n\nHuman: you first", "Human:", " \u00a0\r\nAssistant: x"} {
		c, script := talk(nothing, " here")
		c.Params.Seed = 3
		if got, err := c.Reply(t.Context(), "a"); err != nil || got != "here" || c.Transcript[0].Seed != 4 {
			t.Errorf("after %q: %q, %v, %+v", nothing, got, err, c.Transcript)
		}
		if n := len(script.Calls()); n != 2 {
			t.Errorf("after %q: %d calls", nothing, n)
		}
		c, _ = talk(nothing, nothing)
		got, err := c.Reply(t.Context(), "a")
		var bad *assistant.ReplyError
		if got != "" || !errors.Is(err, assistant.ErrEmpty) || !errors.As(err, &bad) || bad.Seed == 0 || len(c.Transcript) != 0 {
			t.Errorf("twice %q: %q, %v", nothing, got, err)
		}
	}
}

func TestReplyThatIsCut(t *testing.T) {
	c, script := talk()
	script.Turns = []samplingtest.Reply{{Text: " one two thr ", Reason: sampling.TokenLimit}, {Text: " four", Reason: sampling.Filtered}}
	if got, err := c.Reply(t.Context(), "a"); err != nil || got != "one two thr" || !c.Transcript[0].Cut {
		t.Errorf("%q, %v, %+v", got, err, c.Transcript)
	}
	got, err := c.Reply(t.Context(), "b")
	if !errors.Is(err, sampling.ErrTruncated) || got != "four" || len(c.Transcript) != 1 {
		t.Errorf("filtered: %q, %v", got, err)
	}
}

func TestErrorsLoseNothing(t *testing.T) {
	down := errors.New("down")
	c, script := talk()
	script.Turns = []samplingtest.Reply{
		{Text: " kept"}, {Text: " half a sent ", Err: down}, {Chunks: []sampling.Chunk{{Text: " broke off"}}}, {Err: down},
	}
	c.Reply(t.Context(), "first")
	for _, want := range []struct {
		text string
		err  error
	}{{"half a sent", down}, {"broke off", sampling.ErrTruncated}, {"", down}} {
		got, err := c.Reply(t.Context(), "second")
		var bad *assistant.ReplyError
		if !errors.As(err, &bad) || !errors.Is(err, want.err) || bad.Text != want.text || got != want.text {
			t.Errorf("%q, %v; want %q, %v", got, err, want.text, want.err)
		}
		if len(c.Transcript) != 1 || c.Transcript[0].Reply != "kept" {
			t.Errorf("after %v the transcript is %v", err, c.Transcript)
		}
	}
	script.Turns = append(script.Turns, samplingtest.Reply{Text: " new", Err: down})
	for _, err := range c.Regenerate(t.Context()) {
		if err != nil && !errors.Is(err, down) {
			t.Error(err)
		}
	}
	if c.Transcript[0].Reply != "kept" {
		t.Errorf("a reply was lost to one that failed: %v", c.Transcript)
	}
}

func TestCancelAndLeave(t *testing.T) {
	c, script := talk(" one two three", " one two three")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	text := ""
	var err error
	for piece, e := range c.Stream(ctx, "a") {
		text, err = text+piece, e
		if text == "one" {
			cancel()
		}
	}
	var bad *assistant.ReplyError
	if !errors.Is(err, context.Canceled) || !errors.As(err, &bad) || bad.Text != text || text != "one" {
		t.Errorf("cancelled: %q, %v", text, err)
	}
	text = ""
	for piece := range c.Stream(t.Context(), "a") {
		if text += piece; text == "one" {
			break
		}
	}
	if call := script.Calls()[1]; call.Finished || call.Text != " one" {
		t.Errorf("left after %q, and the model went on to %q", text, call.Text)
	}
	if len(c.Transcript) != 0 {
		t.Errorf("a reply that nobody waited for was kept: %v", c.Transcript)
	}
}

func TestChunks(t *testing.T) {
	c, script := talk()
	usage := func(n int) *sampling.Usage { return &sampling.Usage{PromptTokens: 10, CompletionTokens: n} }
	token := func(s string) []sampling.Token { return []sampling.Token{{Text: s, Logprob: -1}} }
	script.Turns = []samplingtest.Reply{
		{Chunks: []sampling.Chunk{{Text: " ", Tokens: token(" ")}, {Reason: sampling.EndOfText, Usage: usage(1)}}},
		{Chunks: []sampling.Chunk{
			{Text: " ", Tokens: token(" ")}, {Text: "a", Tokens: token("a")}, {Text: "\n", Tokens: token("\n")}, {Text: "b", Tokens: token("b")},
			{Reason: sampling.EndOfText, Usage: usage(4)},
		}},
	}
	var got []string
	for chunk, err := range c.Chunks(t.Context(), "a") {
		s := fmt.Sprintf("%q %v %v", chunk.Text, chunk.Reason, err)
		for _, token := range chunk.Tokens {
			s += fmt.Sprintf(" %q", token.Text)
		}
		if chunk.Usage != nil {
			s += fmt.Sprint(" ", *chunk.Usage)
		}
		if kept := len(c.Transcript) == 1; kept != (chunk.Reason != sampling.Unfinished) {
			t.Errorf("at %s the turn is kept: %v", s, kept)
		}
		got = append(got, s)
	}
	want := []string{
		`"a" unfinished <nil> " " "a"`,
		`"\nb" unfinished <nil> "\n" "b"`,
		`"" end of text <nil> {20 5 0}`, // both attempts were paid for
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestUsageToldEarly has a backend that says what it cost so far in chunks before
// the last, some of which have no text that anybody is shown.
func TestUsageToldEarly(t *testing.T) {
	c, script := talk()
	usage := func(n int) *sampling.Usage { return &sampling.Usage{PromptTokens: 10, CompletionTokens: n} }
	script.Turns = []samplingtest.Reply{
		{Chunks: []sampling.Chunk{{Text: " ", Usage: usage(1)}, {Reason: sampling.EndOfText}}},
		{Chunks: []sampling.Chunk{{Text: " ", Usage: usage(1)}, {Text: "a", Usage: usage(2)}, {Reason: sampling.EndOfText}}},
	}
	var last sampling.Usage
	for chunk, err := range c.Chunks(t.Context(), "a") {
		if err != nil {
			t.Fatal(err)
		}
		if chunk.Usage != nil {
			last = *chunk.Usage
		}
	}
	if want := (sampling.Usage{PromptTokens: 20, CompletionTokens: 3}); last != want {
		t.Errorf("the reply cost %+v, want %+v: both attempts", last, want)
	}
}
