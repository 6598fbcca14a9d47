package samplingtest_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
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
	kit := samplingtest.Kit{MaxTokens: 16, Unsupported: []sampling.Params{{Extra: map[string]any{"grammar": "root ::= [a-z]+"}}}}
	kit.TestBackend(t, newToy)
}

func TestRefusedConstraints(t *testing.T) {
	if failures := samplingtest.Check(samplingtest.Kit{}, t, func(*testing.T) sampling.Backend { return &toy{constrain: "refuses"} }); len(failures) > 0 {
		t.Error(failures)
	}
}

// A wrapper that embeds Forward keeps what the backend keeps. The Kit is the zero one.
func TestWrapperKeepsEveryRule(t *testing.T) {
	samplingtest.Kit{}.TestBackend(t, func(*testing.T) sampling.Backend {
		return struct{ sampling.Forward }{sampling.Forward{Backend: &toy{}}}
	})
}

// A server that batches rounds differently when it has company. That breaks no
// rule: what it says then is as likely.
func TestRoundingKeepsEveryRule(t *testing.T) {
	synctest.Test(t, testRounding) // where samples meet, however busy the machine is
}

func testRounding(t *testing.T) {
	var company atomic.Int32
	texts := map[string]map[string]bool{} // by prompt
	var mu sync.Mutex
	failures := samplingtest.Check(samplingtest.Kit{}, t, func(*testing.T) sampling.Backend {
		b := &toy{round: func() bool { return company.Load() > 1 }}
		return sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) seq {
			return func(yield func(sampling.Chunk, error) bool) {
				company.Add(1)
				defer company.Add(-1)
				text := ""
				for chunk, err := range b.Sample(ctx, req) {
					text += chunk.Text
					if !yield(chunk, err) {
						return
					}
				}
				if mu.Lock(); req.Params.Temperature == 0 && req.Params.MaxTokens == 32 && !req.Params.Logprobs {
					if texts[req.Prompt] == nil {
						texts[req.Prompt] = map[string]bool{}
					}
					texts[req.Prompt][text] = true
				}
				mu.Unlock()
			}
		})
	})
	if failures != nil {
		t.Error(failures)
	}
	if !slices.ContainsFunc(slices.Collect(maps.Values(texts)), func(t map[string]bool) bool { return len(t) > 1 }) {
		t.Error("it never rounded to another text")
	}
}

// with returns a copy of a request with changed parameters.
func with(req *sampling.Request, change func(*sampling.Params)) *sampling.Request {
	c := *req
	change(&c.Params)
	return &c
}

// A broken backend breaks one rule.
type broken struct {
	name string
	want string // the rule
	new  func(t *testing.T) sampling.Backend
}

// run checks that just the broken rule is named.
func (b broken) run(t *testing.T) {
	t.Run(b.name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) { // so that waiting for what never ends takes no time
			kit := samplingtest.Kit{MaxTokens: 16, Unsupported: []sampling.Params{{Extra: map[string]any{"grammar": "root ::= [a-z]+"}}}}
			failures := samplingtest.Check(kit, t, b.new)
			var named []string
			for _, f := range failures {
				named = append(named, f.Rule)
			}
			if diff := cmp.Diff([]string{b.want}, slices.Compact(named)); diff != "" {
				t.Fatalf("the rules named (-want +got):\n%s\n%v", diff, failures)
			}
			t.Log(failures)
		})
	})
}

