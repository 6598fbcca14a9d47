package main

import (
	"context"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// TestBeyondConforms runs the kit on it: to a caller it is a backend like the one
// inside.
func TestBeyondConforms(t *testing.T) {
	samplingtest.Kit{}.TestBackend(t, func(t *testing.T) sampling.Backend {
		return &beyond{pocket.Default(), 10, func(string) {}}
	})
}

// TestBeyond looks at every size of chunks whether the caller is given what it
// would be without, and the rest is shown.
func TestBeyond(t *testing.T) {
	const text = " 선생님\nmorning: 아침\nevening: 저녁"
	for size := 1; size <= len(text); size++ {
		var shown strings.Builder
		inner := &samplingtest.Script{Answer: samplingtest.Always(text), ChunkSize: size}
		m := sampling.Model{Backend: &beyond{inner, 1000, func(s string) { shown.WriteString(s) }}}
		c, err := m.Complete(t.Context(), &sampling.Request{Prompt: "teacher:", Stop: []string{"\n"}})
		if err != nil || c.Text != " 선생님" || c.Stop != "\n" {
			t.Fatalf("chunks of %d: %+v, %v", size, c, err)
		}
		if want := strings.TrimPrefix(text, c.Text); shown.String() != want {
			t.Fatalf("chunks of %d: %q was shown, want %q", size, shown.String(), want)
		}
	}
}

// TestBeyondLeaves looks whether it ends when it should: after so many chunks, at
// once when the caller is gone, and without a word about errors after the stop.
func TestBeyondLeaves(t *testing.T) {
	inner := &samplingtest.Script{Answer: samplingtest.Always(strings.Repeat("a\n", 100)), ChunkSize: 1}
	n := 0
	m := sampling.Model{Backend: &beyond{inner, 5, func(string) { n++ }}}
	req := &sampling.Request{Prompt: "x", Stop: []string{"\n"}}
	if _, err := m.Complete(t.Context(), req); err != nil || n != 1+5 {
		t.Errorf("%d pieces, %v; want the stop and 5", n, err)
	}

	n = 0
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range m.Stream(ctx, &sampling.Request{Prompt: "x"}) {
		cancel()
		break
	}
	if n != 0 {
		t.Errorf("%d pieces were shown to nobody", n)
	}
	if calls := inner.Calls(); calls[1].Chunks > 1 {
		t.Errorf("%d chunks were drawn for nobody", calls[1].Chunks)
	}
}
