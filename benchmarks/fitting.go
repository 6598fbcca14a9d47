package main

import (
	"context"
	"fmt"
	"sort"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/tiktoken"
)

const (
	fittingPool   = 1000 // examples
	fittingWindow = 4096 // tokens
)

// A fitter is one way to find the most shots that fit, the last of the pool
// being the last to go. Each has the same Counter.
type fitter struct {
	name string
	make func(pairs []pair, counter sampling.Counter) renderer
}

var fitters = []fitter{
	{"a Prompter", func(pairs []pair, counter sampling.Counter) renderer {
		p := fewshot.Task[string, string]{Examples: pairs}.MustCompile()
		return func(query string) (string, error) { return fittedText(p, counter, query) }
	}},
	{"a Task, compiled each time", func(pairs []pair, counter sampling.Counter) renderer {
		return func(query string) (string, error) {
			return fittedText(fewshot.Task[string, string]{Examples: pairs}.MustCompile(), counter, query)
		}
	}},
	{"one shot more, until the joined prompt is too long", func(pairs []pair, counter sampling.Counter) renderer {
		return func(query string) (string, error) {
			fitting := labeled(nil, query)
			for n := 1; n <= len(pairs); n++ {
				text := labeled(pairs[len(pairs)-n:], query)
				tokens, err := counter.Count(context.Background(), text)
				if err != nil || tokens > fittingBudget {
					return fitting, err
				}
				fitting = text
			}
			return fitting, nil
		}
	}},
	{"one shot less, until the joined prompt fits", func(pairs []pair, counter sampling.Counter) renderer {
		return func(query string) (string, error) {
			for n := len(pairs); ; n-- {
				text := labeled(pairs[len(pairs)-n:], query)
				tokens, err := counter.Count(context.Background(), text)
				if err != nil || tokens <= fittingBudget || n == 0 {
					return text, err
				}
			}
		}
	}},
	{"bisection, counting the joined prompt", func(pairs []pair, counter sampling.Counter) renderer {
		return func(query string) (string, error) {
			var failed error
			over := sort.Search(len(pairs)+1, func(n int) bool {
				tokens, err := counter.Count(context.Background(), labeled(pairs[len(pairs)-n:], query))
				if err != nil {
					failed = err
				}
				return tokens > fittingBudget
			})
			return labeled(pairs[len(pairs)-max(0, over-1):], query), failed
		}
	}},
}

const (
	atFitWarm = iota
	atFitCold
	atGrow
	atShrink
	atBisect
)

// fittingBudget is what the prompt may have beside the answer.
const fittingBudget = fittingWindow - sampling.DefaultMaxTokens

// labeled is what the default Format gives.
func labeled(pairs []pair, query string) string {
	size := len(query) + len("Input: \nOutput:")
	for i := range pairs {
		size += len(pairs[i].In) + len(pairs[i].Out) + len("Input: \nOutput: \n\n")
	}
	b := make([]byte, 0, size)
	for i := range pairs {
		b = append(b, "Input: "...)
		b = append(b, pairs[i].In...)
		b = append(b, "\nOutput: "...)
		b = append(b, pairs[i].Out...)
		b = append(b, "\n\n"...)
	}
	b = append(b, "Input: "...)
	b = append(b, query...)
	return string(append(b, "\nOutput:"...))
}

func fittedText(p *fewshot.Prompter[string, string], counter sampling.Counter, query string) (string, error) {
	prompt, err := p.Prompt(context.Background(), sampling.Model{Window: fittingWindow, Counter: counter}, query)
	if err != nil {
		return "", err
	}
	return prompt.Text, nil
}

func fittingAgree(r *runner) error {
	counter, err := tiktoken.For("cl100k_base")
	if err != nil {
		return err
	}
	pairs, err := remarks(fittingPool)
	if err != nil {
		return err
	}
	for _, query := range queries(3, 12) {
		var want string
		for i, f := range fitters {
			got, err := f.make(pairs, counter)(query)
			if err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			if i == 0 {
				want = got
			}
			if got != want {
				return fmt.Errorf("for %q, %s has %d bytes and %s has %d", query, f.name, len(got), fitters[0].name, len(want))
			}
		}
		tokens, err := counter.Count(context.Background(), want)
		if err != nil {
			return err
		}
		if tokens > fittingBudget || tokens < fittingBudget*9/10 {
			return fmt.Errorf("a prompt of %d tokens where %d fit", tokens, fittingBudget)
		}
	}
	return nil
}

func measureFitting(r *runner) (*section, error) {
	counter, err := tiktoken.For("cl100k_base")
	if err != nil {
		return nil, err
	}
	pairs, err := remarks(fittingPool)
	if err != nil {
		return nil, err
	}
	asked := queries(64, 12)
	var benchmarks []benchmark
	for _, f := range fitters {
		fit, next := f.make(pairs, counter), 0
		if _, err := fit("first"); err != nil {
			return nil, err
		}
		benchmarks = append(benchmarks, loop(f.name, func() error {
			_, err := fit(asked[next%len(asked)])
			next++
			return err
		}))
	}
	results, err := r.measure("fitting", benchmarks...)
	if err != nil {
		return nil, err
	}
	t := table{Head: []string{"", "time", "relative to a Prompter", "allocations, bytes"}}
	for _, got := range results {
		t.Rows = append(t.Rows, []string{got.name, newFigure(got.time).duration(), ratio(got.time, results[atFitWarm].time).times(), got.allocated()})
	}
	text, err := fitters[atFitWarm].make(pairs, counter)(asked[0])
	if err != nil {
		return nil, err
	}
	tokens, err := counter.Count(context.Background(), text)
	if err != nil {
		return nil, err
	}
	faster := ratio(results[atGrow].time, results[atFitWarm].time)
	cold := ratio(results[atGrow].time, results[atFitCold].time)
	bisect := ratio(results[atBisect].time, results[atFitWarm].time)
	return &section{
		Title: "Fitting",
		Text: fmt.Sprintf(`Choose the most similar of %s examples until the prompt fills a window of %s tokens, %d of them for the answer.
All sides count with the same exact Counter, tiktoken's cl100k_base, and produce the same prompt, of %s tokens for the first
query. The last three rows lay out and count the whole prompt for each number of shots that they try.`, count(fittingPool), count(fittingWindow), sampling.DefaultMaxTokens, count(tokens)),
		Tables: []table{t},
		Goals: []goal{
			atLeast("at least 20 times faster than counting the joined prompt per candidate", faster, 20, faster.times()+", against the faster of two loops"),
		},
		Notes: []string{fmt.Sprintf(`A Task that is compiled each time is still %s times faster than the faster loop. Bisection needs far fewer counts than a loop;
a Prompter is %s times faster than bisection. It counts three whole prompts. One is too long and measures the bytes of a token, one
fits, and one has one shot more. Two are the fewest that prove the result, so no exact way is 50 times faster than the loop.`, significant(cold.Center), significant(bisect.Center))},
	}, nil
}
