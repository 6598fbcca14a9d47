package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A layout is one way to write the prompt.
type layout struct {
	name   string
	format fewshot.Format
	spell  func(label string) string
	space  bool // the prompt ends in the space that the library leaves to the answer
}

func same(label string) string { return label }

func capitalized(label string) string { return strings.ToUpper(label[:1]) + label[1:] }

func layouts() []layout {
	usual := sentiment().Format
	with := func(between, after string) fewshot.Format {
		return fewshot.Format{Before: "Review: ", Between: between, After: after}
	}
	bare := func(between string) fewshot.Format { return fewshot.Format{Between: between, After: "\n"} }
	return []layout{
		{"`\\nSentiment: `", usual, same, false},
		{"the same, and the prompt ends in the space", usual, same, true},
		{"two spaces: `\\nSentiment:  `", with("\nSentiment:  ", "\n\n"), same, false},
		{"no space: `\\nSentiment:`", with("\nSentiment:", "\n\n"), same, false},
		{"one line break between shots", with("\nSentiment: ", "\n"), same, false},
		{"`Positive`", usual, capitalized, false},
		{"`POSITIVE`", usual, strings.ToUpper, false},
		{"review` => `label", bare(" => "), same, false},
		{"the same, and the prompt ends in the space", bare(" => "), same, true},
		{"review` = `label", bare(" = "), same, false},
		{"review`: `label", bare(": "), same, false},
	}
}

// balanced returns n shots with alternating labels.
func balanced(n int, seed uint64) []pair {
	task := sentiment()
	var shots []pair
	order := permutation(len(task.Examples), seed)
	for len(shots) < n {
		i := slices.IndexFunc(order, func(i int) bool { return task.Examples[i].Out == labels[len(shots)%2] })
		shots = append(shots, task.Examples[order[i]])
		order = slices.Delete(order, i, i+1)
	}
	return shots
}

// boundary is part 4.
func boundary(ctx context.Context, r *run) (*section, error) {
	s := &section{
		Title: "The boundary between prompt and answer",
		Text: `Reviews with four balanced shots. Prompts written by hand often end in a space, as in two of the rows. *Mass* is the probability of all tokens with which a
label can begin, among the 20 most likely first tokens. *By score* compares the labels' scores. *Generated* is the model's text, read by the task's
parser. The space hardly changes scores, because a token across the boundary belongs to the label.`,
	}
	t := table{Head: []string{"layout", "mass", "right by score", "right, generated", "invalid, generated"}}
	n, orders := r.cases(20, 8), seeds[:2]
	var first, spaced *outcome
	low, high := 1.0, 0.0
	for i, l := range layouts() {
		repeated := tally{repeats: len(orders)}
		sum := &outcome{scored: repeated, generated: repeated, invalid: repeated}
		for _, seed := range orders {
			if err := r.lay(ctx, l, seed, n, sum); err != nil {
				return nil, fmt.Errorf("%s: %w", l.name, err)
			}
		}
		r.say("%s: %s invalid", l.name, sum.invalid)
		t.add(l.name, fmt.Sprintf("%.2f", sum.mass/float64(sum.scored.n)), sum.scored.String(), sum.generated.String(), sum.invalid.String())
		low, high = min(low, sum.scored.share()), max(high, sum.scored.share())
		switch i {
		case 0:
			first = sum
		case 1:
			spaced = sum
		}
	}
	s.Tables = []table{t}
	s.note("The layout alone moves the accuracy by score from %.0f %% to %.0f %%: try several with eval.Sweep.", 100*low, 100*high)
	s.note("A prompt that ends in a space: %.0f %% of the answers are invalid, against %.0f %% without it.", 100*spaced.invalid.share(), 100*first.invalid.share())
	return s, nil
}

type outcome struct {
	mass                       float64
	scored, generated, invalid tally
}

// lay asks n cases in a layout, by score and by generation.
func (r *run) lay(ctx context.Context, l layout, seed uint64, n int, sum *outcome) error {
	task := sentiment()
	spelled := []string{l.spell(labels[0]), l.spell(labels[1])}
	task.Format, task.Out, task.Examples = l.format, fewshot.OneOf(spelled...), nil
	for _, e := range balanced(4, seed) {
		task.Add(e.In, l.spell(e.Out))
	}
	p, err := task.Compile()
	if err != nil {
		return err
	}
	between := task.Format.Between
	pad := between[len(strings.TrimRight(between, " ")):]
	for i, c := range reviewCases[:n] {
		prompt, err := p.Prompt(ctx, r.model, c.In)
		if err != nil {
			return err
		}
		request := prompt.Request(task.Params)
		continuations := []string{pad + spelled[0], pad + spelled[1]}
		if l.space {
			request.Prompt += pad
			continuations = spelled
		}
		scores, err := r.model.Score(ctx, request, continuations)
		if err != nil {
			return err
		}
		best := spelled[0]
		if scores[1].Logprob > scores[0].Logprob {
			best = spelled[1]
		}
		sum.scored.count(best == l.spell(c.Out))
		request.Params.Logprobs, request.Params.TopLogprobs = true, 20
		completion, err := r.model.Complete(ctx, request)
		if err != nil {
			return err
		}
		sum.mass += mass(completion, continuations)
		got, err := p.Parse(completion)
		var answer *fewshot.AnswerError
		if err != nil && !errors.As(err, &answer) {
			return err
		}
		sum.invalid.count(err != nil)
		sum.generated.count(err == nil && got == l.spell(c.Out))
		r.progress(l.name)(fewshot.Progress{Done: i + 1, All: n})
	}
	return nil
}

// mass is the probability of all first tokens with which a continuation can begin.
func mass(c *sampling.Completion, continuations []string) (sum float64) {
	if len(c.Tokens) == 0 {
		return 0
	}
	for _, t := range c.Tokens[0].Top {
		if t.Text != "" && slices.ContainsFunc(continuations, func(text string) bool { return strings.HasPrefix(text, t.Text) }) {
			sum += math.Exp(t.Logprob)
		}
	}
	return sum
}
