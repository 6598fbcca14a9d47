package wrap_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/foreword-go/foreword/sampling/wrap"
	"github.com/google/go-cmp/cmp"
)

// chunks reads all chunks of a stream.
func chunks(t *testing.T, b sampling.Backend, req *sampling.Request) (all []sampling.Chunk) {
	t.Helper()
	for chunk, err := range b.Sample(t.Context(), req) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, chunk)
	}
	return all
}

// A hit is the same stream, chunk by chunk, and all the caller's own.
func TestCacheHit(t *testing.T) {
	reply := samplingtest.Reply{Chunks: []sampling.Chunk{
		{Text: " 나비", Tokens: []sampling.Token{{Text: " \xeb", Logprob: -0.1, Top: []sampling.Token{{Text: "\xeb", Logprob: -2.5}}}, {Text: "\x82\x98비", Logprob: -1e-9}}},
		{Text: " <b>&", Usage: sampling.Usage{CompletionTokens: 3}},
		{Text: " x", Reason: sampling.TokenLimit, Usage: sampling.Usage{PromptTokens: 5, CompletionTokens: 4, CachedTokens: 2}},
	}}
	for name, store := range stores(t) {
		t.Run(name, func(t *testing.T) {
			script := turns(reply, samplingtest.Reply{Err: errBoom})
			c := &wrap.Cache{Store: store, Namespace: "test"}
			b := c.Wrap(script)
			req := &sampling.Request{Prompt: "butterfly:", Params: sampling.Params{Logprobs: true, TopLogprobs: 1}}
			for i := range 3 {
				got := chunks(t, b, req)
				if diff := cmp.Diff(reply.Chunks, got); diff != "" {
					t.Errorf("time %d (-want +got):\n%s", i, diff)
				}
				if i > 0 { // what a caller does to a hit is nobody else's concern
					got[0].Tokens[0].Text, got[0].Tokens[0].Top[0].Text = "spoilt", "spoilt"
					got[2].Usage.PromptTokens = 99
				}
			}
			if hits, misses, err := c.Stats(); hits != 2 || misses != 1 || err != nil {
				t.Error(hits, misses, err)
			}
		})
	}
}

