package wrap_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// abilities is a Script that scores and draws, unless a function is nil.
type abilities struct {
	*samplingtest.Script
	ScoreFunc func(ctx context.Context, req *sampling.Request, of []string) ([]sampling.Score, error)
	DrawFunc  func(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error)
}

func (a *abilities) Score(ctx context.Context, req *sampling.Request, of []string) ([]sampling.Score, error) {
	if a.ScoreFunc == nil {
		return nil, sampling.ErrUnsupported
	}
	return a.ScoreFunc(ctx, req, of)
}

func (a *abilities) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	if a.DrawFunc == nil {
		return nil, sampling.ErrUnsupported
	}
	return a.DrawFunc(ctx, req, n)
}

// able has all abilities.
func able() *abilities {
	return &abilities{
		Script: &samplingtest.Script{Answer: samplingtest.Always(" one two"), ChunkSize: 4},
		ScoreFunc: func(_ context.Context, req *sampling.Request, of []string) ([]sampling.Score, error) {
			scores := make([]sampling.Score, len(of))
			for i, text := range of {
				scores[i] = sampling.Score{Logprob: -float64(len(req.Prompt)) - float64(len(text)), Tokens: []sampling.Token{{Text: text, Logprob: -1}}}
			}
			return scores, nil
		},
		DrawFunc: func(_ context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
			all := make([]*sampling.Completion, n)
			for i := range all {
				all[i] = &sampling.Completion{Text: fmt.Sprint(" drawn ", i), Reason: sampling.EndOfText, Seed: seeds.At(req.Params.Seed, i)}
			}
			return all, nil
		},
	}
}

// everyWrapper returns a new one of each.
func everyWrapper() map[string][]wrap.Wrapper {
	quiet := slog.New(slog.DiscardHandler)
	forbid, err := wrap.Forbid(2, "a protected text")
	if err != nil {
		panic(err)
	}
	each := map[string][]wrap.Wrapper{
		"Limit":  {&wrap.Limit{Requests: 1 << 30, Tokens: 1 << 30, Concurrent: 64}},
		"Meter":  {&wrap.Meter{Price: sampling.Price{Prompt: 1, Completion: 1}, Cap: 1000}},
		"Retry":  {wrap.Retry{}},
		"Cache":  {&wrap.Cache{}},
		"Log":    {wrap.Log{Logger: quiet, Text: true}},
		"Forbid": {forbid},
	}
	var all []wrap.Wrapper
	for _, name := range []string{"Limit", "Meter", "Retry", "Cache", "Log"} {
		all = append(all, each[name]...)
	}
	each["all"] = all
	each["none"] = nil
	return each
}

// describing is a Script that has the other abilities too.
type describing struct {
	*abilities
	info sampling.Info
}

func (describing) Count(_ context.Context, text string) (int, error) { return len(text) / 2, nil }

func (d describing) Describe(context.Context) (sampling.Info, error) { return d.info, nil }

// sampler hides all abilities of a Script but Sample.
type sampler struct{ s sampling.Backend }

func (b sampler) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return b.s.Sample(ctx, req)
}

// TestAbilities asks for every ability through every wrapper: it answers as the
// backend does, and with ErrUnsupported where the backend has none.
func TestAbilities(t *testing.T) {
	req := &sampling.Request{Prompt: "p"}
	for name, wrappers := range everyWrapper() {
		all := wrap.Around(describing{able(), sampling.Info{Model: "m", Window: 7}}, wrappers...)
		m := sampling.Model{Backend: all}
		if n, err := m.Count(t.Context(), "four"); n != 2 || err != nil {
			t.Errorf("%s: counted %d, %v", name, n, err)
		}
		if s, err := m.Score(t.Context(), req, []string{"a"}); len(s) != 1 || err != nil {
			t.Errorf("%s: scored %v, %v", name, s, err)
		}
		if d, err := m.Draw(t.Context(), req, 2); len(d) != 2 || err != nil {
			t.Errorf("%s: drew %v, %v", name, d, err)
		}
		if info, err := (sampling.Forward{Backend: all}).Describe(t.Context()); info.Window != 7 || err != nil {
			t.Errorf("%s: described %v, %v", name, info, err)
		}
		none := sampling.Model{Backend: wrap.Around(sampler{able()}, wrappers...)}
		if n, err := none.Count(t.Context(), "four"); n != 4 || err != nil {
			t.Errorf("%s: without a counter %d, %v", name, n, err)
		}
		if _, err := none.Score(t.Context(), req, []string{"a"}); !errors.Is(err, sampling.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
		if d, err := none.Draw(t.Context(), req, 2); len(d) != 2 || err != nil {
			t.Errorf("%s: drew singly %v, %v", name, d, err)
		}
	}
}

// words counts one token for each word.
type words struct{}

func (words) Count(_ context.Context, text string) (int, error) {
	return len(strings.Fields(text)), nil
}
