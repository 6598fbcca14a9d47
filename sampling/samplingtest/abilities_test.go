package samplingtest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

// A counting backend changes the toy's counts.
type counting struct {
	sampling.Backend
	count func(text string, n int) int
}

func (b *counting) Count(ctx context.Context, text string) (int, error) {
	n, err := new(toy).Count(ctx, text)
	return b.count(text, n), err
}

// A scoring backend changes the toy's scores.
type scoring struct {
	toy
	score func([]sampling.Score) []sampling.Score
}

func (b *scoring) Score(ctx context.Context, req *sampling.Request, of []string) ([]sampling.Score, error) {
	scores, err := b.toy.Score(ctx, req, of)
	if err != nil {
		return nil, err
	}
	return b.score(scores), nil
}

// A drawing backend changes what the toy draws.
type drawing struct {
	toy
	draw func(*sampling.Request, []*sampling.Completion)
}

func (b *drawing) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	all, err := b.toy.Draw(ctx, req, n)
	if err == nil {
		b.draw(req, all)
	}
	return all, err
}

// A deaf backend ignores ctx when it scores.
type deaf struct{ toy }

func (b *deaf) Score(ctx context.Context, req *sampling.Request, of []string) ([]sampling.Score, error) {
	return b.toy.Score(context.WithoutCancel(ctx), req, of)
}

// A blind backend scores, but samples without log probabilities to compare with.
type blind struct{ toy }

func (b *blind) Sample(ctx context.Context, req *sampling.Request) seq {
	if req.Params.Logprobs {
		return func(yield func(sampling.Chunk, error) bool) { yield(sampling.Chunk{}, sampling.ErrUnsupported) }
	}
	return b.toy.Sample(ctx, req)
}

// A describing backend describes itself.
type describing struct {
	toy
	describe func(context.Context) (sampling.Info, error)
}

func (b *describing) Describe(ctx context.Context) (sampling.Info, error) { return b.describe(ctx) }

// Each backend keeps the rules of Backend and breaks one of an ability.
func TestBrokenAbilities(t *testing.T) {
	counts := func(f func(text string, n int) int) func(*testing.T) sampling.Backend {
		return func(*testing.T) sampling.Backend { return &counting{&toy{}, f} }
	}
	scores := func(f func([]sampling.Score) []sampling.Score) func(*testing.T) sampling.Backend {
		return func(*testing.T) sampling.Backend { return &scoring{score: f} }
	}
	draws := func(f func(*sampling.Request, []*sampling.Completion)) func(*testing.T) sampling.Backend {
		return func(*testing.T) sampling.Backend { return &drawing{draw: f} }
	}
	describes := func(f func(context.Context) (sampling.Info, error)) func(*testing.T) sampling.Backend {
		return func(*testing.T) sampling.Backend { return &describing{describe: f} }
	}
	var counted, described int
	for _, test := range []broken{
		{"counts less than nothing", "counter", counts(func(text string, n int) int {
			if text == "" {
				return -1
			}
			return n
		})},
		{"counts an empty text as long", "counter", counts(func(text string, n int) int {
			if text == "" {
				return 9
			}
			return n
		})},
		{"counts fewer in a longer text", "counter", counts(func(text string, n int) int {
			if len(text) > 40 {
				return 1
			}
			return n
		})},
		{"counts differently each time", "counter", counts(func(text string, n int) int {
			counted++
			return n + counted%2
		})},
		{"counts nothing and tells no usage", "counter", func(*testing.T) sampling.Backend {
			silent := of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
				return mapped(b.Sample(ctx, req), func(c sampling.Chunk) sampling.Chunk { c.Usage = sampling.Usage{}; return c })
			})
			return &counting{silent(nil), func(string, int) int { return 0 }}
		}},
		{"scores one too few", "scorer", scores(func(s []sampling.Score) []sampling.Score { return s[:max(len(s)-1, 0)] })},
		{"scores without tokens", "scorer", scores(func(s []sampling.Score) []sampling.Score {
			for i := range s {
				s[i].Tokens = nil
			}
			return s
		})},
		{"scores above 1", "scorer", scores(func(s []sampling.Score) []sampling.Score {
			for i := range s {
				s[i].Logprob = 1
			}
			return s
		})},
		{"scores the third differently", "scorer", scores(func(s []sampling.Score) []sampling.Score {
			if len(s) == 3 {
				s[2].Logprob -= 9
				s[2].Tokens[0].Logprob -= 9
			}
			return s
		})},
		{"scores other tokens", "scorer", scores(func(s []sampling.Score) []sampling.Score {
			for _, one := range s {
				one.Tokens[0].Text = "?"
			}
			return s
		})},
		{"scores less than it draws with", "scorer", scores(func(s []sampling.Score) []sampling.Score {
			for i := range s {
				for j := range s[i].Tokens {
					s[i].Logprob--
					s[i].Tokens[j].Logprob--
				}
			}
			return s
		})},
		{"scores alike what it cannot sample", "scorer", func(*testing.T) sampling.Backend {
			return &blind{toy{scoreAlike: true}}
		}},
		{"scores in spite of ctx", "scorer", func(*testing.T) sampling.Backend { return new(deaf) }},
		{"describes itself differently each time", "describer", describes(func(context.Context) (sampling.Info, error) {
			described++
			return sampling.Info{Window: described}, nil
		})},
		{"describes a negative window", "describer", describes(func(context.Context) (sampling.Info, error) {
			return sampling.Info{Window: -1}, nil
		})},
		{"renames a cancelled description", "describer", describes(func(ctx context.Context) (info sampling.Info, err error) {
			if ctx.Err() != nil {
				err = errors.New("request failed")
			}
			return info, err
		})},
		{"modifies what it draws from", "drawer", draws(func(req *sampling.Request, _ []*sampling.Completion) {
			req.Params.TopK = 1 << 20
		})},
		{"draws at temperature 0 in a batch", "drawer", draws(func(req *sampling.Request, all []*sampling.Completion) {
			if req.Params.Temperature == 0 {
				all[1].Text = " something else"
			}
		})},
		{"draws nothing", "drawer", draws(func(_ *sampling.Request, all []*sampling.Completion) { all[0] = nil })},
		{"draws without a reason", "drawer", draws(func(_ *sampling.Request, all []*sampling.Completion) { all[0].Reason = 0 })},
		{"draws half runes", "drawer", draws(func(req *sampling.Request, all []*sampling.Completion) {
			if req.Params.Temperature > 0 {
				all[0].Text += "\xc3"
			}
		})},
		{"draws at a negative cost", "drawer", draws(func(_ *sampling.Request, all []*sampling.Completion) { all[0].Usage.PromptTokens = -1 })},
	} {
		test.run(t)
	}
}