// What a caller does to the chunks as they come does not spoil what is kept.
func TestCacheKeepsItsOwn(t *testing.T) {
	said := func() []sampling.Chunk {
		return []sampling.Chunk{{
			Text: " 나비", Reason: sampling.EndOfText, Usage: sampling.Usage{CompletionTokens: 1},
			Tokens: []sampling.Token{{Text: " 나비", Logprob: -1, Top: []sampling.Token{{Text: " 나", Logprob: -2}}}},
		}}
	}
	b := new(wrap.Cache).Wrap(turns(samplingtest.Reply{Chunks: said()}, samplingtest.Reply{Err: errBoom}))
	req := &sampling.Request{Prompt: "butterfly:", Params: sampling.Params{Logprobs: true, TopLogprobs: 1}}
	for chunk := range b.Sample(t.Context(), req) {
		chunk.Usage.CompletionTokens, chunk.Tokens[0].Text, chunk.Tokens[0].Top[0].Text = 99, "spoilt", "spoilt"
	}
	if diff := cmp.Diff(said(), chunks(t, b, req)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// counted is able with its draws and scores counted.
func counted(asked *int) *abilities {
	script := able()
	draw, score := script.DrawFunc, script.ScoreFunc
	script.DrawFunc = func(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
		*asked++
		return draw(ctx, req, n)
	}
	script.ScoreFunc = func(ctx context.Context, req *sampling.Request, of []string) ([]sampling.Score, error) {
		*asked++
		scores, err := score(ctx, req, of)
		scores[0].Usage = sampling.Usage{PromptTokens: 7, CompletionTokens: 1, CachedTokens: 3}
		return scores, err
	}
	return script
}

// A request that no file could keep as it is, is refused.
func TestCacheRefuses(t *testing.T) {
	b := new(wrap.Cache).Wrap(able())
	if _, err := b.(sampling.Scorer).Score(t.Context(), &sampling.Request{Prompt: "not UTF-8: \xff"}, []string{"a"}); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("a score: %v", err)
	}
}

func stores(t *testing.T) map[string]*wrap.Store {
	return map[string]*wrap.Store{"memory": nil, "file": openStore(t, t.TempDir()+"/cache")}
}

func openStore(t *testing.T, path string) *wrap.Store {
	t.Helper()
	store, err := wrap.OpenStore(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// A caller of several packages sees which one an error is from.
func TestStoreErrors(t *testing.T) {
	path := t.TempDir() + "/cache"
	closed := openStore(t, path)
	closed.Close()
	second := openStore(t, path)
	_, inUse := wrap.OpenStore(path)
	_, missing := wrap.OpenStore(t.TempDir() + "/none/cache")
	if err := second.Close(); err != nil {
		t.Errorf("closing once: %v", err)
	}
	for name, err := range map[string]error{"in use": inUse, "no directory": missing, "closing twice": closed.Close(), "compacting a closed store": closed.Compact()} {
		if err == nil || !strings.HasPrefix(err.Error(), "wrap: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !errors.Is(missing, os.ErrNotExist) {
		t.Errorf("the cause is lost: %v", missing)
	}
}

// What is a hit for what, by the number of times that the backend is asked.
func TestCacheKey(t *testing.T) {
	base := sampling.Request{Prompt: "p", Stop: []string{"a", "b"}, Params: sampling.Params{MaxTokens: 9}}
	change := func(f func(*sampling.Request)) *sampling.Request {
		req := base
		req.Stop = slices.Clone(base.Stop)
		f(&req)
		return &req
	}
	for _, test := range []struct {
		name  string
		a, b  *sampling.Request
		asked int
	}{
		{"the same", &base, change(func(r *sampling.Request) {}), 1},
		{"greedy with another seed", &base, change(func(r *sampling.Request) { r.Params.Seed = 77 }), 1},
		{"another prompt", &base, change(func(r *sampling.Request) { r.Prompt = "q" }), 2},
		{"a space more", &base, change(func(r *sampling.Request) { r.Prompt = "p " }), 2},
		{"other stops", &base, change(func(r *sampling.Request) { r.Stop = []string{"a"} }), 2},
		{"stops that join alike", &base, change(func(r *sampling.Request) { r.Stop = []string{"ab"} }), 2},
		{"more tokens", &base, change(func(r *sampling.Request) { r.Params.MaxTokens = 10 }), 2},
		{"the default of tokens", change(func(r *sampling.Request) { r.Params.MaxTokens = 0 }), change(func(r *sampling.Request) { r.Params.MaxTokens = sampling.DefaultMaxTokens }), 1},
		{"logprobs", &base, change(func(r *sampling.Request) { r.Params.Logprobs, r.Params.TopLogprobs = true, 1 }), 2},
		{"extra", &base, change(func(r *sampling.Request) { r.Params.Extra = map[string]any{"x": 1} }), 2},
		{"extra in another order",
			change(func(r *sampling.Request) {
				r.Params.Extra = map[string]any{"x": struct{ B, A int }{1, 2}, "y": 3.0}
			}),
			change(func(r *sampling.Request) {
				r.Params.Extra = map[string]any{"y": 3, "x": map[string]int{"A": 2, "B": 1}}
			}), 1},
		{"large numbers in extra",
			change(func(r *sampling.Request) { r.Params.Extra = map[string]any{"x": int64(1<<60 + 1)} }),
			change(func(r *sampling.Request) { r.Params.Extra = map[string]any{"x": int64(1 << 60)} }), 2},
		{"sampled, and cached by seed",
			change(func(r *sampling.Request) { r.Params.Temperature, r.Params.Seed = 1, 5 }),
			change(func(r *sampling.Request) { r.Params.Temperature, r.Params.Seed = 1, 5 }), 1},
		{"sampled with another seed",
			change(func(r *sampling.Request) { r.Params.Temperature, r.Params.Seed = 1, 5 }),
			change(func(r *sampling.Request) { r.Params.Temperature, r.Params.Seed = 1, 6 }), 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			script := turns(samplingtest.Reply{Text: "x"})
			b := new(wrap.Cache).Wrap(script)
			chunks(t, b, test.a)
			chunks(t, b, test.b)
			if n := len(script.Calls()); n != test.asked {
				t.Errorf("the backend was asked %d times, want %d", n, test.asked)
			}
		})
	}
}

// What is stored and what is not, by whether the second call reaches the backend.
func TestCacheStores(t *testing.T) {
	for _, test := range []struct {
		name   string
		reply  samplingtest.Reply
		stop   []string
		read   int // chunks that the first reader takes; 0 is all
		stored bool
	}{
		{"a whole answer", samplingtest.Reply{Text: "abc"}, nil, 0, true},
		{"left at the last chunk", samplingtest.Reply{Text: "abc"}, nil, 3, true},
		{"left before", samplingtest.Reply{Text: "abc"}, nil, 2, false},
		{"left at a stop", samplingtest.Reply{Text: "ab\ncd"}, []string{"\n"}, 3, true},
		{"left before the stop", samplingtest.Reply{Text: "ab\ncd"}, []string{"\n"}, 2, false},
		{"left after a stop that is there in part", samplingtest.Reply{Text: "ab\ncde"}, []string{"\nc!"}, 3, false},
		{"failed", samplingtest.Reply{Text: "abc", Err: busy}, nil, 0, false},
		{"broke off", samplingtest.Reply{Chunks: []sampling.Chunk{{Text: "abc"}}}, nil, 0, false},
		{"filtered", samplingtest.Reply{Text: "abc", Reason: sampling.Filtered}, nil, 0, false},
		{"nothing at all", samplingtest.Reply{Text: ""}, nil, 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			script := turns(test.reply)
			b := new(wrap.Cache).Wrap(script)
			req := &sampling.Request{Stop: test.stop}
			n := 0
			for range b.Sample(t.Context(), req) {
				if n++; n == test.read {
					break
				}
			}
			for range b.Sample(t.Context(), req) {
			}
			if stored := len(script.Calls()) == 1; stored != test.stored {
				t.Errorf("stored: %v, want %v", stored, test.stored)
			}
		})
	}
}

// Through a Model, which leaves at the stop, a hit gives the same completion. A
// reader that goes on beyond the stop is told that the text ended there.
func TestCacheAtStop(t *testing.T) {
	script := &samplingtest.Script{Answer: samplingtest.InTurn(" Paris. The capital of"), ChunkSize: 3}
	m := sampling.Model{Backend: new(wrap.Cache).Wrap(script)}
	req := &sampling.Request{Prompt: "The capital of France is", Stop: []string{"."}}
	first, err := m.Complete(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	again, err := m.Complete(t.Context(), req)
	if err != nil || again.Text != " Paris" || again.Reason != sampling.StopSequence || again.Stop != "." {
		t.Errorf("%+v, %v", again, err)
	}
	again.Seed = first.Seed // none was asked for
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
	all := chunks(t, m.Backend, &sampling.Request{Prompt: req.Prompt, Stop: req.Stop})
	last := all[len(all)-1]
	if last.Reason != sampling.StopSequence || last.Stop != "." || len(script.Calls()) != 1 {
		t.Errorf("%+v", all)
	}
}

func TestCacheDrawAndScore(t *testing.T) {
	for name, store := range stores(t) {
		t.Run(name, func(t *testing.T) {
			asked := 0
			script := counted(&asked)
			m := sampling.Model{Backend: (&wrap.Cache{Store: store, Namespace: "test"}).Wrap(script)}
			req := &sampling.Request{Params: sampling.Params{Temperature: 1, Seed: 3}}
			three, err := m.Draw(t.Context(), req, 3)
			again, err2 := m.Draw(t.Context(), req, 3)
			if diff := cmp.Diff(three, again); asked != 1 || err != nil || err2 != nil || diff != "" || len(three) != 3 {
				t.Errorf("asked %d times, %v, %v\n%s", asked, err, err2, diff)
			}
			if _, err := m.Draw(t.Context(), req, 2); err != nil || asked != 2 {
				t.Errorf("2 instead of 3: asked %d times, %v", asked, err)
			}
			// A greedy draw is found whatever the seed, and reports the one asked for.
			for _, seed := range []uint64{10, 20} {
				all, err := m.Draw(t.Context(), &sampling.Request{Params: sampling.Params{Seed: seed}}, 2)
				if err != nil || asked != 3 || all[0].Seed != seed || all[1].Seed != seed+1 {
					t.Errorf("greedy: asked %d times, %v, %+v", asked, err, all)
				}
			}
			asked = 2
			one, err := m.Score(t.Context(), &sampling.Request{Prompt: "p"}, []string{"a", "b"})
			two, err2 := m.Score(t.Context(), &sampling.Request{Prompt: "p"}, []string{"a", "b"})
			if diff := cmp.Diff(one, two); asked != 3 || err != nil || err2 != nil || diff != "" || len(one) != 2 {
				t.Errorf("asked %d times, %v, %v\n%s", asked, err, err2, diff)
			}
			if _, err := m.Score(t.Context(), &sampling.Request{Prompt: "p"}, []string{"ab"}); err != nil || asked != 4 {
				t.Errorf("other continuations: asked %d times, %v", asked, err)
			}
		})
	}
}

// What failed or is not whole is asked again.
func TestCacheDrawFails(t *testing.T) {
	script := able()
	asked := 0
	var all []*sampling.Completion
	var err error
	script.DrawFunc = func(context.Context, *sampling.Request, int) ([]*sampling.Completion, error) {
		asked++
		return all, err
	}
	script.ScoreFunc = func(context.Context, *sampling.Request, []string) ([]sampling.Score, error) {
		asked++
		return nil, busy
	}
	m := sampling.Model{Backend: new(wrap.Cache).Wrap(script)}
	good := &sampling.Completion{Text: "x", Reason: sampling.EndOfText}
	for i, test := range []struct {
		all []*sampling.Completion
		err error
	}{
		{nil, busy},
		{[]*sampling.Completion{good}, busy},
		{[]*sampling.Completion{good}, nil},
		{[]*sampling.Completion{good, nil}, nil},
		{[]*sampling.Completion{good, {Text: "x"}}, nil},
		{[]*sampling.Completion{good, {Text: "x", Reason: sampling.Filtered}}, nil},
	} {
		all, err = test.all, test.err
		b := m.Backend.(sampling.Drawer)
		if got, gotErr := b.Draw(t.Context(), &sampling.Request{}, 2); asked != i+1 || gotErr != err || len(got) != len(all) {
			t.Errorf("asked %d times for the draw %d: %v, %v", asked, i, got, gotErr)
		}
	}
	for range 2 {
		if _, err := m.Score(t.Context(), &sampling.Request{Prompt: "p"}, []string{"a"}); err != busy {
			t.Error(err)
		}
	}
	if asked != 8 {
		t.Errorf("asked %d times", asked)
	}
}

// Two backends around which one Cache is wrapped do not get each other's answers.
func TestCacheSpaces(t *testing.T) {
	c := new(wrap.Cache)
	one, other := c.Wrap(turns(samplingtest.Reply{Text: "one"})), c.Wrap(turns(samplingtest.Reply{Text: "other"}))
	store := openStore(t, t.TempDir()+"/cache")
	third := (&wrap.Cache{Store: store, Namespace: "third"}).Wrap(turns(samplingtest.Reply{Text: "third"}))
	fourth := (&wrap.Cache{Store: store, Namespace: "fourth"}).Wrap(turns(samplingtest.Reply{Text: "fourth"}))
	alike := (&wrap.Cache{Store: store, Namespace: "fourth"}).Wrap(turns(samplingtest.Reply{Text: "not asked"}))
	for range 2 {
		for want, b := range map[string]sampling.Backend{"one": one, "other": other, "third": third} {
			if got, err := read(t.Context(), b, &sampling.Request{}); got != want || err != nil {
				t.Errorf("%q, %v, want %q", got, err, want)
			}
		}
		for _, b := range []sampling.Backend{fourth, alike} {
			if got, err := read(t.Context(), b, &sampling.Request{}); got != "fourth" || err != nil {
				t.Errorf("%q, %v, want %q", got, err, "fourth")
			}
		}
	}
	nameless := (&wrap.Cache{Store: store}).Wrap(able())
	if _, err := read(t.Context(), nameless, &sampling.Request{}); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("a store without a namespace: %v", err)
	}
	if _, err := nameless.(sampling.Drawer).Draw(t.Context(), &sampling.Request{}, 2); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("a store without a namespace: %v", err)
	}
	if _, err := nameless.(sampling.Scorer).Score(t.Context(), &sampling.Request{Prompt: ""}, nil); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("a store without a namespace: %v", err)
	}
}

