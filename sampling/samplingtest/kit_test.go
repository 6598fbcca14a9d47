package samplingtest_test

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/google/go-cmp/cmp"
)

type seq = iter.Seq2[sampling.Chunk, error]

// of makes a backend of a function over a toy, with the toy's other abilities.
func of(f func(b *toy, ctx context.Context, req *sampling.Request) seq) func(*testing.T) sampling.Backend {
	return func(*testing.T) sampling.Backend {
		b := &toy{}
		return sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) seq { return f(b, ctx, req) })
	}
}

func newToy(t *testing.T) sampling.Backend { return &toy{} }

func TestToyKeepsEveryRule(t *testing.T) {
	kit := samplingtest.Kit{Unsupported: []sampling.Params{{Extra: map[string]any{"grammar": "root ::= [a-z]+"}}}}
	kit.TestBackend(t, newToy)
}

func TestZeroKit(t *testing.T) {
	samplingtest.TestBackend(t, newToy)
}

// with returns a copy of a request with changed parameters.
func with(req *sampling.Request, change func(*sampling.Params)) *sampling.Request {
	c := *req
	change(&c.Params)
	return &c
}

// Each backend breaks one rule, and just that rule must be named.
func TestBrokenBackends(t *testing.T) {
	for _, test := range []struct {
		name string
		want samplingtest.Rule
		says string // part of what the failure says was seen
		new  func(t *testing.T) sampling.Backend
	}{
		{"echoes the prompt", samplingtest.NoEcho, `begins with it: "Once upon`, of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return func(yield func(sampling.Chunk, error) bool) {
				prompt := req.Prompt
				for chunk, err := range b.Sample(ctx, req) {
					chunk.Text, prompt = prompt+chunk.Text, ""
					if !yield(chunk, err) {
						return
					}
				}
			}
		})},
		{"ignores MaxTokens", samplingtest.MaxTokens, "with MaxTokens 32 the usage tells of", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return b.Sample(ctx, with(req, func(p *sampling.Params) { p.MaxTokens = 90 }))
		})},
		{"ignores MaxTokens and tells no usage", samplingtest.MaxTokens, "words", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return mapped(b.Sample(ctx, with(req, func(p *sampling.Params) { p.MaxTokens = 90 })), func(c sampling.Chunk) sampling.Chunk {
				c.Usage = nil
				return c
			})
		})},
		{"calls a limit an end", samplingtest.MaxTokens, `the reason is "end of text" instead of "token limit"`, func(*testing.T) sampling.Backend { return &toy{endAtLimit: true} }},
		{"ignores the seed", samplingtest.Seeds, "16 seeds gave the same text", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return b.Sample(ctx, with(req, func(p *sampling.Params) { p.Seed = 2 }))
		})},
		{"makes up its seeds", samplingtest.Seeds, "seed 1 gave", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return b.Sample(ctx, with(req, func(p *sampling.Params) { p.Seed = rand.Uint64() }))
		})},
		{"keeps state between calls", samplingtest.Greedy, "after other samples", func(*testing.T) sampling.Backend {
			b, said := &toy{}, " "
			var mu sync.Mutex
			return sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) seq {
				mu.Lock()
				defer mu.Unlock()
				r := *req
				r.Prompt += said
				said += "the owl "
				return b.Sample(ctx, &r)
			})
		}},
		{"draws at temperature 0", samplingtest.Greedy, "the same greedy request gave", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return b.Sample(ctx, with(req, func(p *sampling.Params) { p.Temperature = 1 }))
		})},
		{"leaks a goroutine", samplingtest.Goroutines, "goroutines", func(t *testing.T) sampling.Backend {
			b, closed := &toy{}, make(chan struct{})
			t.Cleanup(func() { close(closed) })
			return sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) seq {
				go func() { <-closed }()
				return b.Sample(ctx, req)
			})
		}},
		{"leaks a goroutine when it is left", samplingtest.Goroutines, "pumps", func(t *testing.T) sampling.Backend {
			p := &pumps{closed: make(chan struct{})}
			t.Cleanup(func() { close(p.closed) })
			return p
		}},
		{"ignores ctx", samplingtest.Cancel, "there were chunks all the same", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return b.Sample(context.WithoutCancel(ctx), req)
		})},
		{"looks at ctx once", samplingtest.Cancel, "after chunk 1 there were", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return func(yield func(sampling.Chunk, error) bool) {
				if err := ctx.Err(); err != nil {
					yield(sampling.Chunk{}, err)
					return
				}
				b.Sample(context.WithoutCancel(ctx), req)(yield)
			}
		})},
		{"is deaf to ctx for a few chunks", samplingtest.Cancel, "after chunk 10 there were", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return func(yield func(sampling.Chunk, error) bool) {
				n := 0
				for chunk, err := range b.Sample(context.WithoutCancel(ctx), req) {
					if n++; ctx.Err() != nil && (n < 11 || n > 13) {
						yield(sampling.Chunk{}, ctx.Err())
						return
					}
					if !yield(chunk, err) {
						return
					}
				}
			}
		})},
		{"hides a cancelled ctx", samplingtest.Cancel, "ended without an error", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return func(yield func(sampling.Chunk, error) bool) {
				for chunk, err := range b.Sample(ctx, req) {
					if ctx.Err() != nil || !yield(chunk, err) {
						return
					}
				}
			}
		})},
		{"renames a cancelled ctx", samplingtest.Cancel, "does not wrap", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return func(yield func(sampling.Chunk, error) bool) {
				for chunk, err := range b.Sample(ctx, req) {
					if errors.Is(err, context.Canceled) {
						err = errors.New("request failed")
					}
					if !yield(chunk, err) {
						return
					}
				}
			}
		})},
		{"yields after the loop is left", samplingtest.EarlyBreak, "yield was called 31 more times", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return func(yield func(sampling.Chunk, error) bool) {
				for chunk, err := range b.Sample(ctx, req) {
					yield(chunk, err)
				}
			}
		})},
		{"gives no reason", samplingtest.Reasons, "the last of 32 chunks has no reason", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return mapped(b.Sample(ctx, req), func(c sampling.Chunk) sampling.Chunk { c.Reason = 0; return c })
		})},
		{"gives the reason early", samplingtest.Reasons, "chunk 1 of", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return mapped(b.Sample(ctx, req), func(c sampling.Chunk) sampling.Chunk { c.Reason = sampling.EndOfText; return c })
		})},
		{"gives the reason twice", samplingtest.Reasons, "only the last may have one", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return func(yield func(sampling.Chunk, error) bool) {
				for chunk, err := range b.Sample(ctx, req) {
					if !yield(chunk, err) {
						return
					}
					if chunk.Reason != sampling.Unfinished {
						yield(sampling.Chunk{Reason: chunk.Reason, Usage: chunk.Usage}, nil)
					}
				}
			}
		})},
		{"gives a reason of its own", samplingtest.Reasons, "the reason 9", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return mapped(b.Sample(ctx, req), func(c sampling.Chunk) sampling.Chunk {
				if c.Reason != sampling.Unfinished {
					c.Reason = 9
				}
				return c
			})
		})},
		{"yields half runes", samplingtest.WholeRunes, `\xc3`, func(*testing.T) sampling.Backend { return &toy{rawBytes: true} }},
		{"modifies the parameters", samplingtest.Intact, "Params", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			req.Params.TopK = cmpOr(req.Params.TopK, 1<<20)
			return b.Sample(ctx, req)
		})},
		{"modifies the stops' spare room", samplingtest.Intact, "Stop", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			r := *req
			r.Stop = append(r.Stop, "<end>")
			return b.Sample(ctx, &r)
		})},
		{"drops TopK", samplingtest.TopK, "TopK 1 the text is", of(dropping(func(p *sampling.Params) { p.TopK = 0 }))},
		{"drops TopP", samplingtest.TopP, "TopP 1e-06 the text is", of(dropping(func(p *sampling.Params) { p.TopP = 0 }))},
		{"drops MinP", samplingtest.MinP, "MinP 1 the text is", of(dropping(func(p *sampling.Params) { p.MinP = 0 }))},
		{"drops the penalties", samplingtest.Penalties, "RepetitionPenalty 1e+06 the text still is", of(dropping(func(p *sampling.Params) { p.RepetitionPenalty = 0 }))},
		{"drops Logprobs", samplingtest.Logprobs, "dropped in silence", func(*testing.T) sampling.Backend { return &toy{logprobs: "none"} }},
		{"reports probabilities above 1", samplingtest.Logprobs, "log probability", func(*testing.T) sampling.Backend { return &toy{logprobs: "positive"} }},
		{"mixes samples up", samplingtest.Concurrency, "of 8 samples at once", func(*testing.T) sampling.Backend { return new(mixer) }},
		{"hangs", samplingtest.Answers, "Sample hung for", func(t *testing.T) sampling.Backend {
			closed := make(chan struct{})
			t.Cleanup(func() { close(closed) })
			return sampling.BackendFunc(func(context.Context, *sampling.Request) seq {
				return func(func(sampling.Chunk, error) bool) { <-closed }
			})
		}},
		{"hangs until it is cancelled", samplingtest.Answers, "returned when ctx was cancelled", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return func(func(sampling.Chunk, error) bool) { <-ctx.Done() }
		})},
		{"panics", samplingtest.Answers, "Sample panicked: index out of range", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			panic("index out of range")
		})},
		{"returns no sequence", samplingtest.Answers, "Sample panicked", of(func(b *toy, ctx context.Context, req *sampling.Request) seq { return nil })},
		{"says nothing", samplingtest.Answers, "is empty", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return func(yield func(sampling.Chunk, error) bool) { yield(sampling.Chunk{Reason: sampling.EndOfText}, nil) }
		})},
		{"is nil", samplingtest.Answers, "newBackend returned nil", func(*testing.T) sampling.Backend { return nil }},
		{"charges too little", samplingtest.Usages, "negative", func(*testing.T) sampling.Backend { return &toy{chargeExtra: -1000} }},
		{"goes on after an error", samplingtest.Refusals, "yield was called", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return func(yield func(sampling.Chunk, error) bool) {
				for chunk, err := range b.Sample(ctx, req) {
					if !yield(chunk, err) {
						return
					}
					if err != nil {
						yield(sampling.Chunk{}, err)
					}
				}
			}
		})},
		{"refuses without saying so", samplingtest.Refusals, "does not wrap ErrUnsupported", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			if len(req.Params.Extra) > 0 {
				return func(yield func(sampling.Chunk, error) bool) { yield(sampling.Chunk{}, errors.New("no")) }
			}
			return b.Sample(ctx, req)
		})},
		{"drops Extra", samplingtest.Refusals, "there was no error but", of(dropping(func(p *sampling.Params) { p.Extra = nil }))},
		{"fails on an empty prompt with text", samplingtest.EmptyPrompt, "text and then an error", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			if req.Prompt != "" {
				return b.Sample(ctx, req)
			}
			return func(yield func(sampling.Chunk, error) bool) {
				_ = yield(sampling.Chunk{Text: "?"}, nil) && yield(sampling.Chunk{}, errors.New("no prompt"))
			}
		})},
		{"stops at what the prompt says", samplingtest.Stops, `with the stops ["time"] gave`, func(*testing.T) sampling.Backend { return &toy{stopPrompt: true} }},
		{"counts too few", samplingtest.Counts, "was counted as", func(*testing.T) sampling.Backend { return &toy{countLess: true} }},
		{"scores everything alike", samplingtest.Scores, "is no less likely", func(*testing.T) sampling.Backend { return &toy{scoreAlike: true} }},
		{"sums scores wrongly", samplingtest.Scores, "sum to", func(*testing.T) sampling.Backend { return &toy{scoreSum: true} }},
		{"draws one too few", samplingtest.Draws, "3 completions were asked for, and 2 came", func(*testing.T) sampling.Backend { return &toy{drawLess: true} }},
		{"draws the same ones", samplingtest.Draws, "all alike", func(*testing.T) sampling.Backend { return &toy{drawSame: true} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel() // some of them wait for a goroutine that never ends
			kit := samplingtest.Kit{
				Unsupported: []sampling.Params{{Extra: map[string]any{"grammar": "root ::= [a-z]+"}}},
				Patience:    time.Second,
			}
			failures := kit.Check(t, test.new)
			var named []samplingtest.Rule
			for _, err := range failures {
				var f *samplingtest.Failure
				if !errors.As(err, &f) {
					t.Errorf("%v is no Failure", err)
					continue
				}
				named = append(named, f.Rule)
				if f.Doc == "" || !strings.Contains(err.Error(), string(f.Rule)) {
					t.Errorf("the failure does not explain itself: %v", err)
				}
			}
			if diff := cmp.Diff([]samplingtest.Rule{test.want}, slices.Compact(named)); diff != "" {
				t.Fatalf("the rules named (-want +got):\n%s\n%v", diff, errors.Join(failures...))
			}
			if text := errors.Join(failures...).Error(); !strings.Contains(text, test.says) {
				t.Errorf("the failure should say %q:\n%s", test.says, text)
			}
		})
	}
}