// Each backend breaks one rule, and just that rule must be named.
func TestBrokenBackends(t *testing.T) {
	for _, test := range []broken{
		{"echoes the prompt", "no-echo", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
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
		{"ignores MaxTokens", "max-tokens", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return b.Sample(ctx, with(req, func(p *sampling.Params) { p.MaxTokens = 90 }))
		})},
		{"ignores MaxTokens and tells no usage", "max-tokens", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return mapped(b.Sample(ctx, with(req, func(p *sampling.Params) { p.MaxTokens = 90 })), func(c sampling.Chunk) sampling.Chunk {
				c.Usage = sampling.Usage{}
				return c
			})
		})},
		{"calls a limit an end", "max-tokens", func(*testing.T) sampling.Backend { return &toy{endAtLimit: true} }},
		{"ignores the seed", "seeds", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return b.Sample(ctx, with(req, func(p *sampling.Params) { p.Seed = 2 }))
		})},
		{"invents its seeds", "seeds", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return b.Sample(ctx, with(req, func(p *sampling.Params) { p.Seed = rand.Uint64() }))
		})},
		{"keeps state between calls", "greedy", func(*testing.T) sampling.Backend {
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
		{"draws at temperature 0", "greedy", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return b.Sample(ctx, with(req, func(p *sampling.Params) { p.Temperature = 1 }))
		})},
		{"goes on from another's cache", "concurrency", func(*testing.T) sampling.Backend {
			b, cached := &toy{}, ""
			var mu sync.Mutex
			return sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) seq {
				r := *req
				mu.Lock()
				if len(cached) > 200 && r.Prompt != cached && strings.HasPrefix(r.Prompt, cached[:200]) {
					r.Prompt = cached + " a"
				}
				cached = req.Prompt
				mu.Unlock()
				return b.Sample(ctx, &r)
			})
		}},
		{"leaks a goroutine", "goroutines", func(t *testing.T) sampling.Backend {
			b, closed := &toy{}, make(chan struct{})
			t.Cleanup(func() { close(closed) })
			return sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) seq {
				go func() { <-closed }()
				return b.Sample(ctx, req)
			})
		}},
		{"leaks a goroutine when it is left", "goroutines", func(t *testing.T) sampling.Backend {
			p := &pumps{closed: make(chan struct{})}
			t.Cleanup(func() { close(p.closed) })
			return p
		}},
		{"ignores ctx", "cancel", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return b.Sample(context.WithoutCancel(ctx), req)
		})},
		{"looks at ctx once", "cancel", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return func(yield func(sampling.Chunk, error) bool) {
				if err := ctx.Err(); err != nil {
					yield(sampling.Chunk{}, err)
					return
				}
				b.Sample(context.WithoutCancel(ctx), req)(yield)
			}
		})},
		{"is deaf to ctx for a few chunks", "cancel", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
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
		{"hides a cancelled ctx", "cancel", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return func(yield func(sampling.Chunk, error) bool) {
				for chunk, err := range b.Sample(ctx, req) {
					if ctx.Err() != nil || !yield(chunk, err) {
						return
					}
				}
			}
		})},
		{"renames a cancelled ctx", "cancel", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
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
		{"yields after the loop is left", "early-break", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return func(yield func(sampling.Chunk, error) bool) {
				for chunk, err := range b.Sample(ctx, req) {
					yield(chunk, err)
				}
			}
		})},
		{"gives no reason", "reasons", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return mapped(b.Sample(ctx, req), func(c sampling.Chunk) sampling.Chunk { c.Reason = 0; return c })
		})},
		{"gives the reason early", "reasons", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return mapped(b.Sample(ctx, req), func(c sampling.Chunk) sampling.Chunk { c.Reason = sampling.EndOfText; return c })
		})},
		{"gives the reason twice", "reasons", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
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
		{"gives a reason of its own", "reasons", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return mapped(b.Sample(ctx, req), func(c sampling.Chunk) sampling.Chunk {
				if c.Reason != sampling.Unfinished {
					c.Reason = 9
				}
				return c
			})
		})},
		{"yields half runes", "whole-runes", func(*testing.T) sampling.Backend { return &toy{rawBytes: true} }},
		{"modifies the parameters", "request", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			if req.Params.TopK == 0 {
				req.Params.TopK = 1 << 20
			}
			return b.Sample(ctx, req)
		})},
		{"modifies the stops' spare room", "request", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			r := *req
			r.Stop = append(r.Stop, "<end>")
			return b.Sample(ctx, &r)
		})},
		{"drops TopK", "top-k", of(dropping(func(p *sampling.Params) { p.TopK = 0 }))},
		{"drops TopP", "top-p", of(dropping(func(p *sampling.Params) { p.TopP = 0 }))},
		{"drops MinP", "min-p", of(dropping(func(p *sampling.Params) { p.MinP = 0 }))},
		{"drops the penalties", "penalties", of(dropping(func(p *sampling.Params) { p.RepetitionPenalty = 0 }))},
		{"drops Extra", "refusals", of(dropping(func(p *sampling.Params) {
			if p.Extra["grammar"] == nil {
				p.Extra = nil
			}
		}))},
		{"drops Logprobs", "logprobs", func(*testing.T) sampling.Backend { return &toy{logprobs: "none"} }},
		{"reports probabilities above 1", "logprobs", func(*testing.T) sampling.Backend { return &toy{logprobs: "positive"} }},
		{"mixes samples up", "concurrency", func(*testing.T) sampling.Backend { return new(mixer) }},
		{"hangs", "answers", func(t *testing.T) sampling.Backend {
			closed := make(chan struct{})
			t.Cleanup(func() { close(closed) })
			return sampling.BackendFunc(func(context.Context, *sampling.Request) seq {
				return func(func(sampling.Chunk, error) bool) { <-closed }
			})
		}},
		{"hangs until it is cancelled", "answers", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return func(func(sampling.Chunk, error) bool) { <-ctx.Done() }
		})},
		{"panics", "answers", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			panic("index out of range")
		})},
		{"returns no sequence", "answers", of(func(b *toy, ctx context.Context, req *sampling.Request) seq { return nil })},
		{"says nothing", "answers", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			return func(yield func(sampling.Chunk, error) bool) { yield(sampling.Chunk{Reason: sampling.EndOfText}, nil) }
		})},
		{"is nil", "answers", func(*testing.T) sampling.Backend { return nil }},
		{"charges too little", "usage", func(*testing.T) sampling.Backend { return &toy{chargeExtra: -1000} }},
		{"goes on after an error", "refusals", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
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
		{"refuses without saying so", "refusals", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			if len(req.Params.Extra) > 0 {
				return func(yield func(sampling.Chunk, error) bool) { yield(sampling.Chunk{}, errors.New("no")) }
			}
			return b.Sample(ctx, req)
		})},
		{"drops all of Extra", "refusals", of(dropping(func(p *sampling.Params) { p.Extra = nil }))},
		{"fails on an empty prompt with text", "empty-prompt", of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
			if req.Prompt != "" {
				return b.Sample(ctx, req)
			}
			return func(yield func(sampling.Chunk, error) bool) {
				_ = yield(sampling.Chunk{Text: "?"}, nil) && yield(sampling.Chunk{}, errors.New("no prompt"))
			}
		})},
		{"stops at what the prompt says", "stops", func(*testing.T) sampling.Backend { return &toy{stopPrompt: true} }},
		{"ignores constraints", "constrainer", func(*testing.T) sampling.Backend { return &toy{constrain: "ignores"} }},
		{"adds to constraints", "constrainer", func(*testing.T) sampling.Backend { return &toy{constrain: "ends"} }},
		{"counts too few", "counter", func(*testing.T) sampling.Backend { return &toy{countLess: true} }},
		{"scores everything alike", "scorer", func(*testing.T) sampling.Backend { return &toy{scoreAlike: true} }},
		{"sums scores wrongly", "scorer", func(*testing.T) sampling.Backend { return &toy{scoreSum: true} }},
		{"draws one too few", "drawer", func(*testing.T) sampling.Backend { return &toy{drawLess: true} }},
		{"draws the same ones", "drawer", func(*testing.T) sampling.Backend { return &toy{drawSame: true} }},
	} {
		test.run(t)
	}
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

