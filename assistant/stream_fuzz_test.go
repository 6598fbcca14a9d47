package assistant_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// heard is what a caller sees of one reply.
type heard struct {
	text   string
	err    error
	calls  []samplingtest.Call
	pieces []string
}

// hear asks a scripted model that says raw in the given chunks.
func hear(t *testing.T, persona assistant.Persona, prefill, raw string, split func(string) []string) heard {
	t.Helper()
	script := &samplingtest.Script{Answer: samplingtest.Always(raw)}
	if split != nil {
		var reply samplingtest.Reply
		for _, piece := range split(raw) {
			reply.Chunks = append(reply.Chunks, sampling.Chunk{Text: piece})
		}
		reply.Chunks = append(reply.Chunks, sampling.Chunk{Reason: sampling.EndOfText})
		script = &samplingtest.Script{Answer: samplingtest.Always(reply)}
	}
	c := assistant.Conversation{Model: sampling.Model{Backend: script}, Persona: persona}
	var h heard
	for piece, err := range c.Stream(t.Context(), "a", assistant.ReplyOptions{Prefill: prefill}) {
		h.text += piece.Text
		if h.err = err; err == nil {
			if piece.Reason == sampling.Unfinished || piece.Text != "" { // the last chunk may have its reason only
				h.pieces = append(h.pieces, piece.Text)
			}
		}
	}
	h.calls = script.Calls()
	switch turns := c.Transcript; {
	case h.err == nil && (len(turns) != 1 || turns[0].Reply != h.text):
		t.Fatalf("heard %q, and the transcript is %+v", h.text, turns)
	case h.err != nil && len(turns) != 0:
		t.Fatalf("after %v the transcript is %+v", h.err, turns)
	}
	return h
}

// expected says what a caller should see of raw, from the documentation and by
// the plainest means.
func expected(persona assistant.Persona, prefill, raw string) string {
	raw = strings.ReplaceAll(raw, "\x00", "\ufffd")
	raw = strings.Join(strings.Split(raw, "\xff"), "\ufffd")
	rest, _ := upToMark(persona, prefill, raw)
	if prefill == "" {
		return strings.TrimSpace(oracleFor(persona).unstuff(rest))
	}
	line, more, broken := strings.Cut(rest, "\n") // the caller wrote the beginning of the first line
	if broken {
		line += "\n" + oracleFor(persona).unstuff(more)
	}
	return strings.TrimSpace(prefill + line)
}

// upToMark returns the model's part of a reply before the first mark that it
// completes, and the mark.
func upToMark(persona assistant.Persona, prefill, raw string) (before, mark string) {
	o := oracleFor(persona)
	raw, mark = sampling.Cut(raw, o.stops())
	if o.layout != assistant.Headings && prefill == "" {
		raw = strings.TrimPrefix(raw, " ")
	}
	// A mark may also be at the beginning, or after another kind of line end.
	text, begin := "\n\n"+prefill+normalEnds(raw), len("\n\n"+prefill)
	before, first := text[begin:], len(text)+1
	for _, stop := range o.stops() {
		from := max(0, begin-len(stop)+1)
		at := strings.Index(text[from:], stop)
		if end := from + at + len(stop); at >= 0 && end < first {
			before, mark, first = text[begin:max(begin, from+at)], stop, end
		}
	}
	return before, mark
}

func runes(s string) []string {
	var pieces []string
	for len(s) > 0 {
		_, n := utf8.DecodeRuneInString(s)
		pieces = append(pieces, s[:n])
		s = s[n:]
	}
	return pieces
}

// FuzzStream checks that for every chunking of a reply the caller sees the same
// bytes, none of them after a mark, and that the model was stopped within
// one chunk of it.
func FuzzStream(f *testing.F) {
	for layout := range uint8(len(layouts)) {
		f.Add(layout, uint8(0), uint8(0), []byte{0, 14, 0}, uint16(3))
		f.Add(layout, uint8(0), uint8(1), []byte{1, 1, 3, 2, 1, 4, 2, 23, 3, 0}, uint16(1))
		f.Add(layout, uint8(2), uint8(3), []byte{22, 3, 0, 2, 2, 8, 2, 7, 24, 5}, uint16(5))
	}
	f.Fuzz(func(t *testing.T, layout, name, prefill uint8, data []byte, cut uint16) {
		// Each byte is a piece; what longer texts have to show they show early.
		data = data[:min(len(data), 1000)]
		checkStream(t, layouts[layout%3], names[int(name)%len(names)], prefills[int(prefill)%len(prefills)], dense(data), splits(int(cut)))
	})
}

// prefills are beginnings of replies, also with half a mark at their end.
var prefills = []string{"", "Sure", "ok\n Human", "ok\nHuman", "Hum", "ok\n # Query", "ok\n\n--", "Human: a\n ``"}

