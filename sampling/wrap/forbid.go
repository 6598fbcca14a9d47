package wrap

import (
	"context"
	"fmt"
	"iter"
	"unicode/utf8"

	"github.com/foreword-go/foreword/internal/words"
	"github.com/foreword-go/foreword/sampling"
)

// Forbid returns a Wrapper that keeps a backend from reproducing protected texts.
// It ends a continuation with the Reason [sampling.Filtered] before the
// continuation contains more than n words in a row of one of the texts. The word
// that would exceed the limit is cut off, with everything after it. Shorter
// overlaps pass. The prompt is not guarded, and does not count toward a run.
//
// A word is a run of letters and digits of at most 64 characters. A punctuation
// mark, and each character of a script that is written without spaces, counts as
// a word too. Texts are compared in Unicode normal form C, without white space.
//
// The guard holds back only the last word, until the next one begins. It stores a
// 64-bit hash of each run of n+1 words, which takes about 16 bytes for each word
// of the texts, and looks up one hash for each word of a continuation. With a
// million protected words, the probability that an unprotected run is cut is
// about 10^-13.
//
// It is an error wrapping [sampling.ErrInvalid] to pass no text, or a text that
// has no run of more than n words.
//
// Draw returns [sampling.ErrUnsupported], so that a Model draws one continuation
// at a time and the guard reads each. Other abilities pass through. The Wrapper
// and the backends that it wraps are safe for concurrent use.
func Forbid(n int, texts ...string) (Wrapper, error) {
	if n < 1 {
		return nil, fmt.Errorf("wrap: Forbid: %w: the limit is %d words; allow at least 1", sampling.ErrInvalid, n)
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("wrap: Forbid: %w: no text to protect; pass at least one", sampling.ErrInvalid)
	}
	tooShort := func(i int) error {
		return fmt.Errorf("wrap: Forbid: %w: text %d has no run of more than %d words, so it would not be protected; lower the limit", sampling.ErrInvalid, i+1, n)
	}
	for i, text := range texts {
		if n >= len(text) { // a word has at least one byte
			return nil, tooShort(i)
		}
	}
	runs := newRunSet(n + 1)
	for i, text := range texts {
		if runs.add(text) == 0 {
			return nil, tooShort(i)
		}
	}
	runs.build()
	return forbid{runs}, nil
}

// forbid is the Wrapper of Forbid.
type forbid struct{ runs *runSet }

// Wrap implements [Wrapper].
func (f forbid) Wrap(backend sampling.Backend) sampling.Backend {
	return guard{inside(backend), f.runs}
}

// A guard reads the text of a backend.
type guard struct {
	sampling.Forward
	runs *runSet
}

// Draw implements [sampling.Drawer]. Completions that are drawn together do not pass
// through Sample.
func (g guard) Draw(context.Context, *sampling.Request, int) ([]*sampling.Completion, error) {
	return nil, fmt.Errorf("wrap: Forbid: %w: completions are drawn one at a time", sampling.ErrUnsupported)
}

// Sample yields the backend's chunks up to the first forbidden run.
func (g guard) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		w := watch{runs: g.runs, last: make([]uint64, g.runs.length)}
		// flush yields the held text when the stream breaks off, and reports whether
		// the caller still wants the error.
		flush := func() bool {
			rest := w.read(sampling.Chunk{}, true)
			if rest.Text == "" && rest.Reason == sampling.Unfinished {
				return true
			}
			return yield(rest, nil) && rest.Reason == sampling.Unfinished
		}
		for chunk, err := range g.Backend.Sample(ctx, req) {
			if err != nil {
				if flush() {
					yield(sampling.Chunk{}, err)
				}
				return
			}
			chunk = w.read(chunk, chunk.Reason != sampling.Unfinished)
			if chunk.Text == "" && len(chunk.Tokens) == 0 && chunk.Reason == sampling.Unfinished && chunk.Usage == (sampling.Usage{}) {
				continue
			}
			if !yield(chunk, nil) || chunk.Reason != sampling.Unfinished {
				return
			}
		}
		flush() // Model reports that the stream ended without a reason
	}
}

// A watch reads one continuation.
type watch struct {
	runs *runSet
	held string // the last word, which may continue

	// The hashes of the last words, in a ring, and of their run.
	last []uint64
	seen int
	hash uint64

	tokens []sampling.Token // held back
	credit int              // bytes of text passed on whose tokens are held back
}

// read takes the next chunk and returns the part that may be passed on: all of it
// at the end.
func (w *watch) read(chunk sampling.Chunk, end bool) sampling.Chunk {
	text := chunk.Text
	if w.held != "" {
		text = w.held + text
	}
	keep, forbidden := w.scan(text, end)
	chunk.Text, w.held = text[:keep], text[keep:]
	w.tokens = append(w.tokens, chunk.Tokens...)
	w.credit += keep
	n := 0
	for n < len(w.tokens) && len(w.tokens[n].Text) <= w.credit {
		w.credit -= len(w.tokens[n].Text)
		n++
	}
	chunk.Tokens, w.tokens = w.tokens[:n:n], w.tokens[n:]
	if forbidden {
		chunk.Reason, chunk.Stop = sampling.Filtered, ""
	}
	return chunk
}

// scan reads the words of text. It returns how many bytes may be passed on, and
// whether the next word is forbidden. Before the end, the last word is not read
// yet, and neither is an incomplete rune.
func (w *watch) scan(text string, end bool) (keep int, forbidden bool) {
	for at := 0; at < len(text); {
		n, space := words.Span(text[at:])
		whole := utf8.FullRuneInString(text[at:]) && (space || utf8.FullRuneInString(text[at+n:]))
		if !whole && !end {
			return at, false
		}
		if space {
			at += n
			continue
		}
		if w.next(hashWord(text[at : at+n])) {
			return at, true
		}
		at += n
	}
	return len(text), false
}

// next moves on by a word and reports whether the last run is forbidden.
func (w *watch) next(word uint64) bool {
	slot := &w.last[w.seen%len(w.last)]
	if w.seen >= len(w.last) {
		w.hash -= *slot * w.runs.power // the word that leaves the run
	}
	*slot = word
	w.hash = w.hash*base + word
	w.seen++
	return w.seen >= len(w.last) && w.runs.has(w.hash)
}
