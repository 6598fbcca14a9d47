package openai

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// logprobs is both shapes in use: the completions API's arrays, of which vLLM
// and OpenAI fill a subset, and llama.cpp's content, which is the chat API's.
type logprobs struct {
	Tokens        []text         `json:"tokens"`
	TokenLogprobs []*float64     `json:"token_logprobs"`
	TopLogprobs   []topTokens    `json:"top_logprobs"`
	Content       []contentToken `json:"content"`
}

// A contentToken is a token as llama.cpp reports it.
type contentToken struct {
	ID          int            `json:"id"`
	Token       text           `json:"token"`
	Bytes       []byte         `json:"bytes"`
	Logprob     *float64       `json:"logprob"`
	Prob        *float64       `json:"prob"` // after sampling, for scores
	TopLogprobs []contentToken `json:"top_logprobs"`
	TopProbs    []contentToken `json:"top_probs"`
}

// topTokens are the members of an object whose names are the texts of tokens. Those of
// unfinished runes have no text at vLLM and are left out, since nobody could tell them
// apart.
type topTokens []contentToken

// UnmarshalJSON implements [json.Unmarshaler]. Two tokens may have the same text.
func (t *topTokens) UnmarshalJSON(value []byte) error {
	d := json.NewDecoder(bytes.NewReader(value))
	if open, err := d.Token(); open != json.Delim('{') {
		return err // null
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var p *float64
		if err := d.Decode(&p); err != nil {
			return err
		}
		if name, _ := name.(string); name != "" {
			*t = append(*t, contentToken{Token: text{value: tokenText(name)}, Logprob: p})
		}
	}
	return nil
}

// readLogprobs returns the tokens of text that have a log probability, with at
// most top of the likeliest at each place; a negative top keeps all that were
// sent. A null, as the first token of a text has it, is absent and not a
// probability of 1.
func readLogprobs(sent json.RawMessage, top int, text string) ([]sampling.Token, error) {
	tokens, err := readTokens(sent, top)
	tokens = slices.DeleteFunc(tokens, unknown)
	respell(tokens, text)
	return tokens, err
}

// unknown reports whether the server told no log probability of a token.
func unknown(t sampling.Token) bool { return math.IsNaN(t.Logprob) }

// readTokens returns all tokens, with NaN for the log probability of those that have
// none.
func readTokens(sent json.RawMessage, top int) ([]sampling.Token, error) {
	switch string(sent) {
	case "", "null", "false", "{}", `""`:
		return nil, nil
	}
	var l logprobs
	if err := json.Unmarshal(sent, &l); err != nil {
		return nil, fmt.Errorf("cannot read the log probabilities: %v", err)
	}
	if len(l.Content) == 0 && len(l.Tokens) != len(l.TokenLogprobs) {
		return nil, fmt.Errorf("there are %d log probabilities for %d tokens", len(l.TokenLogprobs), len(l.Tokens))
	}
	if len(l.Content) == 0 {
		for i, token := range l.Tokens {
			token.value = tokenText(token.value)
			l.Content = append(l.Content, contentToken{Token: token, Logprob: l.TokenLogprobs[i]})
			if i < len(l.TopLogprobs) {
				l.Content[i].TopLogprobs = l.TopLogprobs[i]
			}
		}
	}
	tokens := make([]sampling.Token, len(l.Content))
	for i := range tokens {
		var err error
		if tokens[i], err = l.Content[i].sampled(top); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// text prefers the bytes: the text of a token that ends inside of a rune is not
// its own.
func (c *contentToken) text() string {
	if c.Bytes != nil {
		return string(c.Bytes)
	}
	return c.Token.value
}

// roundingLogprob is how far above 0 a log probability may be by rounding.
const roundingLogprob = 0.01

// sampled returns the token with at most top of the likeliest at its place. Of two with
// the same text the likelier one is kept.
func (c *contentToken) sampled(top int) (sampling.Token, error) {
	t := sampling.Token{Text: c.text(), Logprob: math.NaN()}
	if c.Logprob == nil {
		return t, nil
	}
	for _, p := range c.TopLogprobs {
		if p.Logprob == nil {
			continue
		}
		logprob, err := p.logprob()
		if err != nil {
			return t, err
		}
		t.Top = append(t.Top, sampling.Token{Text: p.text(), Logprob: logprob})
	}
	logprob, err := c.logprob()
	if err != nil {
		return t, err
	}
	t.Logprob = logprob
	if len(c.TopLogprobs) > 0 && t.Text != "" {
		// The drawn token is one of the likeliest. Servers leave it out, or show another
		// token of the same text.
		t.Top = append(t.Top, sampling.Token{Text: t.Text, Logprob: logprob})
	}
	slices.SortFunc(t.Top, func(a, b sampling.Token) int {
		return cmp.Or(cmp.Compare(a.Text, b.Text), cmp.Compare(b.Logprob, a.Logprob))
	})
	t.Top = slices.CompactFunc(t.Top, func(a, b sampling.Token) bool { return a.Text == b.Text })
	slices.SortStableFunc(t.Top, func(a, b sampling.Token) int { return cmp.Compare(b.Logprob, a.Logprob) })
	if top >= 0 {
		t.Top = t.Top[:min(top, len(t.Top))]
	}
	if len(t.Top) == 0 {
		t.Top = nil
	}
	return t, nil
}

// logprob returns the log probability that the server told.
func (c *contentToken) logprob() (float64, error) {
	if *c.Logprob > roundingLogprob {
		return 0, fmt.Errorf("the log probability of %q is %v, and none is above 0", c.text(), *c.Logprob)
	}
	return min(*c.Logprob, 0), nil
}

// respell turns tokens that are spelled as in the vocabulary, "Ġowl" or "▁owl",
// into what they are in the text. A vocabulary that is spelled so has no token
// with a space or a line break in it.
func respell(tokens []sampling.Token, text string) {
	read, joined := (func(string) string)(nil), ""
	for _, t := range tokens {
		joined += t.Text
		for _, one := range append([]sampling.Token{t}, t.Top...) {
			switch {
			case strings.ContainsAny(one.Text, " \n"):
				return
			case strings.ContainsAny(one.Text, "ĠĊ"):
				read = byteLevel
			case read == nil && sentencePiece(one.Text) != one.Text:
				read = sentencePiece
			}
		}
	}
	if read == nil || joined == text && read(joined) != joined {
		return // the text itself has such letters
	}
	for i := range tokens {
		if joined != text {
			tokens[i].Text = read(tokens[i].Text)
		}
		for j := range tokens[i].Top {
			tokens[i].Top[j].Text = read(tokens[i].Top[j].Text)
		}
	}
}

// tokenText reads OpenAI's way of writing a token that is not text, as in
// bytes:\xe2\x80.
func tokenText(s string) string {
	if rest, ok := strings.CutPrefix(s, "bytes:"); ok && strings.Contains(rest, `\x`) {
		if text, err := strconv.Unquote(`"` + rest + `"`); err == nil {
			return text
		}
	}
	return s
}
