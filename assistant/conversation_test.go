package assistant_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
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
	script := &samplingtest.Script{Answer: samplingtest.InTurn(replies...), ChunkSize: 1}
	return &assistant.Conversation{Model: sampling.Model{Backend: script}}, script
}

func TestReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, script := talk(" Air scatters blue light.\n\nHuman: And at night?\n\nAssistant: It", " No light,\n\nno colour.\n\nHuman: I see.")
		if got, err := c.Reply(t.Context(), "  Why is the sky blue?\r\n", assistant.ReplyOptions{}); err != nil || got != "Air scatters blue light." {
			t.Fatalf("%q, %v", got, err)
		}
		if got, err := c.Reply(t.Context(), "And at night?", assistant.ReplyOptions{}); err != nil || got != "No light,\n\nno colour." {
			t.Fatalf("%q, %v", got, err)
		}
		var prompts []string
		for _, call := range script.Calls() {
			prompts = append(prompts, call.Request.Prompt)
		}
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
			if !strings.HasSuffix(call.Text, "Human:") {
				t.Errorf("call %d ran on after the stop", i+1)
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
		if got, err := c.Reply(t.Context(), "a", assistant.ReplyOptions{}); err != nil || got != answer {
			t.Errorf("%v: %v\n%s", layout, err, cmp.Diff(answer, got))
		}
		c.Reply(t.Context(), "b", assistant.ReplyOptions{})
		if _, read := oracleFor(c.Persona).read(t, script.Calls()[1].Request.Prompt); read[0][0].Reply != answer {
			t.Errorf("%v: read back %+v", layout, read)
		}
	}
}

func TestRegenerateAndCopy(t *testing.T) {
	c, script := talk(" one", " two", " three", " four", " five", " six", " seven")
	c.Params.Seed = 7
	regenerate := func(c *assistant.Conversation) string {
		text := ""
		for piece, err := range c.Regenerate(t.Context(), assistant.ReplyOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			text += piece.Text
		}
		return text
	}
	c.Reply(t.Context(), "Count.", assistant.ReplyOptions{})
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

	branch := new(*c)
	branch.Reply(t.Context(), "Go on.", assistant.ReplyOptions{})
	c.Reply(t.Context(), "Stop.", assistant.ReplyOptions{})
	if len(c.Transcript) != 2 || c.Transcript[0].Reply != "three" || branch.Transcript[0].Reply != "three" || c.Transcript[1].User != "Stop." || branch.Transcript[1].User != "Go on." {
		t.Errorf("the branches are not apart: %v, %v", c.Transcript, branch.Transcript)
	}

	before := c.Transcript
	c.Transcript = c.Transcript[:0]
	c.Reply(t.Context(), "Again.", assistant.ReplyOptions{})
	if before[0].User != "Count." {
		t.Error("a removed turn was written over where somebody holds it")
	}

	// A transcript that is the beginning of a longer one leaves the rest of it alone.
	whole := assistant.Transcript{{User: "a", Reply: "b"}, {User: "c", Reply: "d"}}
	c.Transcript = whole[:1]
	if c.Reply(t.Context(), "e", assistant.ReplyOptions{}); whole[1].User != "c" || len(c.Transcript) != 2 {
		t.Errorf("a turn was written over: %v", whole)
	}
	c.Transcript = nil
	var err error
	for _, err = range c.Regenerate(t.Context(), assistant.ReplyOptions{}) {
	}
	if !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("regenerate with nothing to regenerate: %v", err)
	}
}

func TestPrefill(t *testing.T) {
	for layout, prompt := range map[assistant.Layout]string{
		assistant.Dialogue: "Human: a\n\nAssistant: Sure,\n Human: is",
		assistant.Headings: "# Query:\n````\na\n````\n\n# Answer:\n````\nSure,\nHuman: is",
	} {
		c, script := talk(" a label.\nIt is.")
		c.Persona.Layout = layout
		got, err := c.Reply(t.Context(), "a", assistant.ReplyOptions{Prefill: "Sure,\nHuman: is "})
		if want := "Sure,\nHuman: is a label.\nIt is."; err != nil || got != want || c.Transcript[0].Reply != want {
			t.Errorf("%v: %q, %v", layout, got, err)
		}
		if got := script.Calls()[0].Request.Prompt; got != prompt {
			t.Errorf("%v: the prompt is %q", layout, got)
		}
	}
	c, _ := talk("")
	if got, err := c.Reply(t.Context(), "a", assistant.ReplyOptions{Prefill: "Yes."}); got != "Yes." || err != nil {
		t.Errorf("a prefill that the model has nothing to add to: %q, %v", got, err)
	}
	c, _ = talk()
	c.Model.Backend.(*samplingtest.Script).Answer = samplingtest.InTurn([]samplingtest.Reply{{Err: errors.New("down")}}...)
	if got, err := c.Reply(t.Context(), "a", assistant.ReplyOptions{Prefill: "Yes."}); got != "" || err == nil {
		t.Errorf("a prefill before a model that does not answer: %q, %v", got, err)
	}
}