// A call that takes longer than the time limit does not break its rule, unless
// nothing at all was answered.
func TestNotDecided(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		busy := func(*testing.T) sampling.Backend {
			b := &toy{}
			return sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) seq {
				if calls++; calls > 1 {
					return func(yield func(sampling.Chunk, error) bool) { <-ctx.Done(); yield(sampling.Chunk{}, ctx.Err()) }
				}
				return b.Sample(ctx, req)
			})
		}
		kit := samplingtest.Kit{Skip: map[string]string{"concurrency": "one goroutine counts the calls"}}
		if failures := samplingtest.Check(kit, t, busy); failures != nil {
			t.Error(failures)
		}
	})
}

func TestSkips(t *testing.T) {
	seedless := of(func(b *toy, ctx context.Context, req *sampling.Request) seq {
		return b.Sample(ctx, with(req, func(p *sampling.Params) { p.Seed = 2 }))
	})
	kit := samplingtest.Kit{Skip: map[string]string{"seeds": "the server has no seeds"}}
	if failures := samplingtest.Check(kit, t, seedless); failures != nil {
		t.Error(failures)
	}
	kit.Skip = map[string]string{"sedes": "no seeds", "seeds": " "}
	text := samplingtest.CheckSkips(kit).Error()
	for _, name := range []string{`"sedes"`, `"seeds"`} {
		if !strings.Contains(text, name) {
			t.Errorf("should name %s: %s", name, text)
		}
	}
}

// A forgetful backend opens a connection for each sample and forgets it.
type forgetful struct {
	toy
	url    string
	client *http.Client
}

func (f *forgetful) Sample(ctx context.Context, req *sampling.Request) seq {
	return func(yield func(sampling.Chunk, error) bool) {
		r, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, f.url, nil)
		if err == nil {
			_, err = f.client.Do(r)
		}
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		f.toy.Sample(ctx, req)(yield)
	}
}

func TestForgottenConnections(t *testing.T) {
	t.Parallel() // the kit waits for the connections
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(make([]byte, 1<<20)) // more than a buffer holds
	}))
	defer server.Close()
	skip := make(map[string]string)
	for _, name := range samplingtest.RuleNames() {
		if name != "goroutines" {
			skip[name] = "so many connections take long"
		}
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	failures := samplingtest.Check(samplingtest.Kit{Skip: skip, Timeout: 5 * time.Second}, t, func(t *testing.T) sampling.Backend {
		return &forgetful{url: server.URL, client: &http.Client{Transport: transport}}
	})
	if len(failures) != 1 || !strings.Contains(failures[0].Text, "net/http.(*persistConn)") {
		t.Errorf("forgotten connections: %v", failures)
	}
}