// Two models behind one address and one model name are told apart by what they say
// of themselves, and so are two versions.
func TestCacheIdentity(t *testing.T) {
	store := openStore(t, t.TempDir()+"/cache")
	say := func(text string, info sampling.Info) sampling.Backend {
		return (&wrap.Cache{Store: store}).Wrap(describing{&abilities{Script: turns(samplingtest.Reply{Text: text})}, info})
	}
	for range 2 {
		for want, b := range map[string]sampling.Backend{
			"one":   say("one", sampling.Info{Model: "a.gguf"}),
			"two":   say("two", sampling.Info{Model: "b.gguf"}),
			"three": say("three", sampling.Info{Model: "a.gguf", Server: "2"}),
		} {
			if got, err := read(t.Context(), b, &sampling.Request{Prompt: "p"}); got != want || err != nil {
				t.Errorf("%q, %v; want %q", got, err, want)
			}
		}
	}
}

// A second run that finds everything in the Store sends nothing if there is a
// Namespace. Otherwise it asks once which model answers.
func TestCacheResumed(t *testing.T) {
	for namespace, want := range map[string]int{"test": 0, "": 1} {
		path := t.TempDir() + "/cache"
		run := func() int {
			b := &named{name: "one", window: 100}
			store := openStore(t, path)
			defer store.Close()
			m := sampling.Model{Backend: (&wrap.Cache{Store: store, Namespace: namespace}).Wrap(b)}
			for _, prompt := range []string{"p", "q", "r"} {
				if _, err := m.Complete(t.Context(), &sampling.Request{Prompt: prompt}); err != nil {
					t.Fatal(err)
				}
			}
			return b.asked
		}
		if got := run(); got != 3+want {
			t.Errorf("namespace %q: the first run sent %d requests instead of %d", namespace, got, 3+want)
		}
		if got := run(); got != want {
			t.Errorf("namespace %q: the second run sent %d requests instead of %d", namespace, got, want)
		}
	}
}