// What a prefill ends in and what the model begins with may look like a label
// together. No byte of either is lost, unless the label is real and ends the reply.
func TestPrefillSeam(t *testing.T) {
	for _, test := range []struct {
		layout               assistant.Layout
		prefill, model, want string
	}{
		{assistant.Dialogue, "ok\n Human", ": yes", "ok\n Human: yes"},
		{assistant.Dialogue, "ok\n  Human", ": yes\n Human: no", "ok\n  Human: yes\nHuman: no"},
		{assistant.Dialogue, "ok\n Hu", "man: yes", "ok\n Human: yes"},
		{assistant.Dialogue, "ok\n HUMAN ", "：yes", "ok\n HUMAN：yes"},
		{assistant.Dialogue, "ok\nHUMAN", ": yes", "ok\nHUMAN: yes"},
		{assistant.Dialogue, "ok\nHumane", ": yes", "ok\nHumane: yes"},
		{assistant.Dialogue, "ok\nHuman:", " yes", "ok\nHuman: yes"},
		{assistant.Dialogue, "ok\nHuman", ": yes", "ok\nHuman"},
		{assistant.Dialogue, "Human", "ity\n Human: yes", "Humanity\nHuman: yes"},
		{assistant.Dialogue, "Human", "", "Human"},
		{assistant.Headings, "# Query", ": yes\n````", "# Query"},
		{assistant.Headings, "ok\n # Query", ": yes\n````", "ok\n # Query: yes"},
		{assistant.Headings, "ok\n ``", "``go", "ok\n ````go"},
		{assistant.Dashes, "ok\n --", "---\nyes", "ok\n -----\nyes"},
		{assistant.Dashes, "ok\n--", "---\nyes", "ok\n-----\nyes"},
		{assistant.Dashes, "ok\n\n--", "---\nyes", "ok\n\n--"},
	} {
		for _, size := range []int{1, 100} {
			c := assistant.Conversation{
				Model:   sampling.Model{Backend: &samplingtest.Script{Answer: samplingtest.InTurn(test.model), ChunkSize: size}},
				Persona: assistant.Persona{Layout: test.layout},
			}
			got, err := c.Reply(t.Context(), "a", assistant.ReplyOptions{Prefill: test.prefill})
			if err != nil || got != test.want || c.Transcript[0].Reply != test.want {
				t.Errorf("%v: %q + %q is %q, want %q; %v", test.layout, test.prefill, test.model, got, test.want, err)
			}
		}
	}
}

// A caller that leaves may keep what there is of the reply.
func TestKeepCut(t *testing.T) {
	keep := assistant.ReplyOptions{KeepCut: true}
	talk := func() *assistant.Conversation {
		c, _ := talk(" one two three", " four five", " six seven")
		return c
	}
	upTo := func(c *assistant.Conversation, chunks iter.Seq2[sampling.Chunk, error], text string) {
		got := ""
		for chunk := range chunks {
			if got += chunk.Text; got == text {
				return
			}
		}
		t.Errorf("%q never came", text)
	}
	c := talk()
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	c.File = openFile(t, path)
	upTo(c, c.Stream(t.Context(), "a", keep), "one two")
	if len(c.Transcript) != 1 || c.Transcript[0].Reply != "one two" || !c.Transcript[0].Cut || c.Transcript[0].Seed == 0 {
		t.Errorf("kept %+v", c.Transcript)
	}
	upTo(c, c.Regenerate(t.Context(), keep), "four")
	if len(c.Transcript) != 1 || c.Transcript[0].Reply != "four" {
		t.Errorf("regenerated %+v", c.Transcript)
	}
	c.File.Close()
	if diff := cmp.Diff(c.Transcript, assistant.Saved(openFile(t, path))); diff != "" {
		t.Error(diff)
	}

	c = talk()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var err error
	for chunk, e := range c.Stream(ctx, "a", keep) {
		if err = e; chunk.Text == " t" {
			cancel()
		}
	}
	if !errors.Is(err, context.Canceled) || len(c.Transcript) != 1 || c.Transcript[0].Reply != "one t" || !c.Transcript[0].Cut {
		t.Errorf("cancelled: %v, %+v", err, c.Transcript)
	}
	if _, err := c.Reply(ctx, "a", keep); !errors.Is(err, context.Canceled) || len(c.Transcript) != 1 {
		t.Errorf("cancelled before it began: %v, %+v", err, c.Transcript)
	}

	// What fails by itself is not kept, nor is a turn of which the file says nothing.
	c = talk()
	c.Model.Backend = &samplingtest.Script{Answer: samplingtest.Always(samplingtest.Reply{Text: " half", Err: errors.New("down")})}
	if _, err := c.Reply(t.Context(), "a", keep); err == nil || len(c.Transcript) != 0 {
		t.Errorf("%v, %+v", err, c.Transcript)
	}
	c = talk()
	c.File = openFile(t, filepath.Join(t.TempDir(), "talk.jsonl"))
	c.File.Close()
	upTo(c, c.Stream(t.Context(), "a", keep), "one")
	if len(c.Transcript) != 0 {
		t.Errorf("not saved, and kept: %+v", c.Transcript)
	}
}

