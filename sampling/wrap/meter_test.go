package wrap_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/foreword-go/foreword/sampling/wrap"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// llama405b is what hosts ask for Llama-3.1-405B: 4 millionths of a dollar for a
// token.
var llama405b = sampling.Price{Prompt: 4, Completion: 4}

const perToken = 4.0 / 1_000_000

func TestMeter(t *testing.T) {
	told := sampling.Usage{PromptTokens: 100, CompletionTokens: 20, CachedTokens: 64}
	for _, test := range []struct {
		name  string
		reply samplingtest.Reply
		read  int // chunks that are read at most; 0 is all
		want  wrap.Bill
	}{
		{"told", samplingtest.Reply{Text: "x", Usage: told}, 0,
			wrap.Bill{Calls: 1, Usage: sampling.Usage{PromptTokens: 100, CompletionTokens: 20, CachedTokens: 64}}},
		{"not told", samplingtest.Reply{Text: "one two"}, 0,
			wrap.Bill{Calls: 1, Estimated: 1, Usage: sampling.Usage{PromptTokens: 3, CompletionTokens: 2}}},
		{"nothing but the prompt told", samplingtest.Reply{Usage: sampling.Usage{PromptTokens: 3}}, 0,
			wrap.Bill{Calls: 1, Usage: sampling.Usage{PromptTokens: 3}}},
		{"the prompt not told", samplingtest.Reply{Text: "x", Usage: sampling.Usage{CompletionTokens: 9}}, 0,
			wrap.Bill{Calls: 1, Estimated: 1, Usage: sampling.Usage{PromptTokens: 3, CompletionTokens: 9}}},
		{"left before it was told", samplingtest.Reply{Text: "one two three four", Usage: told}, 4,
			wrap.Bill{Calls: 1, Estimated: 1, Usage: sampling.Usage{PromptTokens: 3, CompletionTokens: 1}}},
		{"left at the last chunk", samplingtest.Reply{Text: "xyz", Usage: told}, 3,
			wrap.Bill{Calls: 1, Usage: sampling.Usage{PromptTokens: 100, CompletionTokens: 20, CachedTokens: 64}}},
		{"told on the way, and more came", samplingtest.Reply{Chunks: []sampling.Chunk{
			{Text: "a b", Usage: sampling.Usage{PromptTokens: 7, CompletionTokens: 2}}, {Text: " c d e", Usage: sampling.Usage{}}}, Err: busy}, 0,
			wrap.Bill{Calls: 1, Estimated: 1, Usage: sampling.Usage{PromptTokens: 7, CompletionTokens: 5}}},
		{"told, and then failed", samplingtest.Reply{Chunks: []sampling.Chunk{{Text: "x", Usage: told}}, Err: busy}, 0,
			wrap.Bill{Calls: 1, Estimated: 1, Usage: told}},
		{"failed in the middle", samplingtest.Reply{Text: "one two", Err: busy}, 0,
			wrap.Bill{Calls: 1, Estimated: 1, Usage: sampling.Usage{PromptTokens: 3, CompletionTokens: 2}}},
		{"broke off", samplingtest.Reply{Chunks: []sampling.Chunk{{Text: "one two"}}}, 0,
			wrap.Bill{Calls: 1, Estimated: 1, Usage: sampling.Usage{PromptTokens: 3, CompletionTokens: 2}}},
		{"broke off before any text", samplingtest.Reply{Chunks: []sampling.Chunk{{Usage: sampling.Usage{PromptTokens: 7}}}}, 0,
			wrap.Bill{Calls: 1, Estimated: 1, Usage: sampling.Usage{PromptTokens: 7}}},
		{"failed before anything came", samplingtest.Reply{Err: busy}, 0,
			wrap.Bill{Failed: 1}},
		{"not sent", samplingtest.Reply{Err: sampling.ErrUnsupported}, 0,
			wrap.Bill{}},
		{"more than MaxTokens cannot have been drawn", samplingtest.Reply{Text: strings.Repeat("a ", 50)}, 0,
			wrap.Bill{Calls: 1, Estimated: 1, Usage: sampling.Usage{PromptTokens: 3, CompletionTokens: 30}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := &wrap.Meter{Price: llama405b, Counter: words{}}
			b := m.Wrap(turns(test.reply))
			n := 0
			for range b.Sample(t.Context(), &sampling.Request{Prompt: "The prompt is", Params: sampling.Params{MaxTokens: 30}}) {
				if n++; n == test.read {
					break
				}
			}
			test.want.Cost = float64(test.want.PromptTokens+test.want.CompletionTokens) * perToken
			if diff := cmp.Diff(test.want, m.Total(), cmpopts.EquateApprox(1e-9, 0)); diff != "" {
				t.Errorf("the bill (-want +got):\n%s", diff)
			}
		})
	}
}

