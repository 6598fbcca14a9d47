package assistant_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

func TestLoops(t *testing.T) {
	var long strings.Builder
	for i := range 200 {
		fmt.Fprintf(&long, " %d. Another thing that is worth a line of its own.\n", i)
	}
	for name, raw := range map[string]string{
		"a word":               " I said " + strings.Repeat("no ", 200),
		"a sentence":           " It is blue. " + strings.Repeat("The sky is blue because the air scatters blue light the most. ", 20),
		"a paragraph":          " Well.\n\n" + strings.Repeat(strings.Repeat("abc def ", 20)+"X\n\n", 10),
		"letters":              " A" + strings.Repeat("a", 1000),
		"in another script":    " 네. " + strings.Repeat("하늘은 파랗습니다. ", 60),
		"after a long text":    long.String() + strings.Repeat("And so on. ", 60),
		"a list going nowhere": " 1. One\n" + strings.Repeat("- Take the wheel off the bicycle.\n", 40),
	} {
		script := &samplingtest.Script{Answer: samplingtest.Always(raw), ChunkSize: 1}
		c := assistant.Conversation{Model: sampling.Model{Backend: script}}
		got, err := c.Reply(t.Context(), "a", assistant.ReplyOptions{})
		if !errors.Is(err, assistant.ErrLoop) || len(c.Transcript) != 0 {
			t.Errorf("%s: %q, %v", name, got, err)
			continue
		}
		calls := script.Calls()
		if len(calls) != 2 || calls[0].Request.Params.RepetitionPenalty != 0 || calls[1].Request.Params.RepetitionPenalty != 1.1 {
			t.Errorf("%s: %d calls, the last with %+v", name, len(calls), calls[len(calls)-1].Request.Params)
		}
		if len(calls[0].Text) == len(raw) || len(calls[0].Text) > len(got)+2 {
			t.Errorf("%s: %d bytes were given out, and the model went on to %d", name, len(got), len(calls[0].Text))
		}
		if !strings.HasPrefix(strings.TrimSpace(raw), got) {
			t.Errorf("%s: the caller saw %q", name, got)
		}
		c.Model.Backend = &samplingtest.Script{Answer: samplingtest.Always(raw)}
		if whole, err := c.Reply(t.Context(), "a", assistant.ReplyOptions{}); !errors.Is(err, assistant.ErrLoop) || whole != got {
			t.Errorf("%s: in one chunk %d bytes were given out, and %d letter by letter: %v", name, len(whole), len(got), err)
		}
		if whole, err := c.Reply(t.Context(), "a", assistant.ReplyOptions{AllowLoops: true}); err != nil || whole != strings.TrimSpace(raw) {
			t.Errorf("%s: where loops are allowed, %d of %d bytes: %v", name, len(whole), len(raw), err)
		}
	}
}

// Replies that a real model gave: the token limit cut them before they were long
// enough for a loop, and every later turn looped too.
func TestLoopsThatTheTokenLimitCuts(t *testing.T) {
	for _, raw := range []string{
		strings.Repeat(" I'm happy to help with any questions you have.", 5) + " I'm happy to help",
		" Yes." + strings.Repeat(" I'm not sure.", 10),
		strings.Repeat(" I hope you're having a great day.", 4) + " I",
		" She's fluffy." + strings.Repeat("\nShe's a big, fluffy one.", 5),
		strings.Repeat(" no", 40),
		" Big." + strings.Repeat(" She is a bit smaller than a big cat. She is a bit smaller than a small dog.", 2) + " She is a bit smaller than a",
		strings.Repeat(" 하늘은 파랗습니다.", 5),
	} {
		looped := samplingtest.Reply{Text: raw, Reason: sampling.TokenLimit}
		c, script := talk()
		script.Answer = samplingtest.InTurn([]samplingtest.Reply{looped, {Text: " It is blue."}, looped, looped, looped, looped, {Text: raw}}...)
		ask := func(o assistant.ReplyOptions) (string, error) { return c.Reply(t.Context(), "a", o) }
		if got, err := ask(assistant.ReplyOptions{}); err != nil || got != "It is blue." || len(c.Transcript) != 1 || c.Transcript[0].Cut {
			t.Errorf("%q was not asked for again: %q, %v", raw, got, err)
		}
		if got, err := ask(assistant.ReplyOptions{}); !errors.Is(err, assistant.ErrLoop) || got != strings.TrimSpace(raw) || len(c.Transcript) != 1 {
			t.Errorf("%q twice: %q, %v", raw, got, err)
		}
		text, calls := "", len(script.Calls())
		for chunk, err := range c.Stream(t.Context(), "a", assistant.ReplyOptions{}) {
			if text += chunk.Text; chunk.Reason != sampling.Unfinished || err != nil && !errors.Is(err, assistant.ErrLoop) {
				t.Errorf("%q: a chunk %+v, %v", raw, chunk, err)
			}
		}
		if text != strings.TrimSpace(raw) || len(script.Calls()) != calls+1 || len(c.Transcript) != 1 {
			t.Errorf("%q streamed: %q, %d calls, %v", raw, text, len(script.Calls())-calls, c.Transcript)
		}
		if got, err := ask(assistant.ReplyOptions{AllowLoops: true}); err != nil || got != strings.TrimSpace(raw) || !c.Transcript[1].Cut {
			t.Errorf("%q, allowed: %q, %v", raw, got, err)
		}
		if got, err := ask(assistant.ReplyOptions{}); err != nil || got != strings.TrimSpace(raw) {
			t.Errorf("%q, which the model itself ended: %q, %v", raw, got, err)
		}
	}
	for _, raw := range []string{" Row, row, row your boat", " Ha ha ha ha ha ha!", " 1. one\n2. one\n3. one\n4. one\n5. one\n6. one\n7. one\n8. one\n9. one\n10. one\n11. one", " Title\n" + strings.Repeat("=", 200)} {
		c, script := talk()
		script.Answer = samplingtest.InTurn([]samplingtest.Reply{{Text: raw, Reason: sampling.TokenLimit}}...)
		if got, err := c.Reply(t.Context(), "a", assistant.ReplyOptions{}); err != nil || got != strings.TrimSpace(raw) || !c.Transcript[0].Cut {
			t.Errorf("%q is not a loop: %q, %v", raw, got, err)
		}
	}
}

