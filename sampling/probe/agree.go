package probe

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/foreword-go/foreword/internal/words"
	"github.com/foreword-go/foreword/sampling"
)

// AgreeOptions says how [Agree] examines a model.
type AgreeOptions struct {
	Samples int // continuations drawn; 0 is 10

	// Stop ends each continuation, as in a [sampling.Request].
	Stop []string

	// Params are the model's parameters; Temperature 0 is 1 here, since greedy
	// samples are all alike.
	Params sampling.Params

	// Answer extracts the answer to compare from a continuation. Nil takes the
	// words up to the first punctuation mark, in lower case.
	Answer func(text string) string
}

// An Agreement is how far samples of one prompt agree.
type Agreement struct {
	Samples []*sampling.Completion

	Answers float64 // share of the samples that have the commonest answer, 0 to 1

	Variants []Variant // the answers, the commonest first
}

// A Variant is a text and how many samples have it.
type Variant struct {
	Text  string
	Count int
}

// Agree draws continuations of the prompt and measures how far they agree. A
// model that has read a fact in one form repeats it; hallucinations differ. On an
// error it returns no agreement, even if some samples were drawn: too few would
// look like agreement.
func Agree(ctx context.Context, m sampling.Model, prompt string, o AgreeOptions) (*Agreement, error) {
	n := cmp.Or(o.Samples, 10)
	if n < 2 {
		return nil, fmt.Errorf("probe: agreement of %d samples; draw at least 2, or 0 for 10", o.Samples)
	}
	params := o.Params
	if params.Temperature == 0 {
		params.Temperature = 1
	}
	drawn, err := m.Draw(ctx, &sampling.Request{Prompt: prompt, Stop: o.Stop, Params: params}, n)
	if err != nil {
		return nil, err
	}
	answer := o.Answer
	if answer == nil {
		answer = plain
	}
	a := &Agreement{Samples: drawn}
	var answers []string
	for _, c := range drawn {
		answers = append(answers, answer(c.Text))
	}
	a.Variants = variants(answers)
	a.Answers = float64(a.Variants[0].Count) / float64(n)
	return a, nil
}

// plain is the default answer: the words of the text up to the first punctuation
// mark after a word, in lower case. "Paris", "Paris," and "Paris)" are the same.
// Hyphens, apostrophes, and marks between letters or digits do not end an answer.
func plain(text string) string {
	var answer []string
	text = strings.TrimSpace(text)
	end := 0
	for w := range words.All(text) {
		first, _ := utf8.DecodeRuneInString(w.Text)
		if len(answer) > 0 && strings.Contains(text[end:w.Start], "\n") {
			break
		}
		joined := w.Start == end
		end = w.End
		if !unicode.IsPunct(first) {
			answer = append(answer, strings.ToLower(w.Text))
			continue
		}
		next, _ := utf8.DecodeRuneInString(text[w.End:])
		inside := joined && (unicode.IsLetter(next) || unicode.IsDigit(next))
		if len(answer) > 0 && !inside && !strings.ContainsRune("-'\u2019\"\u201d", first) {
			break
		}
	}
	return strings.Join(answer, " ")
}

// variants counts equal texts, the commonest first; of equals, the first to come.
func variants(texts []string) []Variant {
	var list []Variant
	index := map[string]int{}
	for _, text := range texts {
		i, ok := index[text]
		if !ok {
			i = len(list)
			index[text] = i
			list = append(list, Variant{Text: text})
		}
		list[i].Count++
	}
	slices.SortStableFunc(list, func(a, b Variant) int { return b.Count - a.Count })
	return list
}

// String returns the variants as a table, with the figures above it.
func (a *Agreement) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d samples: %.0f %% the same answer\n", len(a.Samples), 100*a.Answers)
	for _, v := range a.Variants {
		fmt.Fprintf(&b, "%4d  %s\n", v.Count, v.Text)
	}
	return b.String()
}