// splits are ways to cut a reply into chunks.
func splits(cut int) []func(string) []string {
	return []func(string) []string{
		func(s string) []string { return []string{s} },
		runes,
		func(s string) []string { // byte by byte, in the middle of runes
			pieces := make([]string, len(s))
			for i := range len(s) {
				pieces[i] = s[i : i+1]
			}
			return pieces
		},
		func(s string) []string { // two chunks, cut anywhere between runes
			all := runes(s)
			at := cut % (len(all) + 1)
			return []string{strings.Join(all[:at], ""), strings.Join(all[at:], "")}
		},
		func(s string) []string { // of growing length
			var pieces []string
			for all, n := runes(s), 1; len(all) > 0; n++ {
				n := min(n+cut%3, len(all))
				pieces = append(pieces, strings.Join(all[:n], ""))
				all = all[n:]
			}
			return pieces
		},
	}
}

func checkStream(t *testing.T, layout assistant.Layout, names [2]string, prefill, raw string, splits []func(string) []string) {
	t.Helper()
	persona := assistant.Persona{Layout: layout, User: names[0], Name: names[1]}
	want := expected(persona, prefill, raw)
	for _, split := range splits {
		h := hear(t, persona, prefill, raw, split)
		switch {
		case errors.Is(h.err, assistant.ErrLoop):
			if !strings.HasPrefix(want, h.text) {
				t.Fatalf("of %q a loop was found in %q", raw, h.text)
			}
			continue
		case errors.Is(h.err, assistant.ErrEmpty):
			if want != "" || len(h.calls) != 2 {
				t.Fatalf("of %q nothing was left after %d calls; want %q", raw, len(h.calls), want)
			}
			continue
		case h.err != nil:
			t.Fatal(h.err)
		}
		if h.text != want {
			t.Fatalf("of %q as %q the caller sees %q, want %q", raw, split(raw), h.text, want)
		}
		if slices.Contains(h.pieces, "") {
			t.Fatalf("an empty piece among %q", h.pieces)
		}
		checkStopped(t, persona, prefill, h.calls[0], split(raw))
	}
}

// checkStopped checks that the model was left in the chunk in which a mark was
// complete. A mark with which a longer one begins is held back until it is clear
// which of the two it is.
func checkStopped(t *testing.T, persona assistant.Persona, prefill string, call samplingtest.Call, chunks []string) {
	t.Helper()
	sofar := ""
	for i, chunk := range chunks {
		sofar += chunk
		_, mark := upToMark(persona, prefill, sofar)
		longer := func(stop string) bool {
			return stop != mark && strings.HasPrefix(strings.TrimLeft(stop, "\n"), strings.TrimLeft(mark, "\n"))
		}
		if stops := oracleFor(persona).stops(); mark == "" || slices.ContainsFunc(stops, longer) {
			continue
		}
		if call.Chunks > i+1 {
			t.Fatalf("%d chunks of %q were read; a mark was complete after %d, in %q", call.Chunks, chunks, i+1, sofar)
		}
		return
	}
}

// TestStreamExhaustively runs the same check over pairs of pieces: one pair in seven,
// or all of them if long is set.
func TestStreamExhaustively(t *testing.T) {
	step := 7
	if long {
		step = 1
	}
	for i := 0; i < len(pieces)*len(pieces); i += step {
		a, b := i/len(pieces), i%len(pieces)
		raw, layout := dense([]byte{byte(a), byte(b)}), layouts[i%len(layouts)]
		checkStream(t, layout, names[0], prefills[i%len(prefills)], raw, splits(b))
		checkStream(t, layouts[(i+1)%len(layouts)], names[(a+b)%len(names)], "", "b"+raw+"b", splits(a))
	}
}

// Every place at which a reply that goes on to a question may be cut.
func TestEveryCut(t *testing.T) {
	for layout, next := range map[assistant.Layout]string{
		assistant.Dialogue: "\n\nHuman: And the sea?\n\nAssistant: It", assistant.Dashes: "\n\n-----\n\nHuman: And the sea?",
		assistant.Headings: "\n````\n\n# Query:\n````\nAnd the sea?\n",
	} {
		const answer = "Human: is not a label here: a Human: may say\n  Human:\n\n# Sky\n\n```go\nfunc f() {}\n```\nthat — 하늘"
		for _, raw := range []string{" Well. " + answer + next, " Well. " + answer} {
			for i := range len(runes(raw)) + 1 {
				checkStream(t, layout, [2]string{}, "", raw, splits(i)[3:4]) // in two chunks
			}
		}
	}
}

// A caller may leave at any chunk, also at the one that comes before an error.
func TestLeavingWhereItFails(t *testing.T) {
	for name, reply := range map[string]samplingtest.Reply{
		"broken off":  {Text: " Hello\n", Err: errors.New("the server is gone")},
		"filtered":    {Text: " Hello", Reason: sampling.Filtered},
		"in a loop":   {Text: " " + strings.Repeat("no ", 200)},
		"as it ought": {Text: " Hello"},
	} {
		for leave := range 4 {
			c := assistant.Conversation{Model: sampling.Model{Backend: &samplingtest.Script{Answer: samplingtest.InTurn(reply)}}}
			n := 0
			for range c.Stream(t.Context(), "a", assistant.ReplyOptions{}) {
				if n++; n > leave {
					break // one more call of the loop's body would panic
				}
			}
			if n == 0 || name != "as it ought" && len(c.Transcript) != 0 {
				t.Errorf("%s, left after %d: %d chunks, %v", name, leave, n, c.Transcript)
			}
		}
	}
}
