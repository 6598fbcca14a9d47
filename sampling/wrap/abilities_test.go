package wrap_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// Backends with each combination of abilities, by what they can do.
type (
	sampler struct{ s *samplingtest.Script }
	counter struct{ s *samplingtest.Script }
	scorer  struct{ s *samplingtest.Script }
	drawer  struct{ s *samplingtest.Script }
)

func (b sampler) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return b.s.Sample(ctx, req)
}
func (b counter) Count(ctx context.Context, text string) (int, error) { return b.s.Count(ctx, text) }
func (b scorer) Score(ctx context.Context, req *sampling.Request, of []string) ([]sampling.Score, error) {
	return b.s.Score(ctx, req, of)
}
func (b drawer) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	return b.s.Draw(ctx, req, n)
}

func combinations(s *samplingtest.Script) map[string]sampling.Backend {
	return map[string]sampling.Backend{
		"": sampler{s},
		"count": struct {
			sampler
			counter
		}{sampler{s}, counter{s}},
		"score": struct {
			sampler
			scorer
		}{sampler{s}, scorer{s}},
		"draw": struct {
			sampler
			drawer
		}{sampler{s}, drawer{s}},
		"count score": struct {
			sampler
			counter
			scorer
		}{sampler{s}, counter{s}, scorer{s}},
		"count draw": struct {
			sampler
			counter
			drawer
		}{sampler{s}, counter{s}, drawer{s}},
		"score draw": struct {
			sampler
			scorer
			drawer
		}{sampler{s}, scorer{s}, drawer{s}},
		"count score draw": s,
	}
}

// abilities says what a backend shows that it can do.
func abilities(b sampling.Backend) string {
	var all []string
	if _, ok := b.(sampling.Counter); ok {
		all = append(all, "count")
	}
	if _, ok := b.(sampling.Scorer); ok {
		all = append(all, "score")
	}
	if _, ok := b.(sampling.Drawer); ok {
		all = append(all, "draw")
	}
	return fmt.Sprint(all)
}

// able is a Script with all abilities.
func able() *samplingtest.Script {
	return &samplingtest.Script{
		Replies: []string{" one two"}, Loop: true, ChunkSize: 4,
		CountFunc: func(ctx context.Context, text string) (int, error) { return len(text) / 2, nil },
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
				all[i] = &sampling.Completion{Text: fmt.Sprint(" drawn ", i), Reason: sampling.EndOfText, Seed: sampling.SeedAt(req.Params.Seed, i)}
			}
			return all, nil
		},
	}
}

// everyWrapper returns a new one of each.
func everyWrapper() map[string][]wrap.Wrapper {
	quiet := slog.New(slog.DiscardHandler)
	each := map[string][]wrap.Wrapper{
		"Record": {&wrap.Record{To: io.Discard}},
		"Limit":  {&wrap.Limit{Requests: 1 << 30, Tokens: 1 << 40, AtOnce: 64}},
		"Meter":  {&wrap.Meter{Price: wrap.Price{Prompt: wrap.Dollar, Completion: wrap.Dollar}, Cap: 1000 * wrap.Dollar}},
		"Retry":  {wrap.Retry{}},
		"Resume": {wrap.Retry{Resume: true}},
		"Cache":  {&wrap.Cache{Sampled: true}},
		"Log":    {wrap.Log{Logger: quiet, Text: true}},
	}
	var all []wrap.Wrapper
	for _, name := range []string{"Record", "Limit", "Meter", "Retry", "Cache", "Log"} {
		all = append(all, each[name]...)
	}
	each["all"] = all
	each["none"] = nil
	return each
}

// A wrapped backend can do what the one in it can, no less and no more.
func TestAbilities(t *testing.T) {
	for able, backend := range combinations(able()) {
		want := abilities(backend)
		for name, wrappers := range everyWrapper() {
			if got := abilities(wrap.Around(backend, wrappers...)); got != want {
				t.Errorf("%s around a backend that can %q: %s", name, able, got)
			}
		}
		var file bytes.Buffer
		recorded := wrap.Around(backend, &wrap.Record{To: &file})
		for range recorded.Sample(t.Context(), &sampling.Request{}) {
		}
		replay, err := wrap.Replay{}.Read(&file)
		if err != nil {
			t.Fatal(err)
		}
		if got := abilities(replay); got != want {
			t.Errorf("Replay of a backend that can %q: %s", able, got)
		}
	}
}

// What an ability answers comes through every wrapper as it is.
func TestAbilitiesAnswer(t *testing.T) {
	ctx := t.Context()
	for able, backend := range combinations(able()) {
		for name, wrappers := range everyWrapper() {
			m := sampling.Model{Backend: wrap.Around(backend, wrappers...)}
			c, err := m.Complete(ctx, &sampling.Request{Prompt: "p"})
			if err != nil || c.Text != " one two" || c.Reason != sampling.EndOfText {
				t.Errorf("%s: %+v, %v", name, c, err)
			}
			if b, ok := m.Backend.(sampling.Counter); ok {
				if n, err := b.Count(context.Background(), "12345678"); n != 4 || err != nil {
					t.Errorf("%s around %q counts %d, %v", name, able, n, err)
				}
			}
			if b, ok := m.Backend.(sampling.Scorer); ok {
				scores, err := b.Score(ctx, &sampling.Request{Prompt: "pp"}, []string{"a", "bb"})
				if err != nil || len(scores) != 2 || scores[1].Logprob != -4 || scores[1].Tokens[0].Text != "bb" {
					t.Errorf("%s around %q scores %v, %v", name, able, scores, err)
				}
			}
			if b, ok := m.Backend.(sampling.Drawer); ok {
				all, err := b.Draw(ctx, &sampling.Request{Params: sampling.Params{Seed: 7}}, 2)
				if err != nil || len(all) != 2 || all[1].Text != " drawn 1" || all[1].Seed != 8 {
					t.Errorf("%s around %q draws %v, %v", name, able, all, err)
				}
			}
		}
	}
}
