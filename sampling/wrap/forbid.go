package wrap

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

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
// 64-bit hash of each run of n+1 words, which takes about 10 bytes for each word of
// the texts, and looks up one hash for each word of a continuation. With a million
// protected words, the probability that an unprotected run is cut is about 10^-13.
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
	p := &protected{seed: maphash.MakeSeed(), most: n}
	for i, text := range texts {
		if !p.add(text) {
			return nil, fmt.Errorf("wrap: Forbid: %w: text %d has no run of more than %d words, so it would not be protected; lower the limit", sampling.ErrInvalid, i+1, n)
		}
	}
	slices.Sort(p.runs)
	p.runs = slices.Compact(p.runs)
	return p, nil
}

// protected holds the forbidden runs of words, as hashes. A run is a byte slice with a
// hash of wordSize bytes for each word.
type protected struct {
	seed maphash.Seed
	most int      // words in a row that may pass
	runs []uint64 // sorted
}

const wordSize = 8

// add adds all runs of a text. It returns false if there are none.
func (p *protected) add(text string) bool {
	var all []byte
	for word := range words.All(text) {
		all = p.appendWord(all, word.Text)
	}
	if len(all)/wordSize <= p.most {
		return false
	}
	for size := (p.most + 1) * wordSize; len(all) >= size; all = all[wordSize:] {
		p.runs = append(p.runs, p.hash(all[:size]))
	}
	return true
}

// appendWord appends a word in normal form to a run.
func (p *protected) appendWord(run []byte, word string) []byte {
	return binary.LittleEndian.AppendUint64(run, maphash.String(p.seed, word))
}

func (p *protected) hash(run []byte) uint64 { return maphash.Bytes(p.seed, run) }

// Wrap implements [Wrapper].
func (p *protected) Wrap(backend sampling.Backend) sampling.Backend {
	return guard{inside(backend), p}
}

// A guard reads the text of a backend.
type guard struct {
	sampling.Forward
	texts *protected
}

// Draw implements [sampling.Drawer]. Completions that are drawn together do not pass
// through Sample.
func (g guard) Draw(context.Context, *sampling.Request, int) ([]*sampling.Completion, error) {
	return nil, fmt.Errorf("wrap: Forbid: %w: completions are drawn one at a time", sampling.ErrUnsupported)
}

// Sample yields the backend's chunks up to the first forbidden run.
func (g guard) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		w := watch{texts: g.texts}
		for chunk, err := range g.Backend.Sample(ctx, req) {
			if err != nil {
				chunk = sampling.Chunk{}
			}
			chunk = w.read(chunk, err != nil || chunk.Reason != sampling.Unfinished)
			if !empty(chunk) && !yield(chunk, nil) || chunk.Reason != sampling.Unfinished {
				return
			}
			if err != nil {
				yield(sampling.Chunk{}, err)
				return
			}
		}
		// Model reports that the stream ended without a reason.
		if rest := w.read(sampling.Chunk{}, true); !empty(rest) {
			yield(rest, nil)
		}
	}
}

// empty reports whether a chunk tells nothing, since all of its text is held back.
func empty(c sampling.Chunk) bool {
	return c.Text == "" && len(c.Tokens) == 0 && c.Reason == sampling.Unfinished && c.Usage == (sampling.Usage{})
}

// A watch reads one continuation.
type watch struct {
	texts *protected
	run   []byte // the last words
	held  string // the word after them, which may continue

	tokens []sampling.Token // held back
	credit int              // bytes of text passed on whose tokens are held back
}

// read takes the next chunk and returns the part that may be passed on: all of it
// at the end.
func (w *watch) read(chunk sampling.Chunk, end bool) sampling.Chunk {
	text := w.held + chunk.Text
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
		if w.next(norm.NFC.String(text[at : at+n])) {
			return at, true
		}
		at += n
	}
	return len(text), false
}

// next moves on by a word and reports whether the run that ends with it is forbidden.
func (w *watch) next(word string) bool {
	kept := min(len(w.run), w.texts.most*wordSize)
	w.run = w.texts.appendWord(w.run[len(w.run)-kept:], word)
	_, forbidden := slices.BinarySearch(w.texts.runs, w.texts.hash(w.run))
	return forbidden
}
