package probe

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/foreword-go/foreword/internal/words"
	"github.com/foreword-go/foreword/sampling"
)

// ReciteOptions are the options of [Recite].
type ReciteOptions struct {
	Prefix int // tokens of the text that the model is given; 0 is 50
	Length int // tokens compared; 0 is 50, or as many as follow

	// Params are the model's parameters. At Temperature 0 a text that is recited to
	// the end is extractable memory by the definition of Carlini et al. 2023, who
	// give 50 tokens and compare 50. MaxTokens 0 asks for enough: four of the model's
	// tokens for each token compared.
	Params sampling.Params
}

// A Recital compares a continuation with the text that really follows.
type Recital struct {
	Prompt string // the beginning of the text, which the model was given
	Text   string // the continuation
	Length int    // tokens compared
	Tokens int    // of them, how many are verbatim from the start
	Bytes  int    // the same, in bytes of Text

	// Want is the first token of the text that the continuation does not match,
	// and Got is the token in its place. Got is empty where the continuation ends.
	// Both are empty where all tokens match.
	Want, Got string
}

// Recite gives the model the beginning of a text, and compares its continuation
// with what really follows.
func Recite(ctx context.Context, m sampling.Model, text string, o ReciteOptions) (*Recital, error) {
	all := slices.Collect(words.All(text))
	prefix, length := cmp.Or(o.Prefix, 50), cmp.Or(o.Length, 50)
	switch {
	case prefix < 0 || length < 0:
		return nil, fmt.Errorf("%w: probe.ReciteOptions: Prefix is %d and Length is %d; use 0 for 50, or a positive number", sampling.ErrInvalid, prefix, length)
	case prefix >= len(all):
		return nil, fmt.Errorf("%w: probe.Recite: the text has %d tokens, and the prefix takes %d; use a longer text or a shorter prefix", sampling.ErrInvalid, len(all), prefix)
	}
	follows := all[prefix:]
	follows = follows[:min(length, len(follows))]
	r := &Recital{Prompt: text[:all[prefix-1].End], Length: len(follows)}
	params := o.Params
	params.MaxTokens = cmp.Or(params.MaxTokens, 4*len(follows))
	// A stream left at the first difference would not be kept by a wrap.Cache.
	c, err := m.Complete(ctx, &sampling.Request{Prompt: r.Prompt, Params: params})
	if err != nil {
		return nil, err
	}
	r.Text = c.Text
	for w := range words.All(c.Text) {
		if r.Tokens == len(follows) {
			break
		}
		if want := follows[r.Tokens].Text; w.Text != want {
			r.Want, r.Got = want, w.Text
			return r, nil
		}
		r.Tokens++
		r.Bytes = w.End
	}
	if r.Tokens < len(follows) {
		r.Want = follows[r.Tokens].Text
	}
	return r, nil
}