// A server that counts slowly does not hold up a caller with a deadline.
func TestDeadlineWhileCounting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, script := talk(" fine")
		c.Persona, c.Model.Window, c.Model.Counter = assistant.Helpful(), 2000, slow{}
		for i := range 20 {
			c.Transcript = append(c.Transcript, assistant.Turn{User: fmt.Sprint(i), Reply: "b"})
		}
		began := time.Now()
		for what, call := range map[string]func(context.Context) error{
			"Reply":     func(ctx context.Context) error { _, err := c.Reply(ctx, "a", assistant.ReplyOptions{}); return err },
			"Prompt":    func(ctx context.Context) error { _, err := c.Prompt(ctx, "a", assistant.ReplyOptions{}); return err },
			"Parts":     func(ctx context.Context) error { _, err := c.Parts(ctx, "a", assistant.ReplyOptions{}); return err },
			"Summarize": c.Summarize,
			"Validate":  func(ctx context.Context) error { return c.Persona.Validate(ctx, c.Model) },
			"Regenerate": func(ctx context.Context) (err error) {
				for _, err = range c.Regenerate(ctx, assistant.ReplyOptions{}) {
				}
				return err
			},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", what, err)
			}
			cancel()
		}
		if took := time.Since(began); took != 600*time.Millisecond || len(script.Calls()) != 0 {
			t.Errorf("six calls of 100 ms took %v, and the model was asked %d times", took, len(script.Calls()))
		}
	})
}

// slow is a Counter that takes a second for each text.
type slow struct{}

func (slow) Count(ctx context.Context, text string) (int, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(time.Second):
		return len(text) / 4, nil
	}
}

func TestEmptyReplies(t *testing.T) {
	for _, nothing := range []string{"", " ", " \n\n", " Human: you first", "\n\nHuman: you first", "Human:", " \u00a0\r\nAssistant: x"} {
		c, script := talk(nothing, " here")
		c.Params.Seed = 3
		if got, err := c.Reply(t.Context(), "a", assistant.ReplyOptions{}); err != nil || got != "here" || c.Transcript[0].Seed != 4 {
			t.Errorf("after %q: %q, %v, %+v", nothing, got, err, c.Transcript)
		}
		if n := len(script.Calls()); n != 2 {
			t.Errorf("after %q: %d calls", nothing, n)
		}
		c, _ = talk(nothing, nothing)
		got, err := c.Reply(t.Context(), "a", assistant.ReplyOptions{})
		if got != "" || !errors.Is(err, assistant.ErrEmpty) || len(c.Transcript) != 0 {
			t.Errorf("twice %q: %q, %v", nothing, got, err)
		}
	}
}

func TestReplyThatIsCut(t *testing.T) {
	c, script := talk()
	script.Answer = samplingtest.InTurn([]samplingtest.Reply{{Text: " one two thr ", Reason: sampling.TokenLimit}, {Text: " four", Reason: sampling.Filtered}}...)
	if got, err := c.Reply(t.Context(), "a", assistant.ReplyOptions{}); err != nil || got != "one two thr" || !c.Transcript[0].Cut {
		t.Errorf("%q, %v, %+v", got, err, c.Transcript)
	}
	got, err := c.Reply(t.Context(), "b", assistant.ReplyOptions{})
	if !errors.Is(err, sampling.ErrTruncated) || got != "four" || len(c.Transcript) != 1 {
		t.Errorf("filtered: %q, %v", got, err)
	}
}

