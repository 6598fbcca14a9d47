package fewshot_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/tiktoken"
)

func manyPairs(n int) []fewshot.Example[string, string] {
	pairs := make([]fewshot.Example[string, string], n)
	for i := range pairs {
		pairs[i] = fewshot.Example[string, string]{In: fmt.Sprintf("word-%d", i), Out: fmt.Sprintf("낱말-%d", i)}
	}
	return pairs
}

// plain is what a program without this package writes: the floor.
func plain(pairs []fewshot.Example[string, string], query string) string {
	var b strings.Builder
	for _, p := range pairs {
		b.WriteString(p.In)
		b.WriteString(": ")
		b.WriteString(p.Out)
		b.WriteString("\n")
	}
	b.WriteString(query)
	b.WriteString(":")
	return b.String()
}

// BenchmarkPrompt renders a query after n pairs. "cold" compiles the Task each
// time, which encodes and checks every pair; "warm" is a query of a Prompter; "plain" is the loop above, without a check. The ratios are of one run.
func BenchmarkPrompt(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		pairs := manyPairs(n)
		var perPlain float64
		b.Run(fmt.Sprintf("plain/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				plain(pairs, "teacher")
			}
			perPlain = float64(b.Elapsed()) / float64(b.N)
		})
		ratio := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/perPlain, "x-plain")
		}
		b.Run(fmt.Sprintf("warm/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			p := fewshot.Task[string, string]{Examples: pairs, Format: fewshot.Lines}.MustCompile()
			for b.Loop() {
				if _, err := p.Prompt(b.Context(), sampling.Model{}, "teacher"); err != nil {
					b.Fatal(err)
				}
			}
			ratio(b)
		})
		b.Run(fmt.Sprintf("cold/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				task := fewshot.Task[string, string]{Examples: pairs, Format: fewshot.Lines}
				if _, err := promptOf(b.Context(), task, sampling.Model{}, "teacher"); err != nil {
					b.Fatal(err)
				}
			}
			ratio(b)
		})
	}
}

// BenchmarkFit fits a query after 1,000 examples into a window of 4,096 tokens
// with an exact counter, beside the plain way: count the joined prompt, and drop
// an example until it fits. Both show the same examples.
func BenchmarkFit(b *testing.B) {
	counter, err := tiktoken.For("cl100k_base")
	if err != nil {
		b.Fatal(err)
	}
	m := sampling.Model{Window: 4096, Counter: counter}
	pairs := manyPairs(1000)
	query := func(i int) string { return fmt.Sprintf("a query of its own, number %d", i) }
	naive := func(query string) (shots int) {
		for from := range len(pairs) + 1 {
			n, err := counter.Count(context.Background(), plain(pairs[from:], query))
			if err != nil {
				b.Fatal(err)
			}
			if n <= 4096-sampling.DefaultMaxTokens {
				return len(pairs) - from
			}
		}
		return 0
	}
	var perNaive float64
	b.Run("plain", func(b *testing.B) {
		i := 0
		for b.Loop() {
			naive(query(i))
			i++
		}
		perNaive = float64(b.Elapsed()) / float64(b.N)
	})
	b.Run("fewshot", func(b *testing.B) {
		prompter := fewshot.Task[string, string]{Examples: pairs, Format: fewshot.Lines}.MustCompile()
		p, err := prompter.Prompt(b.Context(), m, query(0))
		if err != nil {
			b.Fatal(err)
		}
		if want := naive(query(0)); len(p.Shots) != want {
			b.Fatalf("fitted %d examples, the plain way %d", len(p.Shots), want)
		}
		i := 1
		for b.Loop() {
			if _, err := prompter.Prompt(b.Context(), m, query(i)); err != nil {
				b.Fatal(err)
			}
			i++
		}
		b.ReportMetric(perNaive/(float64(b.Elapsed())/float64(b.N)), "x-faster")
	})
}