// A strict cache replays what another recorded, and names what it does not have.
func TestCacheStrict(t *testing.T) {
	path := t.TempDir() + "/cache"
	store := openStore(t, path)
	first := sampling.Model{Backend: (&wrap.Cache{Store: store, Namespace: "test"}).Wrap(describing{able(), sampling.Info{Model: "m", Window: 99}})}
	req := &sampling.Request{Prompt: "the capital of France is", Params: sampling.Params{Temperature: 1, Seed: 5}}
	recorded, err := first.Complete(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (sampling.Forward{Backend: first.Backend}).Describe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Count(t.Context(), "four"); err != nil {
		t.Fatal(err)
	}
	store.Close()

	strict := &wrap.Cache{Store: openStore(t, path), Namespace: "test", Strict: true}
	m, err := sampling.Discover(t.Context(), strict.Wrap(nil))
	if err != nil || m.Window != 99 {
		t.Errorf("%+v, %v", m, err)
	}
	if n, err := m.Count(t.Context(), "four"); n != 2 || err != nil {
		t.Errorf("counted %d, %v", n, err)
	}
	m.Window = 0
	if c, err := m.Complete(t.Context(), req); err != nil || c.Text != recorded.Text {
		t.Errorf("%+v, %v", c, err)
	}
	other := *req
	other.Prompt = "the capital of Frankia is"
	if _, err := m.Complete(t.Context(), &other); err == nil || !strings.Contains(err.Error(), `asked "kia is`) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("an unknown request: %v", err)
	}
	if _, err := (sampling.Model{Backend: (&wrap.Cache{Strict: true}).Wrap(nil)}).Complete(t.Context(), req); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("strict without a store: %v", err)
	}
}

