package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/foreword-go/foreword/internal/special"
	"github.com/foreword-go/foreword/sampling"
)

// likeliest is how many of the likeliest tokens each place is asked for. Labels
// among them need no request of their own.
const likeliest = 40

// scoreForced makes the server draw each target, by a grammar of its tokens, and
// reads the log probabilities, which llama.cpp reports as they were before the
// grammar. The likeliest tokens of each place come along and often are the other
// targets'. The requests go one by one, so that each finds the prompt in the
// cache of the slot that the one before has used.
func (b *Backend) scoreForced(ctx context.Context, req *sampling.Request, texts []string) ([]sampling.Score, error) {
	f := forcing{b: b, req: req, known: map[string]map[int]float64{}}
	for _, text := range texts {
		t, err := b.target(ctx, req.Prompt, text)
		if err != nil {
			return nil, err
		}
		f.targets = append(f.targets, t)
	}
	if req.Prompt == "" || !b.special && special.MayName(req.Prompt) {
		tokens, err := b.tokens(ctx, req.Prompt, true, false)
		if err != nil {
			return nil, err
		}
		f.prompt = ids(tokens)
	}
	order := make([]int, len(texts)) // the longest first, which tells the most
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return len(f.targets[j].tokens) - len(f.targets[i].tokens) })
	scores := make([]sampling.Score, len(texts))
	for _, i := range order {
		var err error
		if scores[i], err = f.score(ctx, &f.targets[i]); err != nil {
			return nil, err
		}
	}
	return scores, nil
}

// target turns a continuation into tokens. When a token reaches over the border
// it belongs to the continuation, and the tokens before it are the context.
func (b *Backend) target(ctx context.Context, prompt, text string) (target, error) {
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
		return target{}, unsupported("the tokens that the server reports do not spell the text")
	}
	at := 0
	for end := 0; at < len(tokens); at++ {
		if end += len(tokens[at].text); end > border {
			break
		}
	}
	return target{before: ids(tokens[:at]), tokens: tokens[at:]}, nil
}

// A forcing is one call of Score.
type forcing struct {
	b       *Backend
	req     *sampling.Request
	prompt  []int // nil: the prompt is sent as text
	targets []target
	known   map[string]map[int]float64 // of a place, the log probabilities of tokens
}

// place names what comes before a target's i-th token.
func place(t *target, i int) string { return fmt.Sprint(t.before, ids(t.tokens[:i])) }

func (f *forcing) score(ctx context.Context, t *target) (sampling.Score, error) {
	s := t.score()
	for i := range t.tokens {
		p, ok := f.known[place(t, i)][t.tokens[i].id]
		if !ok {
			if err := f.ask(ctx, t, i); err != nil {
				return s, err
			}
			p = f.known[place(t, i)][t.tokens[i].id]
		}
		s.Tokens[i].Logprob = p
		s.Logprob += p
	}
	return s, nil
}

// ask finds out the log probability of the i-th token, and of those after it
// where one request can.
func (f *forcing) ask(ctx context.Context, t *target, i int) error {
	if t.before != nil && len(t.before)+i == 0 || f.prompt != nil && len(f.prompt)+i == 0 && t.before == nil {
		return unsupported("the server reports no log probability for the first token of a text, %q; put some text before it", t.tokens[0].text)
	}
	end := i + 1
	for end < len(t.tokens) && whole(t.tokens[i]) && whole(t.tokens[end]) {
		end++
	}
	how := forced{steps: end - i, top: likeliest}
	if end > i+1 {
		var grammar strings.Builder
		grammar.WriteString("root ::=")
		for _, token := range t.tokens[i:end] {
			fmt.Fprintf(&grammar, " <[%d]>", token.id)
		}
		how.grammar = grammar.String()
	} else {
		how.bias = [][2]float64{{float64(t.tokens[i].id), certain}}
	}
	steps, err := f.draw(ctx, t, i, how)
	if e, ok := errors.AsType[*sampling.Error](err); ok && how.grammar != "" && e.Status == http.StatusBadRequest && !errors.Is(err, sampling.ErrBudget) {
		// A release that knows no tokens in grammars goes one by one.
		how = forced{steps: 1, top: likeliest, bias: [][2]float64{{float64(t.tokens[i].id), certain}}}
		steps, err = f.draw(ctx, t, i, how)
	}
	if err != nil {
		return err
	}
	for n, step := range steps {
		if i+n >= end || step.ID != t.tokens[i+n].id {
			break
		}
		f.learn(place(t, i+n), step)
	}
	if _, ok := f.known[place(t, i)][t.tokens[i].id]; ok {
		return nil
	}
	return f.compare(ctx, t, i)
}

// whole reports whether a token is whole runes. llama.cpp fails with an internal
// error when a grammar has one that is not.
func whole(p piece) bool { return utf8.ValidString(p.text) }

// certain is a bias that outweighs every other token.
const certain = 1000

// learn files the log probabilities of one place.
func (f *forcing) learn(at string, step probability) {
	if f.known[at] == nil {
		f.known[at] = map[int]float64{}
	}
	for _, p := range append(step.Top, step) {
		if p.Logprob != nil {
			f.known[at][p.ID] = *p.Logprob
		}
	}
}