func TestErrorsLoseNothing(t *testing.T) {
	down := errors.New("down")
	c, script := talk()
	script.Answer = samplingtest.InTurn([]samplingtest.Reply{
		{Text: " kept"}, {Text: " half a sent ", Err: down}, {Chunks: []sampling.Chunk{{Text: " broke off"}}}, {Err: down},
		{Text: " new", Err: down},
	}...)
	c.Reply(t.Context(), "first", assistant.ReplyOptions{})
	for _, want := range []struct {
		text string
		err  error
	}{{"half a sent", down}, {"broke off", sampling.ErrTruncated}, {"", down}} {
		got, err := c.Reply(t.Context(), "second", assistant.ReplyOptions{})
		if !errors.Is(err, want.err) || got != want.text {
			t.Errorf("%q, %v; want %q, %v", got, err, want.text, want.err)
		}
		if len(c.Transcript) != 1 || c.Transcript[0].Reply != "kept" {
			t.Errorf("after %v the transcript is %v", err, c.Transcript)
		}
	}
	for _, err := range c.Regenerate(t.Context(), assistant.ReplyOptions{}) {
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
	for piece, e := range c.Stream(ctx, "a", assistant.ReplyOptions{}) {
		text, err = text+piece.Text, e
		if text == "one" {
			cancel()
		}
	}
	if !errors.Is(err, context.Canceled) || text != "one" {
		t.Errorf("cancelled: %q, %v", text, err)
	}
	text = ""
	for piece := range c.Stream(t.Context(), "a", assistant.ReplyOptions{}) {
		if text += piece.Text; text == "one" {
			break
		}
	}
	if call := script.Calls()[1]; call.Text != " one" {
		t.Errorf("left after %q, and the model went on to %q", text, call.Text)
	}
	if len(c.Transcript) != 0 {
		t.Errorf("a reply that nobody waited for was kept: %v", c.Transcript)
	}
}

func TestChunks(t *testing.T) {
	c, script := talk()
	usage := func(n int) sampling.Usage { return sampling.Usage{PromptTokens: 10, CompletionTokens: n} }
	token := func(s string) []sampling.Token { return []sampling.Token{{Text: s, Logprob: -1}} }
	script.Answer = samplingtest.InTurn([]samplingtest.Reply{
		{Chunks: []sampling.Chunk{{Text: " ", Tokens: token(" ")}, {Reason: sampling.EndOfText, Usage: usage(1)}}},
		{Chunks: []sampling.Chunk{
			{Text: " ", Tokens: token(" ")}, {Text: "a", Tokens: token("a")}, {Text: "\n", Tokens: token("\n")}, {Text: "b", Tokens: token("b")},
			{Reason: sampling.EndOfText, Usage: usage(4)},
		}},
	}...)
	var got []string
	for chunk, err := range c.Stream(t.Context(), "a", assistant.ReplyOptions{}) {
		s := fmt.Sprintf("%q %v %v", chunk.Text, chunk.Reason, err)
		for _, token := range chunk.Tokens {
			s += fmt.Sprintf(" %q", token.Text)
		}
		if chunk.Usage != (sampling.Usage{}) {
			s += fmt.Sprint(" ", chunk.Usage)
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
	usage := func(n int) sampling.Usage { return sampling.Usage{PromptTokens: 10, CompletionTokens: n} }
	script.Answer = samplingtest.InTurn([]samplingtest.Reply{
		{Chunks: []sampling.Chunk{{Text: " ", Usage: usage(1)}, {Reason: sampling.EndOfText}}},
		{Chunks: []sampling.Chunk{{Text: " ", Usage: usage(2)}, {Text: "a"}, {Reason: sampling.EndOfText}}},
	}...)
	var last sampling.Usage
	for chunk, err := range c.Stream(t.Context(), "a", assistant.ReplyOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if chunk.Usage != (sampling.Usage{}) {
			last = chunk.Usage
		}
	}
	if want := (sampling.Usage{PromptTokens: 20, CompletionTokens: 3}); last != want {
		t.Errorf("the reply cost %+v, want %+v: both attempts", last, want)
	}
}
