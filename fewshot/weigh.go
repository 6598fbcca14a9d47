package fewshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// score weighs the labels by their probability as the continuation. Where one
// label begins another, each is scored together with what ends it, since "New"
// would otherwise get the share of "New York" too.
func (c *Classifier[In, L]) score(ctx context.Context, m sampling.Model, result *Classification[L]) error {
	l := c.prompter.column.layout
	end := ""
	if anyPrefix(c.texts) {
		end = l.format.After
	}
	continuations := make([]string, len(c.texts))
	for i, label := range c.texts {
		continuations[i] = l.pad + label + end
	}
	scores, err := m.Score(ctx, result.Prompt.Request(c.prompter.params), continuations)
	if err != nil {
		return err
	}
	weights := make([]float64, len(c.texts))
	for i, s := range scores {
		result.Usage = result.Usage.Add(s.Usage)
		weights[i] = s.Logprob
		switch c.options.Normalize {
		case PerToken:
			weights[i] /= float64(max(len(s.Tokens), 1))
		case PerByte:
			weights[i] /= float64(len(c.texts[i]))
		}
	}
	if c.options.Normalize == Unconditional {
		alone := &sampling.Request{Prompt: strings.TrimLeft(l.open, "\n"), Params: c.prompter.params}
		scores, err := m.Score(ctx, alone, continuations)
		if err != nil {
			return err
		}
		for i, s := range scores {
			result.Usage = result.Usage.Add(s.Usage)
			weights[i] -= s.Logprob
		}
	}
	if err := softmax(weights); err != nil {
		return err
	}
	result.Probabilities = weights
	return nil
}

func anyPrefix(labels []string) bool {
	for i, a := range labels {
		for j, b := range labels {
			if i != j && strings.HasPrefix(b, a) {
				return true
			}
		}
	}
	return false
}

// softmax turns log weights into probabilities, in place.
func softmax(weights []float64) error {
	best := slices.Max(weights)
	if math.IsNaN(best) || math.IsInf(best, 0) {
		return fmt.Errorf("fewshot: the labels' scores are %v; the backend gives none of them a probability", weights)
	}
	for i, w := range weights {
		weights[i] = math.Exp(w - best)
	}
	normalize(weights)
	return nil
}

// normalize divides weights by their sum, and returns it.
func normalize(weights []float64) (sum float64) {
	for _, w := range weights {
		sum += w
	}
	for i := range weights {
		weights[i] /= sum
	}
	return sum
}

// covered is the minimum share of the first token's probability that the labels
// must have. Below it the model is about to write something else.
const covered = 0.5

// firstToken weighs the labels by the tokens that could come first. A label none
// of whose beginnings is among the top logprobs gets the probability 0.
func (c *Classifier[In, L]) firstToken(ctx context.Context, m sampling.Model, result *Classification[L]) error {
	var completion *sampling.Completion
	var err error
	// Most servers give 20 at most, OpenAI 5, and some only 1.
	for _, top := range []int{20, 5, 1} {
		request := result.Prompt.Request(c.prompter.params)
		request.Stop = nil // a stop sequence would take the token's report with it
		request.Params.MaxTokens, request.Params.Temperature = 1, 0
		request.Params.Logprobs, request.Params.TopLogprobs = true, top
		completion, err = m.Complete(ctx, request)
		if !errors.Is(err, sampling.ErrUnsupported) {
			break
		}
	}
	if err != nil {
		return err
	}
	result.Usage = result.Usage.Add(completion.Usage)
	if len(completion.Tokens) == 0 {
		return fmt.Errorf("%w: no log probability came back for the first token", sampling.ErrUnsupported)
	}
	weights := make([]float64, len(c.texts))
	for text, logprob := range likeliest(completion.Tokens[0]) {
		first := -1
		token := strings.TrimLeft(text, " \t")
		for i, label := range c.texts {
			if !begins(label, token) {
				continue
			}
			if first >= 0 {
				return fmt.Errorf("%w: labels %q and %q begin with the same token", sampling.ErrUnsupported, c.texts[first], label)
			}
			first = i
		}
		if first >= 0 {
			weights[first] += math.Exp(logprob)
		}
	}
	if sum := normalize(weights); !(sum >= covered && sum <= math.MaxFloat64) {
		return fmt.Errorf("%w: the labels have %.2g of the first token's probability", sampling.ErrUnsupported, sum)
	}
	result.Probabilities = weights
	return nil
}