// compare finds the log probability of a token that ends inside of a rune.
// llama.cpp holds such a token back until the rune is whole, and when it is the
// last one drawn its log probability is never reported. So another token is
// drawn, whose log probability is, and the two are compared: both are raised
// above all others, the other one so far that it is drawn, and then
//
//	log p(token) = log p(other) + log p'(token) - log p'(other) + bias(other) - bias(token)
//
// where p' is the probability after the bias.
func (f *forcing) compare(ctx context.Context, t *target, i int) error {
	id, err := f.wholeToken(ctx, t)
	if err != nil {
		return err
	}
	steps, err := f.draw(ctx, t, i, forced{steps: 1, top: likeliest, bias: [][2]float64{{float64(id), certain}}})
	if err != nil {
		return err
	}
	if len(steps) == 0 || steps[0].Logprob == nil {
		return unsupported("the server reports no log probability for a token at the place of %q", t.tokens[i].text)
	}
	f.learn(place(t, i), steps[0])
	wanted := t.tokens[i].id
	if _, ok := f.known[place(t, i)][wanted]; ok {
		return nil
	}
	other, most := steps[0], *steps[0].Logprob
	for _, p := range steps[0].Top {
		if p.Logprob == nil {
			continue
		}
		most = max(most, *p.Logprob)
		if *p.Logprob > *other.Logprob && p.whole() {
			other = p
		}
	}
	const lift, ahead = 100, 20
	lead := ahead + most - *other.Logprob // the wanted one is less likely than most
	steps, err = f.draw(ctx, t, i, forced{steps: 1, top: 2, after: true, bias: [][2]float64{{float64(wanted), lift}, {float64(other.ID), lift + lead}}})
	if err != nil {
		return err
	}
	ratio := map[int]float64{}
	for _, step := range steps {
		for _, p := range append(step.TopProbs, step) {
			if p.Prob != nil && *p.Prob > 0 {
				ratio[p.ID] = math.Log(*p.Prob)
			}
		}
	}
	a, ok := ratio[wanted]
	c, ok2 := ratio[other.ID]
	if !ok || !ok2 {
		return unsupported("the server reports no probability for the token %d, which is part of a rune", wanted)
	}
	f.known[place(t, i)][wanted] = *other.Logprob + a - c + lead
	return nil
}

// wholeToken returns a token that is whole runes.
func (f *forcing) wholeToken(ctx context.Context, t *target) (int, error) {
	for _, p := range t.tokens {
		if whole(p) {
			return p.id, nil
		}
	}
	tokens, err := f.b.tokens(ctx, ".", false, true)
	if err != nil || len(tokens) == 0 {
		return 0, errors.Join(err, unsupported("the server has no token for a full stop"))
	}
	return tokens[len(tokens)-1].id, nil
}

// A probability is a token as llama.cpp reports it.
type probability struct {
	ID       int           `json:"id"`
	Bytes    []uint8Number `json:"bytes"`
	Logprob  *float64      `json:"logprob"`
	Prob     *float64      `json:"prob"` // after sampling
	Top      []probability `json:"top_logprobs"`
	TopProbs []probability `json:"top_probs"`
}

func (p *probability) whole() bool {
	text := make([]byte, len(p.Bytes))
	for i, b := range p.Bytes {
		text[i] = byte(b)
	}
	return len(text) > 0 && utf8.Valid(text)
}

// A forced says how tokens are forced and what is reported.
type forced struct {
	steps   int // how many tokens
	top     int // how many of the likeliest are reported
	grammar string
	bias    [][2]float64
	after   bool // report probabilities after the bias, at temperature 1
}

// draw draws after the first i tokens of the target.
func (f *forcing) draw(ctx context.Context, t *target, i int, how forced) ([]probability, error) {
	b := f.b
	w := fields{dialect: &b.dialect}
	w.set("model", "Config.Model", encode(b.model))
	done := ids(t.tokens[:i])
	switch {
	case t.before != nil:
		w.set("prompt", "Request.Prompt", encode(slices.Concat(t.before, done)))
	case f.prompt != nil:
		w.set("prompt", "Request.Prompt", encode(slices.Concat(f.prompt, done)))
	case i == 0:
		w.set("prompt", "Request.Prompt", encode(f.req.Prompt))
	default:
		mixed := []any{f.req.Prompt}
		for _, id := range done {
			mixed = append(mixed, id)
		}
		w.set("prompt", "Request.Prompt", encode(mixed))
	}
	w.set("n_predict", "Score", encode(how.steps))
	w.set("n_probs", "Score", encode(how.top))
	w.set("cache_prompt", "Score", encode(!b.fresh))
	w.set("stream", "Score", encode(false))
	if how.after {
		w.set("post_sampling_probs", "Score", encode(true))
		for name, off := range map[string]float64{"temperature": 1, "top_k": 0, "top_p": 1, "min_p": 0} {
			w.set(name, "Score", encode(off))
		}
	} else {
		w.set("temperature", "Score", encode(0))
	}
	if how.grammar != "" {
		w.set("grammar", "Score", encode(how.grammar))
	}
	if how.bias != nil {
		w.set("logit_bias", "Score", encode(how.bias))
	}
	w.extra(f.req.Params.Extra)
	if w.err != nil {
		return nil, w.err
	}
	raw, err := b.native(ctx, "/completion", append(w.json, '}'))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Probabilities []probability `json:"completion_probabilities"`
		Evaluated     count         `json:"tokens_evaluated"`
		Predicted     count         `json:"tokens_predicted"`
		Timings       struct {
			Cached count `json:"cache_n"`
		} `json:"timings"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, b.misread(wrong("cannot read the log probabilities: %v", err))
	}
	spend(ctx, sampling.Usage{
		PromptTokens: int(answer.Evaluated), CompletionTokens: int(answer.Predicted), CachedTokens: int(min(answer.Timings.Cached, answer.Evaluated)),
	})
	return answer.Probabilities, nil
}
