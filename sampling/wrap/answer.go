package wrap

import (
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// An answer is what a backend made of a question. The types here mirror those of package sampling, which carry
// no JSON names of their own.
type answer struct {
	Chunks      []piece        `json:"chunks,omitempty"`
	Completions []piece        `json:"completions,omitempty"` // of a draw
	Scores      []piece        `json:"scores,omitempty"`
	Tokens      *int           `json:"tokens,omitempty"`      // of a count
	Info        *sampling.Info `json:"info,omitempty"`        // of a description
	Vector      []byte         `json:"vector,omitempty"`      // of an embedding
	Unsupported string         `json:"unsupported,omitempty"` // why the backend could not; for a strict Cache
	Backend     int            `json:"backend,omitempty"`     // of a Fallback: the place of the one that answered, from 1
}

// A piece is a chunk, a completion, a score, a token or an alternative: all are a
// text with something to it.
type piece struct {
	Text    string           `json:"text,omitempty"`
	Bytes   []byte           `json:"bytes,omitempty"` // in place of a text that is not UTF-8
	Logprob *logprob         `json:"logprob,omitempty"`
	Tokens  []piece          `json:"tokens,omitempty"`
	Top     []piece          `json:"top,omitempty"`
	Reason  *sampling.Reason `json:"reason,omitempty"`
	Stop    string           `json:"stop,omitempty"`
	Seed    uint64           `json:"seed,omitempty"`
	Model   string           `json:"model,omitempty"`
	Usage   *usage           `json:"usage,omitempty"`
}

type usage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	CachedTokens     int `json:"cached_tokens,omitempty"`
}

// A logprob may be infinite, which JSON numbers are not.
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

func textPiece(text string) piece {
	if utf8.ValidString(text) {
		return piece{Text: text}
	}
	return piece{Bytes: []byte(text)} // a token may be part of a rune
}

func (p *piece) text() string {
	if p.Bytes != nil {
		return string(p.Bytes)
	}
	return p.Text
}

func (p *piece) end(r sampling.Reason, stop string, u *sampling.Usage) {
	if r != sampling.Unfinished {
		p.Reason = &r
	}
	p.Stop = stop
	if u != nil {
		p.Usage = &usage{u.PromptTokens, u.CompletionTokens, u.CachedTokens}
	}
}

func (p *piece) reason() sampling.Reason {
	if p.Reason == nil {
		return sampling.Unfinished
	}
	return *p.Reason
}

func (p *piece) usage() *sampling.Usage {
	if p.Usage == nil {
		return nil
	}
	return &sampling.Usage{PromptTokens: p.Usage.PromptTokens, CompletionTokens: p.Usage.CompletionTokens, CachedTokens: p.Usage.CachedTokens}
}

func likely(text string, lp float64) piece {
	p, l := textPiece(text), logprob(lp)
	p.Logprob = &l
	return p
}

func (p *piece) logprob() float64 {
	if p.Logprob == nil {
		return 0
	}
	return float64(*p.Logprob)
}

func writeTokens(tokens []sampling.Token) []piece {
	var pieces []piece
	for _, t := range tokens {
		p := likely(t.Text, t.Logprob)
		for _, a := range t.Top {
			p.Top = append(p.Top, likely(a.Text, a.Logprob))
		}
		pieces = append(pieces, p)
	}
	return pieces
}

func readTokens(pieces []piece) []sampling.Token {
	var tokens []sampling.Token
	for _, p := range pieces {
		t := sampling.Token{Text: p.text(), Logprob: p.logprob()}
		for _, a := range p.Top {
			t.Top = append(t.Top, sampling.Token{Text: a.text(), Logprob: a.logprob()})
		}
		tokens = append(tokens, t)
	}
	return tokens
}

func writeChunk(c *sampling.Chunk) piece {
	p := textPiece(c.Text)
	p.Tokens = writeTokens(c.Tokens)
	p.Seed, p.Model = c.Seed, c.Model
	p.end(c.Reason, c.Stop, c.Usage)
	return p
}

// chunk returns a chunk of its own each time, which the caller may change.
func (p *piece) chunk() sampling.Chunk {
	return sampling.Chunk{Text: p.text(), Tokens: readTokens(p.Tokens), Reason: p.reason(), Stop: p.Stop, Seed: p.Seed, Model: p.Model, Usage: p.usage()}
}

// writeCompletions leaves out what a Drawer left nil, as Model does.
func writeCompletions(all []*sampling.Completion) []piece {
	var pieces []piece
	for _, c := range all {
		if c == nil {
			continue
		}
		p := textPiece(c.Text)
		p.Tokens = writeTokens(c.Tokens)
		p.Seed, p.Model = c.Seed, c.Model
		var u *sampling.Usage // zeros are nothing to show
		if c.Usage != (sampling.Usage{}) {
			u = &c.Usage
		}
		p.end(c.Reason, c.Stop, u)
		pieces = append(pieces, p)
	}
	return pieces
}

// readCompletions returns the completions of a draw. A greedy one may have been
// drawn from another seed than was asked for now, to the same effect.
func readCompletions(pieces []piece, req *sampling.Request) []*sampling.Completion {
	var all []*sampling.Completion
	for i, p := range pieces {
		c := &sampling.Completion{Text: p.text(), Reason: p.reason(), Stop: p.Stop, Seed: p.Seed, Model: p.Model, Tokens: readTokens(p.Tokens)}
		if u := p.usage(); u != nil {
			c.Usage = *u
		}
		if c.Seed != 0 && req.Params.Seed != 0 && req.Params.Temperature == 0 {
			c.Seed = sampling.SeedAt(req.Params.Seed, i)
		}
		all = append(all, c)
	}
	return all
}

func writeScores(scores []sampling.Score) []piece {
	var pieces []piece
	for _, s := range scores {
		p := likely("", s.Logprob)
		p.Tokens = writeTokens(s.Tokens)
		if u := s.Usage; u != (sampling.Usage{}) {
			p.Usage = &usage{u.PromptTokens, u.CompletionTokens, u.CachedTokens}
		}
		pieces = append(pieces, p)
	}
	return pieces
}

func readScores(pieces []piece) []sampling.Score {
	scores := make([]sampling.Score, 0, len(pieces))
	for _, p := range pieces {
		s := sampling.Score{Logprob: p.logprob(), Tokens: readTokens(p.Tokens)}
		if u := p.usage(); u != nil {
			s.Usage = *u
		}
		scores = append(scores, s)
	}
	return scores
}
