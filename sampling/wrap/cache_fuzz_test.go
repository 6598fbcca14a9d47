package wrap_test

import (
	"testing"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// FuzzCache compares a Model with a Cache, twice, to one without: however the
// text is cut into chunks and wherever its stops are, nothing changes but that
// the second answer comes out of the cache.
func FuzzCache(f *testing.F) {
	f.Add("abab\nab", "ab\n", "\n", uint8(1))
	f.Add("aab", "ab", "aab", uint8(2))
	f.Add("나비\n", "비", "x", uint8(1))
	f.Fuzz(func(t *testing.T, text, one, other string, size uint8) {
		req := &sampling.Request{Params: sampling.Params{Seed: 1}}
		for _, s := range []string{one, other} {
			if s != "" && (len(req.Stop) == 0 || req.Stop[0] != s) {
				req.Stop = append(req.Stop, s)
			}
		}
		for _, s := range append([]string{text}, req.Stop...) {
			if !utf8.ValidString(s) {
				return
			}
		}
		script := &samplingtest.Script{Replies: []string{text}, Loop: true, ChunkSize: int(size)}
		want, err := sampling.Model{Backend: script}.Complete(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		asked := len(script.Calls())
		m := sampling.Model{Backend: new(wrap.Cache).Wrap(script)}
		for i := range 3 {
			got, err := m.Complete(t.Context(), req)
			if err != nil || got.Text != want.Text || got.Reason != want.Reason || got.Stop != want.Stop {
				t.Errorf("time %d: %+v, %v, want %+v", i, got, err, want)
			}
		}
		if n := len(script.Calls()) - asked; n != 1 {
			t.Errorf("the backend was asked %d times", n)
		}
		// A reader of its own gets no part of a stop sequence either.
		if got, err := read(t.Context(), m.Backend, req); err != nil || got != want.Text {
			t.Errorf("the chunks are %q, %v, want %q", got, err, want.Text)
		}
	})
}
