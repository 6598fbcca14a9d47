package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/fewshot"
)

// corpusPath is the text of the embedded model, which is English for the most
// part and free of anybody's rights.
const corpusPath = "../sampling/pocket/corpus"

type pair = fewshot.Example[string, string]

// A writer invents text that is the same in every run. Its words are as
// frequent as those of a language: few come often, and most are rare.
type writer struct {
	rng   *rand.Rand
	zipf  *rand.Zipf
	words []string
}

// vocabularySize is how many words a writer knows.
const vocabularySize = 50_000

func newWriter(seed uint64) *writer {
	rng := rand.New(rand.NewPCG(seed, 1))
	w := &writer{rng: rng, zipf: rand.NewZipf(rng, 1.07, 2.7, vocabularySize-1)}
	// The words do not depend on the seed: all writers write one language.
	letters := rand.New(rand.NewPCG(1, 1))
	seen := map[string]bool{}
	for len(w.words) < vocabularySize {
		var b strings.Builder
		for range 1 + letters.IntN(3) {
			b.WriteByte("bcdfghjklmnprstvwz"[letters.IntN(18)])
			b.WriteByte("aeiou"[letters.IntN(5)])
			if letters.IntN(3) == 0 {
				b.WriteByte("lmnrst"[letters.IntN(6)])
			}
		}
		if word := b.String(); !seen[word] {
			seen[word] = true
			w.words = append(w.words, word)
		}
	}
	return w
}

// sentence is some words, without a line break.
func (w *writer) sentence(words int) string {
	var b strings.Builder
	for i := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.words[w.zipf.Uint64()])
	}
	return b.String()
}

// entries are the pairs of a word list: short, and each with another input.
func entries(n int) []pair {
	w := newWriter(2)
	pairs := make([]pair, n)
	for i, at := range w.rng.Perm(vocabularySize)[:n] {
		pairs[i] = pair{In: w.words[at], Out: korean(w.rng)}
	}
	return pairs
}

// korean is a made-up word of two to four syllables.
func korean(rng *rand.Rand) string {
	var b strings.Builder
	for range 2 + rng.IntN(3) {
		b.WriteRune('가' + rune(rng.IntN(11172)))
	}
	return b.String()
}

// reviews are sentences of 5 to 20 words and what they are.
func reviews(n int, seed uint64) []pair {
	w := newWriter(seed)
	pairs := make([]pair, n)
	for i := range pairs {
		pairs[i] = pair{In: w.sentence(5 + w.rng.IntN(16)), Out: []string{"positive", "negative", "neutral"}[w.rng.IntN(3)]}
	}
	return pairs
}

// remarks are pieces of prose of 5 to 20 words and what they are.
func remarks(n int) ([]pair, error) {
	text, err := prose()
	if err != nil {
		return nil, err
	}
	words := strings.Fields(text)
	rng := rand.New(rand.NewPCG(4, 1))
	pairs := make([]pair, n)
	for i := range pairs {
		length := 5 + rng.IntN(16)
		if len(words) < length {
			return nil, fmt.Errorf("the prose ends after %d remarks", i)
		}
		pairs[i] = pair{In: strings.Join(words[:length], " "), Out: []string{"positive", "negative", "neutral"}[rng.IntN(3)]}
		words = words[length:]
	}
	return pairs, nil
}

// queries are texts like the inputs of reviews, and none of them is one.
func queries(n, words int) []string {
	w := newWriter(3)
	all := make([]string, n)
	for i := range all {
		all[i] = w.sentence(words)
	}
	return all
}

// documents returns the texts of the embedded model, in the order of their paths.
func documents() (names, texts []string, err error) {
	err = fs.WalkDir(os.DirFS(corpusPath), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(corpusPath + "/" + path)
		names, texts = append(names, path), append(texts, string(text))
		return err
	})
	return names, texts, err
}

// prose is English of the embedded model: dialogues, articles, news and reviews.
func prose() (string, error) {
	names, texts, err := documents()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i, name := range names {
		folder, _, _ := strings.Cut(name, "/")
		if slices.Contains([]string{"dialogues", "encyclopedia", "news", "reviews"}, folder) {
			b.WriteString(texts[i])
		}
	}
	return b.String(), nil
}
