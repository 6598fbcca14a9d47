package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bpe "github.com/pkoukk/tiktoken-go"
	loader "github.com/pkoukk/tiktoken-go-loader"

	"github.com/foreword-go/foreword/sampling/tiktoken"
)

const encoding = "cl100k_base"

//go:embed texts/korean.txt
var koreanLines string

//go:embed texts/chinese.txt
var chineseLines string

// A counted is a text whose tokens are counted.
type counted struct {
	name, text string

	// bearable is how much of it the library by itself is given, whose time grows
	// with the square of a word's length; 0 is all.
	bearable int
}

// countedTexts returns four texts of languages, which are of countedSize, and
// three that are hard, which are longer, so that no memory holds their words.
func countedTexts() ([]counted, error) {
	english, err := prose()
	if err != nil {
		return nil, err
	}
	code, err := sourceCode()
	if err != nil {
		return nil, err
	}
	texts := []counted{
		{"English", english, 0},
		{"Korean", repeated(koreanLines, countedSize), 0},
		{"Chinese", repeated(chineseLines, countedSize), 0},
		{"Go code", code, 0},
		{"words of random letters", randomLetters(hardSize, 14), 0},
		{"one word of random letters", randomLetters(hardSize, hardSize), 4000},
		{"one letter, again and again", strings.Repeat("a", hardSize), 4000},
	}
	for i := range texts {
		if i < languages {
			texts[i].text = strings.ToValidUTF8(texts[i].text[:countedSize], "")
		}
	}
	return texts, nil
}

// sourceCode is the library's own.
func sourceCode() (string, error) {
	files, err := filepath.Glob("../fewshot/*.go")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		b.Write(text)
	}
	return b.String(), nil
}

// repeated is the lines in random order, again and again.
func repeated(text string, size int) string {
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	rng := rand.New(rand.NewPCG(5, 1))
	var b strings.Builder
	for b.Len() < size {
		b.WriteString(lines[rng.IntN(len(lines))])
	}
	return b.String()
}

// randomLetters are words of 5 letters or more, none of which comes back.
func randomLetters(size, longest int) string {
	rng := rand.New(rand.NewPCG(6, 1))
	var b strings.Builder
	for b.Len() < size {
		for range min(5+rng.IntN(max(1, longest-4)), size-b.Len()) {
			b.WriteByte(byte('a' + rng.IntN(26)))
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// library is github.com/pkoukk/tiktoken-go by itself, with its vocabularies from
// the program as well.
func library() (*bpe.Tiktoken, error) {
	bpe.SetBpeLoader(loader.NewOfflineLoader())
	return bpe.GetEncoding(encoding)
}

const (
	countedSize = 100_000
	hardSize    = 400_000
	languages   = 4 // the first of countedTexts
)

func countingAgree(*runner) error {
	counter, err := tiktoken.For(encoding)
	if err != nil {
		return err
	}
	plain, err := library()
	if err != nil {
		return err
	}
	texts, err := countedTexts()
	if err != nil {
		return err
	}
	for i, t := range texts {
		text := t.text
		if i >= languages {
			text = text[:256] // as much of a word as is merged in one go, and so exactly
		}
		got, err := counter.Count(context.Background(), text)
		if err != nil {
			return err
		}
		if want := len(plain.EncodeOrdinary(text)); got != want {
			return fmt.Errorf("%s: the Counter finds %d tokens, the library %d", t.name, got, want)
		}
	}
	return nil
}

func measureCounting(r *runner) (*section, error) {
	counter, err := tiktoken.For(encoding)
	if err != nil {
		return nil, err
	}
	plain, err := library()
	if err != nil {
		return nil, err
	}
	texts, err := countedTexts()
	if err != nil {
		return nil, err
	}
	t := table{Head: []string{"", "Counter", "tiktoken-go", "times faster", "allocations, Counter", "tokens"}}
	var slowest []figure
	var names []string
	for _, text := range texts {
		ours := text.text
		theirs := ours
		if text.bearable > 0 {
			theirs = theirs[:text.bearable]
		}
		var tokens int
		results, err := r.measure("counting: "+text.name,
			benchmark{"Counter", func(b *testing.B) (err error) {
				for b.Loop() {
					if tokens, err = counter.Count(context.Background(), ours); err != nil {
						return err
					}
				}
				return nil
			}},
			benchmark{"tiktoken-go", func(b *testing.B) error {
				for b.Loop() {
					if len(plain.EncodeOrdinary(theirs)) == 0 {
						return errors.New("no tokens")
					}
				}
				return nil
			}})
		if err != nil {
			return nil, err
		}
		fast, slow := rate(float64(len(ours)), results[0].time), rate(float64(len(theirs)), results[1].time)
		faster := make([]float64, len(results[0].time))
		for j := range faster {
			faster[j] = results[1].time[j] / float64(len(theirs)) / results[0].time[j] * float64(len(ours))
		}
		slowest, names = append(slowest, fast), append(names, text.name)
		library := megabytes(slow)
		if text.bearable > 0 {
			library += ", of " + count(text.bearable) + " bytes"
		}
		t.Rows = append(t.Rows, []string{
			text.name, megabytes(fast), library, newFigure(faster).times(), count(newFigure(results[0].allocs).Center), count(tokens),
		})
	}
	least, at := least(slowest, names)
	return &section{
		Title: "Counting",
		Text: fmt.Sprintf(`Texts of %s bytes, or %s for the hard ones, counted by package tiktoken's Counter for %s and by tiktoken-go. Both
have the same vocabulary. English is from pocket's corpus, and Go code from package fewshot. Korean and Chinese
are %d sentences each, repeated in random order. The other texts are made to be hard.`,
			count(countedSize), count(hardSize), encoding, strings.Count(koreanLines, "\n")),
		Tables: []table{t},
		Notes: []string{fmt.Sprintf(`The Counter caches words. Each text is counted many times, so the words of the languages are in the cache, as they are when prompts
share their examples. Words of random letters never are. The slowest text is %s, at %s. The time of
tiktoken-go grows with the square of a word's length, so it gets shorter ones.`, at, megabytes(least))},
	}, nil
}

func megabytes(f figure) string { return significant(f.Center/1e6) + " MB/s " + f.spread() }