func cmpOr(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}

// mapped changes each chunk of a sequence.
func mapped(chunks seq, f func(sampling.Chunk) sampling.Chunk) seq {
	return func(yield func(sampling.Chunk, error) bool) {
		for chunk, err := range chunks {
			if !yield(f(chunk), err) {
				return
			}
		}
	}
}

// dropping leaves out a parameter in silence.
func dropping(drop func(*sampling.Params)) func(b *toy, ctx context.Context, req *sampling.Request) seq {
	return func(b *toy, ctx context.Context, req *sampling.Request) seq { return b.Sample(ctx, with(req, drop)) }
}

// pumps samples on a goroutine and does not tell it when the loop is left.
type pumps struct {
	toy
	closed chan struct{}
}

func (p *pumps) Sample(ctx context.Context, req *sampling.Request) seq {
	return func(yield func(sampling.Chunk, error) bool) {
		type piece struct {
			chunk sampling.Chunk
			err   error
		}
		pieces := make(chan piece)
		go func() {
			defer close(pieces)
			for chunk, err := range p.toy.Sample(ctx, req) {
				select {
				case pieces <- piece{chunk, err}:
				case <-p.closed:
					return
				}
			}
		}()
		for p := range pieces {
			if !yield(p.chunk, p.err) {
				return
			}
		}
	}
}