// likeliest returns the log probabilities of the tokens that could be first, by
// their text. Servers that report a map by text may have overwritten the likely
// one of two tokens that read the same, so the drawn token's own counts too.
func likeliest(drawn sampling.Token) map[string]float64 {
	all := map[string]float64{}
	for _, t := range append([]sampling.Token{{Text: drawn.Text, Logprob: drawn.Logprob}}, drawn.Top...) {
		text := spelled(t.Text)
		if p, ok := all[text]; !ok || t.Logprob > p {
			all[text] = t.Logprob
		}
	}
	return all
}

// spelled undoes the spelling of vocabularies, which some servers report as it
// is: "▁x" and "Ġx" for " x", "Ċ" and "<0x0A>" for a line break.
func spelled(token string) string {
	var b byte
	if n, err := fmt.Sscanf(token, "<0x%02X>", &b); n == 1 && err == nil && len(token) == len("<0x0A>") {
		return string([]byte{b})
	}
	return strings.NewReplacer("▁", " ", "Ġ", " ", "Ċ", "\n", "ĉ", "\t").Replace(token)
}

// begins reports whether an answer that begins with the token may be the label.
// A token may have the whole label in it with what ends it, "good\n"; but "10"
// does not begin the label "1".
func begins(label, token string) bool {
	if rest, ok := strings.CutPrefix(token, label); ok {
		next, _ := utf8.DecodeRuneInString(rest)
		return rest == "" || !unicode.IsLetter(next) && !unicode.IsDigit(next) && !unicode.IsMark(next)
	}
	return token != "" && strings.HasPrefix(label, token)
}

// vote draws answers and counts the labels. Where one label begins another, an
// answer that ran into the token limit has no vote, since it may be either.
func (c *Classifier[In, L]) vote(ctx context.Context, m sampling.Model, result *Classification[L]) error {
	n := cmp.Or(c.options.Samples, 10)
	layout := c.prompter.column.layout
	labels := sampling.OneOf(c.texts...).Wrap(layout.pad, "")
	var err error
	if result.Prompt.Constraint, err = c.prompter.constrain.constrained(m, labels); err != nil {
		return err
	}
	request := result.Prompt.Request(c.prompter.params)
	if request.Params.Temperature == 0 {
		request.Params.Temperature = 1 // the model's own distribution; greedy samples are all alike
	}
	drawn, err := m.Draw(ctx, request, n)
	for _, completion := range drawn {
		result.Usage = result.Usage.Add(completion.Usage)
	}
	if err != nil {
		return err
	}
	texts := make([]string, len(c.texts))
	for i, label := range c.texts {
		texts[i], _ = layout.answer(layout.pad + label) // NewClassifier has laid it out
	}
	ambiguous := anyPrefix(texts)
	weights := make([]float64, len(texts))
	for _, completion := range drawn {
		text, err := layout.answer(completion.Text)
		if err != nil || ambiguous && completion.Reason == sampling.TokenLimit {
			continue
		}
		text = strings.TrimSpace(text)
		i := slices.Index(texts, text)
		if i < 0 {
			i = slices.IndexFunc(texts, func(label string) bool { return strings.EqualFold(text, label) })
		}
		if i >= 0 {
			weights[i]++
		}
	}
	if normalize(weights) == 0 {
		return &AnswerError{Text: drawn[0].Text, Err: fmt.Errorf("is not one of the labels %q, and neither are %d more", texts, n-1)}
	}
	result.Probabilities = weights
	return nil
}
