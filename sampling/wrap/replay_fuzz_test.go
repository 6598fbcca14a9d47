package wrap

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// FuzzReplayRead reads files that nobody wrote. Whatever is accepted can be
// asked, and nothing panics.
func FuzzReplayRead(f *testing.F) {
	for _, name := range []string{"testdata/exchanges.jsonl", "testdata/capitals.jsonl"} {
		file, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Add([]byte(`{"format":"foreword exchanges 1"}` + "\n" + `{"ask":{"method":"draw"},"answer":{"completions":[{}],"error":{"text":"x","is":["budget"],"fault":{}}}}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		b, err := Replay{AnySeed: true}.Read(bytes.NewReader(file))
		if err != nil {
			if b != nil {
				t.Error("both a backend and an error")
			}
			return
		}
		ctx := context.Background()
		for line := range bytes.Lines(file) {
			for _, prompt := range []string{string(line), "p"} {
				m := sampling.Model{Backend: b}
				m.Complete(ctx, &sampling.Request{Prompt: prompt})
				m.Draw(ctx, &sampling.Request{Prompt: prompt}, 2)
				m.Score(ctx, &sampling.Request{Prompt: prompt}, []string{"a"})
				m.Count(context.Background(), prompt)
			}
		}
	})
}

// FuzzTextDifference compares a difference with the plain meaning of one: what
// stands before it is alike in both texts, and what stands at it is not.
func FuzzTextDifference(f *testing.F) {
	f.Add("Q: 나비\nA:", "Q: 나방\nA:")
	f.Add("abab", "ab")
	f.Add("", "é")
	f.Fuzz(func(t *testing.T, a, b string) {
		if a == b || !utf8.ValidString(a) || !utf8.ValidString(b) {
			return
		}
		d := textDifference("prompt", a, b)
		if !utf8.ValidString(d.words) || d.weight < 0.5 || d.weight > 3 {
			t.Errorf("%q and %q: %+v", a, b, d)
		}
		at := 0
		for _, r := range a {
			if !strings.HasPrefix(b[min(at, len(b)):], string(r)) {
				break
			}
			at += utf8.RuneLen(r)
		}
		if want := fmt.Sprintf("prompt (at byte %d:", at); !strings.HasPrefix(d.words, want) {
			t.Errorf("%q and %q: %s, want %s", a, b, d.words, want)
		}
	})
}
