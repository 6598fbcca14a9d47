package openai

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// logprobs is both shapes in use: the completions API's arrays, of which vLLM
// and OpenAI fill a subset, and llama.cpp's content, which is the chat API's.
type logprobs struct {
	Tokens        []text                `json:"tokens"`
	TokenLogprobs []*float64            `json:"token_logprobs"`
	TopLogprobs   []map[string]*float64 `json:"top_logprobs"`
	Content       []contentToken        `json:"content"`
}

type contentToken struct {
	Token       text           `json:"token"`
	Bytes       []byte         `json:"bytes"`
	Logprob     *float64       `json:"logprob"`
	TopLogprobs []contentToken `json:"top_logprobs"`
}

// readLogprobs returns the tokens that have a log probability, with at most top
// alternatives each; 0 keeps all that were sent. A null, as the first token of
// a text has it, is absent and not a probability of 1.
func readLogprobs(sent raw, top int) ([]sampling.Token, error) {
	all, err := readTokens(sent, top)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	tokens := make([]sampling.Token, 0, len(all))
	for _, t := range all {
		if t.known {
			tokens = append(tokens, t.Token)
		}
	}
	return tokens, nil
}

// A scored is a token, and whether its log probability is known.
type scored struct {
	sampling.Token
	known bool
}

func readTokens(sent raw, top int) ([]scored, error) {
	if !present(sent) {
		return nil, nil
	}
	var l logprobs
	if err := json.Unmarshal(sent, &l); err != nil {
		return nil, wrong("cannot read the log probabilities: %v", err)
	}
	if len(l.Content) > 0 {
		return l.fromContent(top), nil
	}
	return l.fromArrays(top)
}

func (l *logprobs) fromContent(top int) []scored {
	tokens := make([]scored, len(l.Content))
	for i := range l.Content {
		c := &l.Content[i]
		tokens[i].Text = c.text()
		if c.Logprob == nil {
			continue
		}
		tokens[i].Logprob, tokens[i].known = *c.Logprob, true
		for _, a := range c.TopLogprobs {
			if a.Logprob != nil {
				tokens[i].Top = append(tokens[i].Top, sampling.Token{Text: a.text(), Logprob: *a.Logprob})
			}
		}
		tokens[i].Top = best(tokens[i].Top, top)
	}
	return tokens
}

// text prefers the bytes: the text of a token that ends inside of a rune is not
// its own.
func (c *contentToken) text() string {
	if c.Bytes != nil {
		return string(c.Bytes)
	}
	return string(c.Token)
}

func (l *logprobs) fromArrays(top int) ([]scored, error) {
	if len(l.Tokens) != len(l.TokenLogprobs) {
		return nil, wrong("there are %d log probabilities for %d tokens", len(l.TokenLogprobs), len(l.Tokens))
	}
	tokens := make([]scored, len(l.Tokens))
	for i, token := range l.Tokens {
		tokens[i].Text = tokenText(string(token))
		if l.TokenLogprobs[i] == nil {
			continue
		}
		tokens[i].Logprob, tokens[i].known = *l.TokenLogprobs[i], true
		if i >= len(l.TopLogprobs) {
			continue
		}
		for text, p := range l.TopLogprobs[i] {
			if p != nil {
				tokens[i].Top = append(tokens[i].Top, sampling.Token{Text: tokenText(text), Logprob: *p})
			}
		}
		tokens[i].Top = best(tokens[i].Top, top)
	}
	return tokens, nil
}

// best sorts the alternatives, the likely first, and keeps top of them. Servers
// add the token that was drawn when it is not among those asked for.
func best(alternatives []sampling.Token, top int) []sampling.Token {
	slices.SortFunc(alternatives, func(a, b sampling.Token) int {
		return cmp.Or(cmp.Compare(b.Logprob, a.Logprob), cmp.Compare(a.Text, b.Text))
	})
	if top > 0 {
		alternatives = alternatives[:min(top, len(alternatives))]
	}
	return alternatives
}

// tokenText reads OpenAI's way of writing a token that is no text, as in
// bytes:\xe2\x80.
func tokenText(s string) string {
	rest, ok := strings.CutPrefix(s, `bytes:\x`)
	if !ok {
		return s
	}
	var out []byte
	for hex := range strings.SplitSeq(rest, `\x`) {
		b, err := strconv.ParseUint(hex, 16, 8)
		if err != nil || len(hex) != 2 {
			return s
		}
		out = append(out, byte(b))
	}
	return string(out)
}
