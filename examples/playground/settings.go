package main

import (
	"context"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// maxTokens is the maximum that the page may ask for.
const maxTokens = 4096

// settings are common to all tabs. 0 means the same as in [sampling.Params].
type settings struct {
	Backend     string  `json:"backend"`
	Model       string  `json:"model"`
	MaxTokens   int     `json:"max_tokens"`
	Temperature float64 `json:"temperature"`
	TopP        float64 `json:"top_p"`
	TopK        int     `json:"top_k"`
	MinP        float64 `json:"min_p"`
	Seed        uint64  `json:"seed"`
	Logprobs    int     `json:"logprobs"`
}

func (s *settings) common() *settings { return s }

func (s *settings) params() (sampling.Params, error) {
	p := sampling.Params{
		MaxTokens: s.MaxTokens, Temperature: s.Temperature, TopP: s.TopP, TopK: s.TopK, MinP: s.MinP,
		Seed: s.Seed, Logprobs: s.Logprobs > 0, TopLogprobs: s.Logprobs,
	}
	if s.MaxTokens > maxTokens {
		return p, invalid("max_tokens", "%d tokens at once are too many; ask for at most %d, and continue", s.MaxTokens, maxTokens)
	}
	return p, (&sampling.Request{Params: p}).Validate()
}

// opened has the model for a job.
type opened struct {
	model  sampling.Model
	meter  *wrap.Meter
	params sampling.Params
}

// tokensBeyond is the limit of the text after a stop sequence.
const tokensBeyond = 40

// showing returns the model with a view of the text after a stop sequence.
func (o *opened) showing(show func(string)) sampling.Model {
	m := o.model
	m.Backend = &beyond{m.Backend, tokensBeyond, show}
	return m
}

// promptEvent returns a prompt for the page.
func (o *opened) promptEvent(p *fewshot.Prompt, parts []fewshot.Part) *promptEvent {
	e := &promptEvent{Stop: p.Stop, Tokens: p.Tokens, Bound: o.model.Counter == nil, Shown: len(p.Shots), Dropped: len(p.Dropped)}
	if e.Tokens == 0 {
		e.Tokens, _ = o.model.Count(context.Background(), p.Text) // for display only
	}
	for _, part := range parts {
		e.Parts = append(e.Parts, partObject{string(part.Kind), part.Text})
	}
	return e
}