// Without a counter a byte is taken for a token, which is never too few.
func TestMeterCountsBytes(t *testing.T) {
	m := &wrap.Meter{Price: llama405b}
	read(t.Context(), m.Wrap(sampler{turns(samplingtest.Reply{Text: "나비"})}), &sampling.Request{Prompt: "butterfly:"})
	if b := m.Total(); b.PromptTokens != 10 || b.CompletionTokens != 6 {
		t.Errorf("%+v", b)
	}
}

func TestMeterLabels(t *testing.T) {
	m := &wrap.Meter{Price: llama405b}
	b := m.Wrap(turns(costing(1000, 50)))
	translate := wrap.WithLabel(t.Context(), "translate")
	for _, ctx := range []context.Context{translate, t.Context(), translate, wrap.WithLabel(translate, "classify")} {
		read(ctx, b, &sampling.Request{})
	}
	want := `      label  calls  failed  prompt  completion    cost
  translate      2       0    2000         100  0.0084
     (none)      1       0    1000          50  0.0042
   classify      1       0    1000          50  0.0042
      total      4       0    4000         200  0.0168
`
	if diff := cmp.Diff(want, m.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want = `   label  calls  failed  prompt  completion   cost
  (none)      1       1     ~30          ~5  ~0.01
   total      1       1     ~30          ~5  ~0.01
`
	estimated := &wrap.Meter{Price: sampling.Price{Prompt: 200, Completion: 800}, Counter: words{}}
	b = estimated.Wrap(turns(samplingtest.Reply{Text: "a b c d e"}, samplingtest.Reply{Err: busy}))
	for range 2 {
		read(t.Context(), b, &sampling.Request{Prompt: strings.Repeat("a ", 30)})
	}
	if diff := cmp.Diff(want, estimated.String()); diff != "" {
		t.Errorf("an estimate (-want +got):\n%s", diff)
	}
	m.Labels()["translate"] = wrap.Bill{} // the caller's own
	if m.Labels()["translate"].Calls != 2 {
		t.Error("Labels returned the Meter's own map")
	}
}

func TestMeterCap(t *testing.T) {
	script := turns(costing(1000, 100))
	m := &wrap.Meter{Price: llama405b, Cap: 0.02, Counter: words{}}
	b := m.Wrap(script)
	// A call costs 0.44 cents, and may cost 0.8: 1,000 tokens each way.
	req := &sampling.Request{Prompt: strings.Repeat("a ", 1000), Params: sampling.Params{MaxTokens: 1000}}
	var err error
	for range 10 {
		if _, err = read(t.Context(), b, req); err != nil {
			break
		}
	}
	if !errors.Is(err, wrap.ErrSpent) || !strings.Contains(err.Error(), "Meter.Cap") || len(script.Calls()) != 3 {
		t.Errorf("%v after %d calls", err, len(script.Calls()))
	}
	// A smaller one still fits, and the bill shows no trace of those refused.
	req.Params.MaxTokens = 100
	if _, err := read(t.Context(), b, req); err != nil {
		t.Error(err)
	}
	if got := m.Total(); got.Calls != 4 || got.Failed != 0 || !near(got.Cost, 4*1100*perToken) {
		t.Errorf("%+v", got)
	}
}

// Calls under way count as much as they can come to, so that the cap holds for
// all of them together.
func TestMeterCapHoldsForCallsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := turns(costing(0, 100))
		script.Wait = func(ctx context.Context, call, chunk int) error {
			time.Sleep(time.Second)
			return nil
		}
		m := &wrap.Meter{Price: llama405b, Cap: 1000 * perToken}
		b := m.Wrap(script)
		var wg sync.WaitGroup
		var mu sync.Mutex
		var spent int
		for range 20 {
			wg.Go(func() {
				_, err := read(t.Context(), b, &sampling.Request{Params: sampling.Params{MaxTokens: 100}})
				if errors.Is(err, wrap.ErrSpent) {
					mu.Lock()
					spent++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if got := m.Total(); !near(got.Cost, m.Cap) || spent != 10 {
			t.Errorf("%d were refused, and %v was spent of %v", spent, got.Cost, m.Cap)
		}
	})
}

// What a call held and did not use is free again, however the call ended.
func TestMeterReleases(t *testing.T) {
	replies := []samplingtest.Reply{{Err: busy}, {Err: sampling.ErrUnsupported}, {Text: "x", Usage: sampling.Usage{PromptTokens: 1, CompletionTokens: 1}}}
	m := &wrap.Meter{Price: llama405b, Cap: 190 * perToken} // one call that is not released is too much
	script := able()
	script.Answer = func(call int, _ *sampling.Request) samplingtest.Reply { return replies[call%3] }
	b := m.Wrap(script)
	for range 60 {
		if _, err := read(t.Context(), b, &sampling.Request{Params: sampling.Params{MaxTokens: 100}}); errors.Is(err, wrap.ErrSpent) {
			t.Fatal(err)
		}
	}
	for range 30 {
		func() {
			defer func() { recover() }()
			for range b.Sample(t.Context(), &sampling.Request{Params: sampling.Params{MaxTokens: 100}}) {
				panic("at the reader's")
			}
		}()
	}
	if b := m.Total(); b.Failed != 30 || b.Calls != 30 {
		t.Errorf("%+v", b)
	}
}

func TestMeterLabelCap(t *testing.T) {
	m := &wrap.Meter{Price: llama405b, LabelCap: 250 * perToken}
	b := m.Wrap(turns(costing(0, 100)))
	req := &sampling.Request{Params: sampling.Params{MaxTokens: 100}}
	for _, label := range []string{"one", "other"} {
		ctx := wrap.WithLabel(t.Context(), label)
		for i := range 3 {
			_, err := read(ctx, b, req)
			if (i == 2) != errors.Is(err, wrap.ErrSpent) {
				t.Errorf("call %d for %q: %v", i+1, label, err)
			}
			if i == 2 && !strings.HasSuffix(err.Error(), fmt.Sprintf("for the label %q", label)) {
				t.Error(err)
			}
		}
	}
	for range 5 {
		if _, err := read(t.Context(), b, req); err != nil {
			t.Errorf("without a label: %v", err)
		}
	}
}

// A call that the caller gave up may have made the server read the prompt; one
// that was still waiting for its turn has not.
func TestMeterCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := able()
		script.Wait = func(ctx context.Context, call, chunk int) error { <-ctx.Done(); return ctx.Err() }
		m := &wrap.Meter{Price: llama405b}
		b := wrap.Around(script, &wrap.Limit{Concurrent: 1}, m)
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(3-i)*time.Second)
				defer cancel()
				read(ctx, b, &sampling.Request{Prompt: "1234567890"})
			})
			synctest.Wait() // the first is let through
		}
		wg.Wait()
		want := wrap.Bill{Calls: 1, Estimated: 1, Usage: sampling.Usage{PromptTokens: 10}, Cost: 10 * perToken}
		if diff := cmp.Diff(want, m.Total(), cmpopts.EquateApprox(1e-9, 0)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestMeterDrawAndScore(t *testing.T) {
	script := able()
	m := &wrap.Meter{Price: llama405b, Counter: words{}, Cap: 1}
	model := sampling.Model{Backend: m.Wrap(script)}
	draw := func(usages ...sampling.Usage) {
		t.Helper()
		script.DrawFunc = func(_ context.Context, _ *sampling.Request, n int) (all []*sampling.Completion, err error) {
			for _, u := range usages {
				all = append(all, &sampling.Completion{Text: "one two", Usage: u})
			}
			if all == nil {
				err = busy
			}
			return all, err
		}
		model.Draw(t.Context(), &sampling.Request{Prompt: "a b c"}, 2)
	}
	expect := func(what string, want wrap.Bill) {
		t.Helper()
		want.Cost = float64(want.PromptTokens+want.CompletionTokens) * perToken
		if diff := cmp.Diff(want, m.Total(), cmpopts.EquateApprox(1e-9, 0)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	draw(sampling.Usage{PromptTokens: 10, CompletionTokens: 4}, sampling.Usage{CompletionTokens: 5})
	expect("told", wrap.Bill{Calls: 1, Usage: sampling.Usage{PromptTokens: 10, CompletionTokens: 9}})
	draw(sampling.Usage{}, sampling.Usage{})
	expect("not told", wrap.Bill{Calls: 2, Estimated: 1, Usage: sampling.Usage{PromptTokens: 13, CompletionTokens: 13}})
	draw()
	expect("failed", wrap.Bill{Calls: 2, Failed: 1, Estimated: 1, Usage: sampling.Usage{PromptTokens: 13, CompletionTokens: 13}})
	if _, err := model.Score(t.Context(), &sampling.Request{Prompt: "a b c"}, []string{"d", "e f"}); err != nil {
		t.Error(err)
	}
	expect("scored", wrap.Bill{Calls: 3, Failed: 1, Estimated: 2, Usage: sampling.Usage{PromptTokens: 22, CompletionTokens: 13}})
	draw(sampling.Usage{PromptTokens: 10}, sampling.Usage{})
	expect("nothing but the prompt told", wrap.Bill{Calls: 4, Failed: 1, Estimated: 3, Usage: sampling.Usage{PromptTokens: 32, CompletionTokens: 17}})
	estimated := script.ScoreFunc
	script.ScoreFunc = func(context.Context, *sampling.Request, []string) ([]sampling.Score, error) {
		return []sampling.Score{{Usage: sampling.Usage{PromptTokens: 100, CompletionTokens: 2}}, {Usage: sampling.Usage{PromptTokens: 3}}}, nil
	}
	before := m.Total()
	if _, err := model.Score(t.Context(), &sampling.Request{Prompt: "a b c"}, []string{"d", "e f"}); err != nil {
		t.Error(err)
	}
	if after := m.Total(); after.PromptTokens-before.PromptTokens != 103 || after.CompletionTokens-before.CompletionTokens != 2 || after.Estimated != before.Estimated {
		t.Errorf("a score whose usage is told: %+v after %+v", after, before)
	}
	script.ScoreFunc = estimated
	script.DrawFunc = func(context.Context, *sampling.Request, int) ([]*sampling.Completion, error) {
		return []*sampling.Completion{{Text: "one two", Tokens: make([]sampling.Token, 3), Usage: sampling.Usage{PromptTokens: 10}}, nil}, nil
	}
	model.Draw(t.Context(), &sampling.Request{Prompt: "a b c"}, 2)
	expect("told by its tokens, and one missing", wrap.Bill{Calls: 6, Failed: 1, Estimated: 4, Usage: sampling.Usage{PromptTokens: 145, CompletionTokens: 22}})
	works := script.ScoreFunc
	script.ScoreFunc = func(context.Context, *sampling.Request, []string) ([]sampling.Score, error) { return nil, busy }
	if _, err := model.Score(t.Context(), &sampling.Request{Prompt: "a b c"}, []string{"d"}); !errors.Is(err, busy) {
		t.Error(err)
	}
	expect("a score that failed", wrap.Bill{Calls: 6, Failed: 2, Estimated: 4, Usage: sampling.Usage{PromptTokens: 145, CompletionTokens: 22}})
	script.ScoreFunc = works

	draw(sampling.Usage{PromptTokens: 5, CompletionTokens: 8}, sampling.Usage{})
	expect("all told with the first", wrap.Bill{Calls: 7, Failed: 2, Estimated: 4, Usage: sampling.Usage{PromptTokens: 150, CompletionTokens: 30}})

	m.Cap = 0.01
	if _, err := model.Score(t.Context(), &sampling.Request{Prompt: strings.Repeat("a ", 2000)}, []string{"d", "e f"}); !errors.Is(err, wrap.ErrSpent) {
		t.Error(err)
	}
	if _, err := model.Draw(t.Context(), &sampling.Request{Params: sampling.Params{MaxTokens: 1000}}, 3); !errors.Is(err, wrap.ErrSpent) {
		t.Error(err)
	}
}

func TestMeterInvalid(t *testing.T) {
	for _, m := range []*wrap.Meter{
		{Cap: 1},
		{Price: sampling.Price{Prompt: -1}},
		{Price: llama405b, Cap: -1},
		{Price: sampling.Price{Prompt: math.NaN()}},
		{Price: llama405b, LabelCap: math.NaN()},
	} {
		script := able()
		if _, err := read(t.Context(), m.Wrap(script), &sampling.Request{}); !errors.Is(err, sampling.ErrInvalid) || len(script.Calls()) > 0 {
			t.Errorf("%+v: %v", m.Price, err)
		}
	}
}

// Many calls at once add up to the same as one after another.
func TestMeterConcurrently(t *testing.T) {
	m := &wrap.Meter{Price: llama405b, Cap: 1}
	b := m.Wrap(turns(costing(3, 4)))
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			ctx := wrap.WithLabel(t.Context(), fmt.Sprint(i%4))
			for range 10 {
				read(ctx, b, &sampling.Request{})
				m.Labels()
			}
		})
	}
	wg.Wait()
	if b := m.Total(); b.Calls != 640 || b.PromptTokens != 1920 || b.CompletionTokens != 2560 || !near(b.Cost, 4480*perToken) {
		t.Errorf("%+v", b)
	}
	if b := m.Labels()["3"]; b.Calls != 160 {
		t.Errorf("%+v", b)
	}
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }

// TestMeterHostileUsage has a server that counts backwards: no cap is paid back.
func TestMeterHostileUsage(t *testing.T) {
	for _, u := range []sampling.Usage{{PromptTokens: -1e9}, {PromptTokens: 5, CompletionTokens: -1e9}, {CachedTokens: -1e9, PromptTokens: 5}, {PromptTokens: math.MaxInt, CompletionTokens: math.MaxInt}} {
		m := &wrap.Meter{Price: llama405b, Cap: 0.01}
		b := m.Wrap(turns(samplingtest.Reply{Text: "x", Usage: u}))
		for range 3 {
			read(t.Context(), b, &sampling.Request{Prompt: "p", Params: sampling.Params{MaxTokens: 2}})
		}
		if bill := m.Total(); bill.Cost < 0 || bill.PromptTokens < 0 || bill.CompletionTokens < 0 || bill.CachedTokens < 0 {
			t.Errorf("%+v: %+v", u, bill)
		}
	}
}
