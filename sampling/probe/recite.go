package probe

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/foreword-go/foreword/internal/words"
	"github.com/foreword-go/foreword/sampling"
)

// ReciteOptions says how [Recite] examines a model.
type ReciteOptions struct {
	// Prefixes are how many tokens of the text are given as the prompt, one
	// examination each; nil is 8, 16, 32 and 50. Those that leave nothing to
	// recite are left out, and a text that is too short for all is an error.
	Prefixes []int

	// Length is how many tokens are compared; 0 is 50, as in Carlini et al. 2023.
	Length int

	// Samples is how many continuations are drawn, at Params.Temperature, beside
	// the greedy one.
	Samples int

	// Params are the model's parameters for the samples. MaxTokens 0 asks for
	// enough, at four of the model's tokens for each one compared.
	Params sampling.Params
}

// A Recital is what came of one prefix.
type Recital struct {
	Prefix  int    // tokens given
	Prompt  string // the beginning of the text that they are
	Length  int    // tokens in it
	Greedy  Match
	Samples []Match
}

// Extracted reports whether the greedy continuation is what really follows, to
// its end: the definition of extractable memory of Carlini et al. 2023, who give
// 50 tokens and compare 50.
func (r *Recital) Extracted() bool { return r.Greedy.Tokens == r.Length }

// A Match compares a continuation with what really follows.
type Match struct {
	Text   string // the continuation
	Tokens int    // verbatim from the start, in tokens
	Bytes  int    // the same, in bytes of Text

	// Want is the first token of the text that the continuation does not match,
	// and Got is the token in its place. Got is empty where the continuation ends.
	// Both are empty where all tokens match.
	Want, Got string
}

// Recite gives the model the beginning of text, at several lengths, and compares
// its continuations with what really follows. The model reads the text itself,
// cut behind a token, and not the normal form that is compared.
func Recite(ctx context.Context, m sampling.Model, text string, o ReciteOptions) ([]*Recital, error) {
	all := words.List(text)
	length := cmp.Or(o.Length, 50)
	prefixes := o.Prefixes
	if prefixes == nil {
		prefixes = []int{8, 16, 32, 50}
	}
	switch {
	case len(all) == 0:
		return nil, fmt.Errorf("probe: the text is empty; there is nothing to recite")
	case length < 0 || o.Samples < 0:
		return nil, fmt.Errorf("probe: ReciteOptions.Length is %d and ReciteOptions.Samples %d; use 0 for the default, or a positive number", o.Length, o.Samples)
	case len(prefixes) == 0 || slices.Min(prefixes) < 1:
		return nil, fmt.Errorf("probe: ReciteOptions.Prefixes are %v; a prefix has at least 1 token", prefixes)
	case slices.Min(prefixes) >= len(all):
		return nil, fmt.Errorf("probe: the text has %d tokens, and the shortest prefix takes %d of them; use a longer text or a shorter prefix", len(all), slices.Min(prefixes))
	}
	var recitals []*Recital
	for _, prefix := range prefixes {
		if prefix >= len(all) {
			continue
		}
		r, err := recite(ctx, m, text, all, prefix, length, o)
		if err != nil {
			return recitals, fmt.Errorf("probe: prefix of %d tokens: %w", prefix, err)
		}
		recitals = append(recitals, r)
	}
	return recitals, nil
}

func recite(ctx context.Context, m sampling.Model, text string, all []words.Word, prefix, length int, o ReciteOptions) (*Recital, error) {
	follows := all[prefix:min(prefix+length, len(all))]
	r := &Recital{
		Prefix: prefix,
		Prompt: text[:all[prefix-1].End],
		Length: len(follows),
	}
	params := o.Params
	if params.MaxTokens == 0 {
		params.MaxTokens = 4 * len(follows)
	}
	greedy := params
	greedy.Temperature = 0
	c, err := m.Complete(ctx, &sampling.Request{Prompt: r.Prompt, Params: greedy})
	if err != nil {
		return nil, err
	}
	r.Greedy = match(c, follows)
	if o.Samples > 0 {
		if params.Temperature == 0 {
			params.Temperature = 1
		}
		drawn, err := m.Draw(ctx, &sampling.Request{Prompt: r.Prompt, Params: params}, o.Samples)
		if err != nil {
			return nil, err
		}
		for _, c := range drawn {
			r.Samples = append(r.Samples, match(c, follows))
		}
	}
	return r, nil
}

// match compares a continuation with the tokens that really follow, as far as
// those go.
func match(c *sampling.Completion, follows []words.Word) Match {
	said := words.List(c.Text)
	// More than there is to compare is neither right nor wrong.
	compared := said[:min(len(said), len(follows))]
	m := Match{Text: c.Text}
	for m.Tokens < len(compared) && compared[m.Tokens].Text == follows[m.Tokens].Text {
		m.Tokens++
	}
	if m.Tokens > 0 {
		m.Bytes = said[m.Tokens-1].End
	}
	if m.Tokens < len(follows) {
		m.Want = follows[m.Tokens].Text
		if m.Tokens < len(compared) {
			m.Got = compared[m.Tokens].Text
		}
	}
	return m
}
