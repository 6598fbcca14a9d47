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
		"behind a long text":   long.String() + strings.Repeat("And so on. ", 60),
		"a list going nowhere": " 1. One\n" + strings.Repeat("- Take the wheel off the bicycle.\n", 40),
	} {
		script := &samplingtest.Script{Replies: []string{raw}, ChunkSize: 1}
		c := assistant.Conversation{Model: sampling.Model{Backend: script}}
		got, err := c.Reply(t.Context(), "a")
		var bad *assistant.ReplyError
		if !errors.Is(err, assistant.ErrLoop) || !errors.As(err, &bad) || bad.Text != got || len(c.Transcript) != 0 {
			t.Errorf("%s: %q, %v", name, got, err)
			continue
		}
		if call := script.Calls()[0]; call.Finished || len(call.Text) > len(got)+2 {
			t.Errorf("%s: %d bytes were given out, and the model went on to %d", name, len(got), len(call.Text))
		}
		if !strings.HasPrefix(strings.TrimSpace(raw), got) {
			t.Errorf("%s: the caller saw %q", name, got)
		}
		c.Model.Backend = &samplingtest.Script{Replies: []string{raw}}
		if whole, err := c.Reply(t.Context(), "a"); !errors.Is(err, assistant.ErrLoop) || whole != got {
			t.Errorf("%s: in one chunk %d bytes were given out, and %d letter by letter: %v", name, len(whole), len(got), err)
		}
	}
}

// A prefill may repeat itself. A model that goes on with that may not.
func TestLoopAfterPrefill(t *testing.T) {
	c, _ := talk(" Done.", strings.Repeat(" no", 200))
	c.Prefill = strings.TrimSpace(strings.Repeat("no ", 200))
	if got, err := c.Reply(t.Context(), "a"); err != nil || got != c.Prefill+" Done." {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := c.Reply(t.Context(), "a"); !errors.Is(err, assistant.ErrLoop) || !strings.HasPrefix(got, c.Prefill) || len(got) > len(c.Prefill)+400 {
		t.Errorf("%d bytes behind the prefill: %v", len(got)-len(c.Prefill), err)
	}
}

// What repeats something and yet gets somewhere is no loop.
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
		if got, err := c.Reply(t.Context(), "a"); err != nil || got != strings.TrimSpace(raw) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
