package pocket

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// Count returns the number of tokens in text, in linear time. Its error is nil.
func (m *Model) Count(ctx context.Context, text string) (n int, err error) {
	for range split(text) {
		n++
	}
	return n, nil
}

// lookahead exceeds the number of tokens at the end of a text that a longer text may
// change.
const lookahead = 8

// Score implements [sampling.Scorer], without Top. It reads the prompt once. An
// unknown word has the low probability of its spelling.
func (m *Model) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	s := m.sampler()
	defer m.samplers.Put(s)
	tokens := slices.Collect(split(req.Prompt))
	settled := strings.Join(tokens[:max(0, len(tokens)-lookahead)], "")
	open := req.Prompt[len(settled):]
	if err := s.prompt(ctx, &sampling.Request{Prompt: settled}); err != nil {
		return nil, err
	}
	var read reading
	read.copy(&s.reading)
	scores := make([]sampling.Score, len(continuations))
	if len(scores) > 0 {
		scores[0].Usage.PromptTokens = len(tokens)
	}
	for i, continuation := range continuations {
		s.reading.copy(&read)
		border := len(open)
		for token := range split(open + continuation) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			logprob := s.logprob(token)
			if border -= len(token); border < 0 {
				scores[i].Tokens = append(scores[i].Tokens, sampling.Token{Text: token, Logprob: logprob})
				scores[i].Logprob += logprob
				scores[i].Usage.PromptTokens++
			}
		}
	}
	return scores, nil
}

// logprob reads a token and returns its log probability.
func (r *reading) logprob(token string) float64 {
	id := r.m.words.id(token)
	p := math.Log(r.try(id))
	if id == unknown {
		p += logSpelling(token)
		id = r.m.words.meant(token)
		r.try(id)
	}
	r.accept(id)
	return p
}

// Posterior returns the probability of each document that may contain prompt, by its
// path. The probabilities sum to 1. Documents without evidence are left out.
func (m *Model) Posterior(prompt string) map[string]float64 {
	s := m.sampler()
	defer m.samplers.Put(s)
	_ = s.prompt(context.Background(), &sampling.Request{Prompt: prompt})
	weights := make(map[string]float64, len(s.followed))
	for _, f := range s.followed {
		weights[m.documents[f.document].name] = f.weight
	}
	return weights
}
