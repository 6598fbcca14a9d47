package wrap

import (
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
)

// An answer is the backend's answer to a question, as a Store keeps it.
type answer struct {
	Chunks      []piece        `json:"chunks,omitempty"`
	Completions []piece        `json:"completions,omitempty"` // of a draw
	Scores      []piece        `json:"scores,omitempty"`
	Tokens      *int           `json:"tokens,omitempty"`      // of a count
	Info        *sampling.Info `json:"info,omitempty"`        // of a description
	Vector      []byte         `json:"vector,omitempty"`      // of an embedding
	Unsupported string         `json:"unsupported,omitempty"` // why the backend could not answer; for a strict Cache
	Backend     int            `json:"backend,omitempty"`     // the place of the Fallback's backend that answered, from 1
}

// A piece is a chunk, a completion, a score or a token.
type piece struct {
	Text    string          `json:"text,omitempty"`
	Bytes   []byte          `json:"bytes,omitempty"` // instead of a text that is not UTF-8, such as part of a rune
	Logprob logprob         `json:"logprob,omitzero"`
	Tokens  []piece         `json:"tokens,omitempty"`
	Top     []piece         `json:"top,omitempty"`
	Reason  sampling.Reason `json:"reason,omitempty"`
	Stop    string          `json:"stop,omitempty"`
	Seed    uint64          `json:"seed,omitempty"`
	Model   string          `json:"model,omitempty"`
	Usage   usage           `json:"usage,omitzero"`
}

type usage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	CachedTokens     int `json:"cached_tokens,omitempty"`
}

// A logprob may be infinite, which JSON numbers cannot be.
type logprob float64

func (l logprob) MarshalJSON() ([]byte, error) {
	if f := float64(l); math.IsInf(f, 0) || math.IsNaN(f) {
		return strconv.AppendQuote(nil, strconv.FormatFloat(f, 'g', -1, 64)), nil
	}
	return json.Marshal(float64(l))
}

func (l *logprob) UnmarshalJSON(data []byte) error {
	text, err := strconv.Unquote(string(data))
	if err != nil {
		text = string(data)
	}
	f, err := strconv.ParseFloat(text, 64)
	*l = logprob(f)
	return err
}

func newPiece(text string, tokens []sampling.Token, u sampling.Usage) piece {
	p := piece{Tokens: writeTokens(tokens), Usage: usage(u)}
	if utf8.ValidString(text) {
		p.Text = text
	} else {
		p.Bytes = []byte(text)
	}
	return p
}

func (p *piece) text() string {
	if p.Bytes != nil {
		return string(p.Bytes)
	}
	return p.Text
}

func writeTokens(tokens []sampling.Token) []piece {
	var pieces []piece
	for _, t := range tokens {
		p := newPiece(t.Text, nil, sampling.Usage{})
		p.Logprob, p.Top = logprob(t.Logprob), writeTokens(t.Top)
		pieces = append(pieces, p)
	}
	return pieces
}

func readTokens(pieces []piece) []sampling.Token {
	var tokens []sampling.Token
	for _, p := range pieces {
		tokens = append(tokens, sampling.Token{Text: p.text(), Logprob: float64(p.Logprob), Top: readTokens(p.Top)})
	}
	return tokens
}

func writeCompletion(c *sampling.Completion) piece {
	p := newPiece(c.Text, c.Tokens, c.Usage)
	p.Reason, p.Stop, p.Seed, p.Model = c.Reason, c.Stop, c.Seed, c.Model
	return p
}

// completion returns a new value each time, which the caller may change.
func (p *piece) completion() sampling.Completion {
	return sampling.Completion{Text: p.text(), Tokens: readTokens(p.Tokens), Reason: p.Reason, Stop: p.Stop, Usage: sampling.Usage(p.Usage), Model: p.Model, Seed: p.Seed}
}

func writeCompletions(all []*sampling.Completion) []piece {
	var pieces []piece
	for _, c := range all {
		pieces = append(pieces, writeCompletion(c))
	}
	return pieces
}

// readCompletions returns the completions of a draw. A greedy draw is found with
// any seed, and reports the seed of this request.
func readCompletions(pieces []piece, req *sampling.Request) []*sampling.Completion {
	var all []*sampling.Completion
	for i, p := range pieces {
		c := p.completion()
		if c.Seed != 0 && req.Params.Seed != 0 && req.Params.Temperature == 0 {
			c.Seed = seeds.At(req.Params.Seed, i)
		}
		all = append(all, &c)
	}
	return all
}

func writeScores(scores []sampling.Score) []piece {
	var pieces []piece
	for _, s := range scores {
		p := newPiece("", s.Tokens, s.Usage)
		p.Logprob = logprob(s.Logprob)
		pieces = append(pieces, p)
	}
	return pieces
}

func readScores(pieces []piece) []sampling.Score {
	scores := make([]sampling.Score, len(pieces))
	for i, p := range pieces {
		scores[i] = sampling.Score{Logprob: float64(p.Logprob), Tokens: readTokens(p.Tokens), Usage: sampling.Usage(p.Usage)}
	}
	return scores
}