// A server without a repetition penalty is not asked again, nor is one that has
// a penalty already.
func TestLoopWithoutPenalty(t *testing.T) {
	raw := strings.Repeat(" no", 200)
	c, script := talk()
	script.Answer = samplingtest.InTurn([]samplingtest.Reply{{Text: raw}, {Err: fmt.Errorf("repetition_penalty: %w", sampling.ErrUnsupported)}, {Text: raw}}...)
	if got, err := c.Reply(t.Context(), "a", assistant.ReplyOptions{}); !errors.Is(err, assistant.ErrLoop) || !strings.HasPrefix(got, "no no") || len(script.Calls()) != 2 {
		t.Errorf("%.20q, %v, %d calls", got, err, len(script.Calls()))
	}
	o := assistant.ReplyOptions{Params: &sampling.Params{RepetitionPenalty: 1.05}}
	if _, err := c.Reply(t.Context(), "a", o); !errors.Is(err, assistant.ErrLoop) || len(script.Calls()) != 3 {
		t.Errorf("%v, %d calls", err, len(script.Calls()))
	}
}

// A prefill may repeat itself. A model that goes on with that may not.
func TestLoopAfterPrefill(t *testing.T) {
	c, _ := talk(" Done.", strings.Repeat(" no", 200))
	o := assistant.ReplyOptions{Prefill: strings.TrimSpace(strings.Repeat("no ", 200))}
	if got, err := c.Reply(t.Context(), "a", o); err != nil || got != o.Prefill+" Done." {
		t.Errorf("%q, %v", got, err)
	}
	o.Params = &sampling.Params{RepetitionPenalty: 1.1} // and so is asked for once
	if got, err := c.Reply(t.Context(), "a", o); !errors.Is(err, assistant.ErrLoop) || !strings.HasPrefix(got, o.Prefill) || len(got) > len(o.Prefill)+400 {
		t.Errorf("%d bytes after the prefill: %v", len(got)-len(o.Prefill), err)
	}
}

// What repeats something and yet gets somewhere is not a loop.
func TestNoLoops(t *testing.T) {
	var list, table, code, json strings.Builder
	for i := range 60 {
		fmt.Fprintf(&list, "%d. Put one more egg into the bowl and stir.\n", i+1)
		fmt.Fprintf(&table, "| %d | yes | yes | yes | no |\n", i)
		fmt.Fprintf(&code, "\tif err := step%d(); err != nil {\n\t\treturn err\n\t}\n", i)
		fmt.Fprintf(&json, "  {\"id\": %d, \"ok\": true, \"tags\": []},\n", i)
	}
	for name, raw := range map[string]string{
		"a numbered list":     list.String(),
		"a table":             "| n | a | b | c | d |\n|---|---|---|---|---|\n" + table.String(),
		"code":                "```go\n" + code.String() + "```",
		"JSON":                "[\n" + json.String() + "]",
		"a rule":              "Title\n" + strings.Repeat("=", 500) + "\n" + strings.Repeat("- ", 300),
		"a refrain of a song": strings.Repeat("Row, row, row your boat, gently down the stream. Merrily, merrily, merrily, merrily, life is but a dream.\n\n", 3) + "The end.",
		"digits":              "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798214808651328230664709384460955058223172535940812848111745028410270193852110555964462294895493038196",
		"laughter":            strings.Repeat("ha", 100) + "!",
	} {
		c, _ := talk(" " + raw)
		if got, err := c.Reply(t.Context(), "a", assistant.ReplyOptions{}); err != nil || got != strings.TrimSpace(raw) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