// An answer that does not keep to its constraint is not kept.
func TestCacheVerifies(t *testing.T) {
	script := turns(samplingtest.Reply{Text: "maybe"}, samplingtest.Reply{Text: "yes"}, samplingtest.Reply{Text: "never asked for"})
	b := new(wrap.Cache).Wrap(sampler{script})
	req := &sampling.Request{Prompt: "p", Constraint: sampling.OneOf("yes", "no")}
	for i, want := range []string{"maybe", "yes", "yes"} {
		if got, err := read(t.Context(), b, req); got != want || err != nil {
			t.Errorf("call %d: %q, %v; want %q", i, got, err, want)
		}
	}
}

// A drawn text may run past a stop, where Model cuts it. The constraint is about the
// text before it.
func TestCacheDrawPastStop(t *testing.T) {
	script := able()
	asked := 0
	script.DrawFunc = func(context.Context, *sampling.Request, int) ([]*sampling.Completion, error) {
		asked++
		return []*sampling.Completion{{Text: "yes\nand so on", Reason: sampling.EndOfText}}, nil
	}
	d := new(wrap.Cache).Wrap(script).(sampling.Drawer)
	req := &sampling.Request{Prompt: "p", Stop: []string{"\n"}, Constraint: sampling.OneOf("yes", "no"), Params: sampling.Params{Seed: 1}}
	for range 2 {
		if all, err := d.Draw(t.Context(), req, 1); err != nil || len(all) != 1 || asked != 1 {
			t.Errorf("asked %d times: %v, %v", asked, all, err)
		}
	}
}

