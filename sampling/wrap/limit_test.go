package wrap_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// read reads a stream to its end.
func read(ctx context.Context, b sampling.Backend, req *sampling.Request) (string, error) {
	var text strings.Builder
	for chunk, err := range b.Sample(ctx, req) {
		if err != nil {
			return text.String(), err
		}
		text.WriteString(chunk.Text)
	}
	return text.String(), nil
}

func costing(prompt, completion int) samplingtest.Reply {
	return samplingtest.Reply{Text: "x", Usage: sampling.Usage{PromptTokens: prompt, CompletionTokens: completion}}
}

func TestLimitRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := (&wrap.Limit{Requests: 6}).Wrap(able())
		start := time.Now()
		var at []time.Duration
		for range 9 {
			if _, err := read(t.Context(), b, &sampling.Request{}); err != nil {
				t.Fatal(err)
			}
			at = append(at, time.Since(start).Round(time.Millisecond))
		}
		// A minute's worth at once, and then one each ten seconds.
		want := []time.Duration{0, 0, 0, 0, 0, 0, 10 * time.Second, 20 * time.Second, 30 * time.Second}
		if !slices.Equal(at, want) {
			t.Errorf("the requests went at %v, want %v", at, want)
		}
	})
}

// What a call did not use is given back.
func TestLimitTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := turns(costing(10, 2))
		l := &wrap.Limit{Tokens: 600, Counter: words{}}
		b := l.Wrap(script)
		start := time.Now()
		req := &sampling.Request{Prompt: strings.Repeat("a ", 10), Params: sampling.Params{MaxTokens: 290}}
		var at []time.Duration
		for range 30 {
			if _, err := read(t.Context(), b, req); err != nil {
				t.Fatal(err)
			}
			at = append(at, time.Since(start).Round(10*time.Millisecond))
		}
		// 600 are there and each call uses 12, but needs 300 to begin. The 26th
		// begins with 300 left, and each one after it waits for 12 of the ten
		// that come in a second.
		if at[25] != 0 || at[26] != 1200*time.Millisecond || at[29] != 4800*time.Millisecond {
			t.Errorf("the calls ended at %v", at)
		}
	})
}

// Tokens that were given back are there at once for somebody who waits for them.
func TestLimitWakesWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := turns(costing(0, 1))
		script.Wait = func(ctx context.Context, call, chunk int) error {
			time.Sleep(time.Second)
			return nil
		}
		b := (&wrap.Limit{Tokens: 60}).Wrap(script)
		start := time.Now()
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { read(t.Context(), b, &sampling.Request{Params: sampling.Params{MaxTokens: 60}}) })
		}
		wg.Wait()
		// The first takes all and gives back all but one after a second, when
		// one has come in too. Without that the second would wait a minute.
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// A call that used more than was taken for it leaves a debt.
func TestLimitDebt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := turns(costing(150, 30), costing(0, 1))
		b := (&wrap.Limit{Tokens: 60}).Wrap(script)
		start := time.Now()
		req := &sampling.Request{Params: sampling.Params{MaxTokens: 20}}
		read(t.Context(), b, req)
		read(t.Context(), b, req)
		if took := time.Since(start).Round(time.Millisecond); took != 140*time.Second {
			t.Errorf("after 180 of 60 tokens the next 20 came after %v", took)
		}
	})
}

// A call larger than a whole minute's tokens goes when the bucket is full.
func TestLimitTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := (&wrap.Limit{Tokens: 60}).Wrap(turns(costing(0, 1)))
		if _, err := read(t.Context(), b, &sampling.Request{Params: sampling.Params{MaxTokens: 1000}}); err != nil {
			t.Error(err)
		}
	})
}

func TestLimitConcurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := able()
		script.Wait = func(ctx context.Context, call, chunk int) error {
			time.Sleep(time.Second)
			return nil
		}
		b := (&wrap.Limit{Concurrent: 3}).Wrap(script)
		start := time.Now()
		var wg sync.WaitGroup
		for range 9 {
			wg.Go(func() { read(t.Context(), b, &sampling.Request{}) })
		}
		synctest.Wait()
		if n := len(script.Calls()); n != 3 {
			t.Errorf("%d calls are under way", n)
		}
		wg.Wait()
		if took := time.Since(start); took != 6*time.Second { // each call has two chunks
			t.Errorf("it took %v", took)
		}
		// Those who leave early, fail or panic make room too.
		for range 9 {
			func() {
				defer func() { recover() }()
				for range b.Sample(t.Context(), &sampling.Request{}) {
					panic("at the reader's")
				}
			}()
		}
	})
}

