package pocket

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// A Model is a base model trained on a set of documents. Make one with [Train], or
// use the [Default] one. It is immutable and safe for concurrent use.
//
// A Model is a [sampling.Backend], [sampling.Drawer], [sampling.Counter],
// [sampling.Scorer] and [sampling.Constrainer]. It has no context window: prompts
// may have any length, and take linear time.
type Model struct {
	words     *vocabulary
	newline   int32 // the token "\n", or unknown
	documents []document

	// holders[start[token]:start[token+1]] are the documents that have the token.
	holders []holder
	start   []int32

	total int     // the number of tokens of all documents
	some  []int32 // evenly spaced tokens of the vocabulary, which represent all

	samplers sync.Pool
}

// A holder is a document that has a token. The contexts that end in the token are at
// lo up to, but not including, hi. different is how many different tokens follow them.
type holder struct{ document, lo, hi, different int32 }

// Train returns a model of the texts in docs. Each regular file, at any depth, is a
// document named by its path. The line break at the end of a file does not count,
// and empty files are skipped.
//
// A file that cannot be read or is not UTF-8 is an error that names it, and so is
// an empty docs. Training takes about 60 ms and 6 MB for each megabyte of text.
func Train(docs fs.FS) (*Model, error) {
	m := &Model{words: newVocabulary()}
	var texts [][]int32
	err := fs.WalkDir(docs, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		data, err := fs.ReadFile(docs, path)
		if err != nil {
			return err
		}
		text := string(data)
		if i := invalidUTF8(text); i >= 0 {
			return fmt.Errorf("%s is not valid UTF-8 at byte %d; convert it, or leave it out of the documents", path, i)
		}
		if tokens := m.words.encode(strings.TrimSuffix(text, "\n")); len(tokens) > 1 {
			m.documents = append(m.documents, document{name: path})
			texts = append(texts, tokens)
			m.total += len(tokens)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("pocket: reading the documents: %w", err)
	case len(texts) == 0:
		return nil, errors.New("pocket: no document to train on; add a file with text")
	case m.total > math.MaxInt32:
		return nil, fmt.Errorf("pocket: the documents have %d tokens, and the limit is %d; leave some out", m.total, math.MaxInt32)
	}
	m.newline = m.words.id("\n")
	m.index(texts)
	return m, nil
}

// invalidUTF8 returns the place of the first byte that is not UTF-8, or -1.
func invalidUTF8(text string) int {
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)) {
			return i
		}
	}
	return -1
}

// Documents returns the paths of the training documents, in ascending order.
func (m *Model) Documents() []string {
	names := make([]string, len(m.documents))
	for i := range m.documents {
		names[i] = m.documents[i].name
	}
	return names
}

// index builds the index of each text, and the index from tokens to documents.
func (m *Model) index(texts [][]int32) {
	tokens := len(m.words.text)
	m.start = make([]int32, tokens+1)
	seen := make([]int32, tokens)
	var contexts sorter
	all := make([]holder, 0, m.total/2) // enough for ordinary text
	held := make([]int32, 0, m.total/2) // the token that each of them holds
	for i, text := range texts {
		d := &m.documents[i]
		order, place := contexts.sort(text)
		d.build(text, order, place, seen)
		for lo, hi := int32(0), int32(0); int(lo) < len(order); lo = hi {
			for hi++; d.common[hi] > 0; hi++ {
			}
			token := text[order[lo]]
			all = append(all, holder{int32(i), lo, hi, d.different(lo, hi)})
			held = append(held, token)
			m.start[token+1]++
		}
		texts[i] = nil
	}
	for token := range tokens {
		m.start[token+1] += m.start[token]
	}
	m.holders = make([]holder, len(all))
	free := slices.Clone(m.start)
	for i, h := range all {
		m.holders[free[held[i]]] = h
		free[held[i]]++
	}
	m.some = make([]int32, min(visits, tokens-1))
	for i := range m.some {
		m.some[i] = int32(1 + i*(tokens-1)/len(m.some)) // without the boundary
	}
}

// holding returns the documents that have a token, in ascending order.
func (m *Model) holding(token int32) []holder {
	if token == unknown {
		return nil
	}
	return m.holders[m.start[token]:m.start[token+1]]
}

// unigram returns the probability of a token without context in the document of h.
func (m *Model) unigram(h holder) float64 {
	return float64(h.hi-h.lo) / float64(len(m.documents[h.document].next))
}

// anywhere returns the probability of a token that a document does not have. It is one
// of the corpus, with equal probabilities, or a new one, by the estimate of Witten and
// Bell (1991). For an unknown token, multiply by the probability of its spelling, which
// is often too small for a float64.
func (m *Model) anywhere(token int32) float64 {
	known := float64(len(m.words.text))
	fresh := known / (known + float64(m.total))
	if token == unknown {
		return fresh
	}
	return (1-fresh)/known + fresh*math.Exp(logSpelling(m.words.text[token]))
}

// logSpelling returns the log probability of a spelling: at each byte, the 256 values
// and the end are equally likely.
func logSpelling(token string) float64 { return -float64(len(token)+1) * log257 }

var log257 = math.Log(257)