// A store that fails costs no answer and does not go unnoticed.
func TestCacheStoreFails(t *testing.T) {
	store := openStore(t, t.TempDir()+"/cache")
	c := &wrap.Cache{Store: store, Namespace: "test"}
	b := c.Wrap(turns(samplingtest.Reply{Text: "good"}))
	store.Close()
	for range 2 {
		if got, err := read(t.Context(), b, &sampling.Request{}); got != "good" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	if hits, misses, err := c.Stats(); hits != 0 || misses != 2 || err == nil {
		t.Error(hits, misses, err)
	}
}

// TestCacheForgets fills the memory, which forgets what was not asked for the
// longest.
func TestCacheForgets(t *testing.T) {
	script := &samplingtest.Script{Answer: func(_ int, req *sampling.Request) samplingtest.Reply { return samplingtest.Reply{Text: req.Prompt} }}
	c := new(wrap.Cache)
	b := c.Wrap(script)
	for i := range 10_010 {
		read(t.Context(), b, &sampling.Request{Prompt: fmt.Sprint(i)})
		if i%1000 == 0 {
			read(t.Context(), b, &sampling.Request{Prompt: "0"})
		}
	}
	_, before, _ := c.Stats()
	read(t.Context(), b, &sampling.Request{Prompt: "0"})
	read(t.Context(), b, &sampling.Request{Prompt: "10009"})
	if _, got, _ := c.Stats(); got != before {
		t.Errorf("%d misses of what was asked for last", got-before)
	}
	read(t.Context(), b, &sampling.Request{Prompt: "1"})
	if _, got, _ := c.Stats(); got != before+1 {
		t.Error("nothing was forgotten")
	}
}

// A hit heeds its context, and may be left.
func TestCacheHitCancelled(t *testing.T) {
	b := new(wrap.Cache).Wrap(turns(samplingtest.Reply{Text: "abc"}))
	read(t.Context(), b, &sampling.Request{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var err error
	for _, err = range b.Sample(ctx, &sampling.Request{}) {
		n++
		cancel()
	}
	if n != 2 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d chunks, %v", n, err)
	}
	for range b.Sample(t.Context(), &sampling.Request{}) {
		break
	}
}

func TestCacheConcurrently(t *testing.T) {
	for name, store := range stores(t) {
		script := &samplingtest.Script{Answer: func(_ int, req *sampling.Request) samplingtest.Reply {
			return samplingtest.Reply{Text: strings.ToUpper(req.Prompt)}
		}}
		c := &wrap.Cache{Store: store, Namespace: "test"}
		b := c.Wrap(script)
		var wg sync.WaitGroup
		for i := range 32 {
			wg.Go(func() {
				for j := range 8 {
					prompt := fmt.Sprintf("prompt %d", (i+j)%12)
					if got, err := read(t.Context(), b, &sampling.Request{Prompt: prompt}); got != strings.ToUpper(prompt) || err != nil {
						t.Errorf("%s: %q, %v", name, got, err)
					}
				}
			})
		}
		wg.Wait()
		hits, misses, err := c.Stats()
		if hits+misses != 256 || misses != int64(len(script.Calls())) || err != nil {
			t.Error(name, hits, misses, err, len(script.Calls()))
		}
	}
}

// TestCacheStrictUnsupported: a strict Cache says again what the backend could not
// do, so that callers take the same other way: single draws, votes for scores.
func TestCacheStrictUnsupported(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "store"))
	script := able()
	unable := func(context.Context, *sampling.Request, int) ([]*sampling.Completion, error) {
		return nil, fmt.Errorf("%w: several at once", sampling.ErrUnsupported)
	}
	script.DrawFunc, script.ScoreFunc = unable, nil
	req := &sampling.Request{Prompt: "p", Params: sampling.Params{Temperature: 1, Seed: 3}}
	recorded := sampling.Model{Backend: (&wrap.Cache{Store: store, Namespace: "n"}).Wrap(script)}
	want, err := recorded.Draw(t.Context(), req, 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := recorded.Score(t.Context(), req, []string{"a"}); !errors.Is(err, sampling.ErrUnsupported) {
		t.Fatal(err)
	}
	strict := sampling.Model{Backend: (&wrap.Cache{Store: store, Namespace: "n", Strict: true}).Wrap(nil)}
	got, err := strict.Draw(t.Context(), req, 3)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := strict.Score(t.Context(), req, []string{"a"}); !errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("a score: %v", err)
	}
	if _, err := strict.Score(t.Context(), req, []string{"b"}); err == nil || errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("a score that was never asked for: %v", err)
	}
	// A backend that has learnt it since is asked.
	script.DrawFunc = able().DrawFunc
	if all, err := recorded.Draw(t.Context(), req, 3); err != nil || all[0].Text != " drawn 0" {
		t.Errorf("%+v, %v", all, err)
	}
	if all, err := strict.Draw(t.Context(), req, 3); err != nil || all[0].Text != " drawn 0" {
		t.Errorf("%+v, %v", all, err)
	}
}