// A mixer works one chunk ahead, and keeps the chunk in one place for all
// samples. There is no data race in it, so that only the text shows what is wrong.
type mixer struct {
	toy
	mu    sync.Mutex
	ahead sampling.Chunk
}

func (m *mixer) Sample(ctx context.Context, req *sampling.Request) seq {
	return func(yield func(sampling.Chunk, error) bool) {
		first := true
		for chunk, err := range m.toy.Sample(ctx, req) {
			m.mu.Lock()
			before := m.ahead
			m.ahead = chunk
			m.mu.Unlock()
			if err != nil {
				yield(sampling.Chunk{}, err)
				return
			}
			if !first && !yield(before, nil) {
				return
			}
			first = false
		}
		m.mu.Lock()
		last := m.ahead
		m.mu.Unlock()
		yield(last, nil)
	}
}

func TestSkips(t *testing.T) {
	seedless := of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
		return b.Sample(ctx, with(req, func(p *sampling.Params) { p.Seed = 2 }))
	})
	kit := samplingtest.Kit{Skip: map[samplingtest.Rule]string{samplingtest.Seeds: "the server has no seeds"}}
	if failures := kit.Check(t, seedless); failures != nil {
		t.Error(failures)
	}
	kit.Skip = map[samplingtest.Rule]string{"sedes": "no seeds", samplingtest.Seeds: " "}
	text := errors.Join(kit.Check(t, seedless)...).Error()
	for _, want := range []string{`"sedes", which is no rule`, `leaves out "seeds" without a reason`} {
		if !strings.Contains(text, want) {
			t.Errorf("should say %q: %s", want, text)
		}
	}
}
