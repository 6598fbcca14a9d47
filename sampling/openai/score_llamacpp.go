package openai

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// likeliest is how many top log probabilities each place is asked for. Labels among
// them need no request of their own.
const likeliest = 40

// force makes the server draw each target, by a grammar of its tokens, and reads the
// log probabilities, which llama.cpp reports as they were before the grammar. The
// likeliest tokens of each place come along and often are those of other targets. The
// requests go one by one, so that each finds the prompt in the cache of the same slot.
func (s *scoring) force(ctx context.Context) error {
	for _, text := range s.texts {
		t, err := s.target(ctx, text)
		if err != nil {
			return err
		}
		s.targets = append(s.targets, t)
	}
	s.prompt = []any{s.req.Prompt}
	if s.req.Prompt == "" || s.b.mayMisread(s.req.Prompt) {
		ids, err := s.b.ids(ctx, s.req.Prompt)
		if err != nil {
			return err
		}
		s.prompt = parts(ids)
	}
	longest := slices.SortedStableFunc(slices.Values(s.targets), func(a, b target) int { return len(b.tokens) - len(a.tokens) })
	for _, t := range longest { // first, since they reveal the most
		for i := range t.tokens {
			if !s.knows(&t, i) {
				if err := s.forceFrom(ctx, &t, i); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// target turns a continuation into tokens. A token that spans the border belongs to
// the continuation, and the tokens before it are the context.
func (s *scoring) target(ctx context.Context, text string) (target, error) {
	b, prompt := s.b, s.req.Prompt
	tokens, err := b.following(ctx, prompt, text)
	if err != nil || tokens != nil {
		return target{tokens: tokens}, err
	}
	tokens, err = b.tokens(ctx, prompt+text, true, true)
	if err != nil {
		return target{}, err
	}
	joined := ""
	for _, t := range tokens {
		joined += t.text
	}
	border := len(joined) - len(text)
	if !strings.HasSuffix(joined, prompt+text) {
		return target{}, unsupported("the tokens that the server returns do not spell the text")
	}
	at, end := 0, 0
	for ; at < len(tokens); at++ {
		if end += len(tokens[at].text); end > border {
			break
		}
	}
	return target{before: parts(ids(tokens[:at])), tokens: tokens[at:]}, nil
}

// parts makes the parts of a prompt of token ids.
func parts(ids []int) []any {
	all := make([]any, len(ids))
	for i, id := range ids {
		all[i] = id
	}
	return all
}

// A biased is a token, and what is added to its logit.
type biased [2]float64

// forced is a token that is raised above all others.
func forced(id int) []biased { return []biased{{float64(id), 1000}} }

// forceFrom finds the log probability of the i-th token, and of those after it if one
// request can.
func (s *scoring) forceFrom(ctx context.Context, t *target, i int) error {
	// llama.cpp fails with an internal error if a grammar has a token that is not whole
	// runes. Such a token is forced by a bias, one at a time.
	end, rule := i+1, fmt.Sprintf("root ::= <[%d]>", t.tokens[i].id)
	for whole := t.tokens[i].whole(); whole && end < len(t.tokens) && t.tokens[end].whole(); end++ {
		rule += fmt.Sprintf(" <[%d]>", t.tokens[end].id)
	}
	byBias := map[string]any{"logit_bias": forced(t.tokens[i].id)}
	settings := byBias
	if end > i+1 {
		settings = map[string]any{"n_predict": end - i, "grammar": rule}
	}
	steps, err := s.draw(ctx, t, i, settings)
	if badRequest(err) && end > i+1 { // a release that knows no tokens in grammars
		steps, err = s.draw(ctx, t, i, byBias)
	}
	if err != nil {
		return err
	}
	for n, step := range steps {
		if i+n >= end || step.ID != t.tokens[i+n].id {
			break
		}
		s.learnAll(t.place(i+n), step)
	}
	if !s.knows(t, i) {
		return s.compare(ctx, t, i)
	}
	return nil
}

func (p piece) whole() bool { return utf8.ValidString(p.text) }

// learnAll notes the log probabilities of one place.
func (s *scoring) learnAll(place string, step contentToken) {
	for _, p := range append(step.TopLogprobs, step) {
		if p.Logprob != nil {
			s.known[token{place, p.ID}] = *p.Logprob
		}
	}
}

// compare finds the log probability of a token that ends inside of a rune. llama.cpp
// holds such a token back until the rune is whole, and does not report the last one.
// So a full stop is drawn, which is reported, and the two are compared. Both are raised
// above all others, the full stop so far that it is drawn, and then
//
//	log p(token) = log p(stop) + log p'(token) - log p'(stop) + bias(stop) - bias(token)
//
// where p' is the probability after the bias.
func (s *scoring) compare(ctx context.Context, t *target, i int) error {
	stops, err := s.b.remembered(ctx, tokenized{".", false, true})
	if err != nil || len(stops) == 0 {
		return errors.Join(err, unsupported("the server has no token for a full stop"))
	}
	stop, wanted := stops[len(stops)-1].id, t.tokens[i].id
	steps, err := s.draw(ctx, t, i, map[string]any{"logit_bias": forced(stop)})
	if err != nil {
		return err
	}
	if len(steps) == 0 || steps[0].Logprob == nil {
		return unsupported("the server reports no log probability for a token in the place of %q", t.tokens[i].text)
	}
	s.learnAll(t.place(i), steps[0])
	if s.knows(t, i) {
		return nil
	}
	before, most := *steps[0].Logprob, *steps[0].Logprob
	for _, p := range steps[0].TopLogprobs {
		if p.Logprob != nil {
			most = max(most, *p.Logprob)
		}
	}
	const lift, ahead = 100, 20
	lead := ahead + most - before // the wanted one is less likely than most
	steps, err = s.draw(ctx, t, i, map[string]any{
		"logit_bias": []biased{{float64(wanted), lift}, {float64(stop), lift + lead}},
		"n_probs":    2, "post_sampling_probs": true, "temperature": 1, "top_k": 0, "top_p": 1, "min_p": 0,
	})
	if err != nil {
		return err
	}
	after := map[int]float64{}
	for _, step := range steps {
		for _, p := range append(step.TopProbs, step) {
			if p.Prob != nil && *p.Prob > 0 {
				after[p.ID] = math.Log(*p.Prob)
			}
		}
	}
	a, known := after[wanted]
	c, knownStop := after[stop]
	if !known || !knownStop {
		return unsupported("the server reports no probability for the token %d, which is part of a rune", wanted)
	}
	s.known[token{t.place(i), wanted}] = before + a - c + lead
	return nil
}

// draw draws one token after the first i tokens of the target, or as the settings say.
func (s *scoring) draw(ctx context.Context, t *target, i int, settings map[string]any) ([]contentToken, error) {
	prompt := s.prompt
	if t.before != nil {
		prompt = t.before
	}
	if prompt = slices.Concat(prompt, parts(ids(t.tokens[:i]))); len(prompt) == 0 {
		return nil, unsupported("the server reports no log probability for the first token of a text, %q; put some text before it", t.tokens[0].text)
	}
	fields := map[string]any{
		"prompt": prompt, "n_predict": 1, "n_probs": likeliest, "temperature": 0, "cache_prompt": !s.b.config.NoPromptCache, "stream": false,
	}
	maps.Copy(fields, settings)
	var answer struct {
		Probabilities []contentToken `json:"completion_probabilities"`
		Evaluated     count          `json:"tokens_evaluated"`
		Predicted     count          `json:"tokens_predicted"`
		Timings       struct {
			Cached count `json:"cache_n"`
		} `json:"timings"`
	}
	if err := s.b.native(ctx, "/completion", s.body(fields), &answer); err != nil {
		return nil, err
	}
	s.spent = s.spent.Add(sampling.Usage{
		PromptTokens: int(answer.Evaluated), CompletionTokens: int(answer.Predicted), CachedTokens: int(min(answer.Timings.Cached, answer.Evaluated)),
	})
	return answer.Probabilities, nil
}