// Calls go in the order in which they came, also when a small one could pass.
func TestLimitIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := turns(samplingtest.Reply{Chunks: []sampling.Chunk{{Reason: sampling.TokenLimit}}})
		b := (&wrap.Limit{Tokens: 60}).Wrap(script)
		var wg sync.WaitGroup
		for _, size := range []int{60, 50, 1, 1, 1} {
			wg.Go(func() { read(t.Context(), b, &sampling.Request{Params: sampling.Params{MaxTokens: size}}) })
			synctest.Wait()
		}
		wg.Wait()
		var order []int
		for _, call := range script.Calls() {
			order = append(order, call.Request.Params.MaxTokens)
		}
		if !slices.Equal(order, []int{60, 50, 1, 1, 1}) {
			t.Errorf("the calls went in the order %v", order)
		}
	})
}

func TestLimitCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := able()
		hang := make(chan struct{})
		script.Wait = func(ctx context.Context, call, chunk int) error { <-hang; return nil }
		for _, l := range []*wrap.Limit{{Concurrent: 1}, {Requests: 1}, {Tokens: 256}} {
			b := l.Wrap(script)
			go read(t.Context(), b, &sampling.Request{})
			synctest.Wait()
			before := len(script.Calls())
			// One waits for the slot or the bucket, and one for its turn.
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					start := time.Now()
					_, err := read(ctx, b, &sampling.Request{})
					if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took != 5*time.Second {
						t.Errorf("after %v: %v", took, err)
					}
				})
			}
			wg.Wait()
			cancel()
			if n := len(script.Calls()); n != before {
				t.Errorf("a call that gave up was made all the same")
			}
		}
		close(hang)
	})
}

// What was never sent counts for nothing.
func TestLimitUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := turns(samplingtest.Reply{Err: sampling.ErrUnsupported})
		b := (&wrap.Limit{Requests: 1, Tokens: 300}).Wrap(script)
		start := time.Now()
		for range 5 {
			read(t.Context(), b, &sampling.Request{})
		}
		if took := time.Since(start); took != 0 || len(script.Calls()) != 5 {
			t.Errorf("5 calls that were not sent took %v", took)
		}
	})
}

func TestLimitDrawAndScore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := able()
		b := (&wrap.Limit{Requests: 60, Tokens: 60, Concurrent: 1, Counter: words{}}).Wrap(script)
		m := sampling.Model{Backend: b}
		start := time.Now()
		// 3 of "a b c" and 4*10 are taken; 4 times " drawn 0" were 8.
		if _, err := m.Draw(t.Context(), &sampling.Request{Prompt: "a b c", Params: sampling.Params{MaxTokens: 10}}, 4); err != nil {
			t.Fatal(err)
		}
		// 2 continuations with a prompt of 20 make 44 of the 49 that are left.
		twenty := strings.Repeat("a ", 20)
		for range 2 {
			if _, err := m.Score(t.Context(), &sampling.Request{Prompt: twenty}, []string{"b c", "d e"}); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start).Round(time.Millisecond); took != 39*time.Second {
			t.Errorf("the second score went after %v, want 44-5 s", took)
		}
	})
}

func TestLimitShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &wrap.Limit{Requests: 2}
		one, other := l.Wrap(able()), l.Wrap(able())
		start := time.Now()
		for _, b := range []sampling.Backend{one, other, one} {
			read(t.Context(), b, &sampling.Request{})
		}
		if took := time.Since(start).Round(time.Millisecond); took != 30*time.Second {
			t.Errorf("the third of 2 requests a minute went after %v", took)
		}
	})
}

// A MaxTokens that means "no limit" does not make the sums overflow.
func TestLimitNoMaxTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := (&wrap.Limit{Tokens: 60}).Wrap(turns(costing(math.MaxInt32, 5), costing(1, 1)))
		req := &sampling.Request{Prompt: "p", Params: sampling.Params{MaxTokens: math.MaxInt}}
		read(t.Context(), b, req)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		if _, err := read(ctx, b, req); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Hour {
			t.Errorf("after a debt for millions of years it took %v: %v", time.Since(start), err)
		}
	})
	m := &wrap.Meter{Price: llama405b, Cap: 10}
	if _, err := read(t.Context(), m.Wrap(able()), &sampling.Request{Prompt: "p", Params: sampling.Params{MaxTokens: math.MaxInt}}); !errors.Is(err, wrap.ErrSpent) {
		t.Errorf("a call that may draw without end under a cap: %v", err)
	}
}

func TestLimitInvalid(t *testing.T) {
	for _, l := range []*wrap.Limit{{Requests: -1}, {Tokens: -1}, {Concurrent: -1}} {
		if _, err := read(t.Context(), l.Wrap(able()), &sampling.Request{}); !errors.Is(err, sampling.ErrInvalid) {
			t.Error(err)
		}
	}
	if _, err := read(t.Context(), new(wrap.Limit).Wrap(able()), &sampling.Request{}); err != nil {
		t.Errorf("the zero Limit: %v", err)
	}
}
