package probe

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// Forbid returns the backend with a guard around it, which ends a continuation
// with the Reason [sampling.Filtered] before it gives out more than n tokens in a
// row of one of the protected texts: the token that would be one too many, and
// all behind it, is cut off. Shorter runs in common pass. The prompt is not
// guarded, and a run is counted from where the continuation begins.
//
// The guard holds back one token, the last, until the next begins. It knows the
// texts by 64-bit hashes of all their runs of n+1 tokens, about 16 bytes for each
// token of the texts, and costs each token of a continuation one look-up. A run
// that is in none of them is taken for one that is with a probability of 10^-13
// for a million protected tokens.
//
// It is an error when there is no text, or one that is too short to have a run of
// more than n tokens: nothing would protect it.
//
// The guarded backend counts and scores if the backend does. It does not draw
// several continuations at once, so that Model draws them singly.
func Forbid(backend sampling.Backend, n int, texts ...string) (sampling.Backend, error) {
	if backend == nil {
		return nil, errors.New("probe: Forbid around no backend")
	}
	if n < 1 {
		return nil, fmt.Errorf("probe: Forbid at runs over %d tokens; allow at least 1, or no text would be left", n)
	}
	if len(texts) == 0 {
		return nil, errors.New("probe: Forbid without a text to protect; give at least one")
	}
	tooShort := func(i int) error {
		return fmt.Errorf("probe: protected text %d has no run of more than %d tokens, so nothing would protect it; allow fewer", i+1, n)
	}
	for i, text := range texts {
		if n >= len(text) { // a token has a byte at least
			return nil, tooShort(i)
		}
	}
	g := guard{inner: backend, runs: newRunSet(n + 1)}
	for i, text := range texts {
		if g.runs.add(text) == 0 {
			return nil, tooShort(i)
		}
	}
	g.runs.build()
	counter, counts := backend.(sampling.Counter)
	scorer, scores := backend.(sampling.Scorer)
	switch {
	case counts && scores:
		return struct {
			guard
			sampling.Counter
			sampling.Scorer
		}{g, counter, scorer}, nil
	case counts:
		return struct {
			guard
			sampling.Counter
		}{g, counter}, nil
	case scores:
		return struct {
			guard
			sampling.Scorer
		}{g, scorer}, nil
	}
	return g, nil
}

// A guard is a backend that watches another.
type guard struct {
	inner sampling.Backend
	runs  *runSet
}

// Sample yields the inner backend's chunks, as far as they may be given out.
func (g guard) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		w := watch{runs: g.runs, last: make([]uint64, g.runs.length)}
		// flush gives out what is held when the inner stream breaks off, and
		// reports whether there is more to say: that it did.
		flush := func() bool {
			rest := w.end(sampling.Chunk{})
			if rest.Text == "" && rest.Reason == sampling.Unfinished {
				return true
			}
			return yield(rest, nil) && rest.Reason == sampling.Unfinished
		}
		for chunk, err := range g.inner.Sample(ctx, req) {
			if err != nil {
				if flush() {
					yield(sampling.Chunk{}, err)
				}
				return
			}
			chunk = w.read(chunk)
			if chunk.Text == "" && len(chunk.Tokens) == 0 && chunk.Reason == sampling.Unfinished && chunk.Usage == nil {
				continue
			}
			if !yield(chunk, nil) || chunk.Reason != sampling.Unfinished {
				return
			}
		}
		flush() // without an error, which is for Model to find
	}
}

// A watch reads one continuation.
type watch struct {
	runs *runSet
	held string // the last token, which may go on

	// The hashes of the last tokens, in a ring, and of their run.
	last []uint64
	seen int
	hash uint64

	tokens []sampling.Token // not given out
	credit int              // bytes given out that no given-out token accounts for
}

// read takes the next chunk and returns what of it can be given out.
func (w *watch) read(chunk sampling.Chunk) sampling.Chunk {
	if chunk.Reason != sampling.Unfinished {
		return w.end(chunk)
	}
	text := w.joined(chunk.Text)
	keep, forbidden := w.scan(text, false)
	w.held = text[keep:]
	return w.give(chunk, text[:keep], forbidden)
}

// end takes the last chunk and returns all that can be given out.
func (w *watch) end(chunk sampling.Chunk) sampling.Chunk {
	text := w.joined(chunk.Text)
	keep, forbidden := w.scan(text, true)
	w.held = ""
	return w.give(chunk, text[:keep], forbidden)
}

func (w *watch) joined(text string) string {
	if w.held == "" {
		return text
	}
	return w.held + text
}

// scan reads the tokens of text and returns how much of it may be given out, and
// whether what follows is forbidden. The last token counts only at the end, and
// half a rune could be any.
func (w *watch) scan(text string, end bool) (keep int, forbidden bool) {
	for at := 0; at < len(text); {
		n, k := span(text[at:])
		whole := utf8.FullRuneInString(text[at:]) && (k == space || utf8.FullRuneInString(text[at+n:]))
		if !whole && !end {
			return at, false
		}
		if k == space {
			at += n
			continue
		}
		if w.next(hashToken(text[at : at+n])) {
			return at, true
		}
		at += n
	}
	return len(text), false
}

// next moves on by a token and reports whether the last run is forbidden.
func (w *watch) next(token uint64) bool {
	slot := &w.last[w.seen%len(w.last)]
	if w.seen >= len(w.last) {
		w.hash -= *slot * w.runs.power // the token that falls out of the run
	}
	*slot = token
	w.hash = w.hash*base + token
	w.seen++
	return w.seen >= len(w.last) && w.runs.has(w.hash)
}

func (w *watch) give(chunk sampling.Chunk, text string, forbidden bool) sampling.Chunk {
	w.tokens = append(w.tokens, chunk.Tokens...)
	w.credit += len(text)
	n := 0
	for n < len(w.tokens) && len(w.tokens[n].Text) <= w.credit {
		w.credit -= len(w.tokens[n].Text)
		n++
	}
	chunk.Text, chunk.Tokens, w.tokens = text, w.tokens[:n:n], w.tokens[n:]
	if forbidden {
		chunk.Reason, chunk.Stop = sampling.Filtered, ""
	}
	return chunk
}
