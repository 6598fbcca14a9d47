package wrap_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/foreword-go/foreword/sampling/wrap"
)

var (
	looped  = &sampling.Error{Backend: "test", Status: 200, Err: fmt.Errorf("%w: a token repeats for ever", sampling.ErrTruncated)}
	busy    = &sampling.Error{Backend: "test", Status: 503, Temporary: true, Err: errors.New("busy")}
	refused = &sampling.Error{Backend: "test", Status: 401, Err: errors.New("wrong key")}
)

func patient(after time.Duration) error {
	return &sampling.Error{Backend: "test", Status: 429, Temporary: true, RetryAfter: after, Err: errors.New("slow down")}
}

// turns are replies one after another, the last of them for ever.
func turns(replies ...samplingtest.Reply) *samplingtest.Script {
	return &samplingtest.Script{ChunkSize: 1, Answer: func(call int, _ *sampling.Request) samplingtest.Reply {
		return replies[min(call, len(replies)-1)]
	}}
}

func TestRetry(t *testing.T) {
	brokeOff := samplingtest.Reply{Chunks: []sampling.Chunk{{}}}
	goOff := samplingtest.Reply{Chunks: []sampling.Chunk{{Text: "go"}}}
	good := samplingtest.Reply{Text: "good"}
	for _, test := range []struct {
		name    string
		replies []samplingtest.Reply
		retry   wrap.Retry
		text    string
		err     error // nil is a success
		calls   int
		least   time.Duration // that the waits take
		most    time.Duration
	}{
		{"nothing wrong", []samplingtest.Reply{good}, wrap.Retry{}, "good", nil, 1, 0, 0},
		{"busy twice", []samplingtest.Reply{{Err: busy}, {Err: busy}, good}, wrap.Retry{}, "good", nil, 3, 750 * time.Millisecond, 1500 * time.Millisecond},
		{"always busy", []samplingtest.Reply{{Err: busy}}, wrap.Retry{}, "", busy, 5, 3750 * time.Millisecond, 7500 * time.Millisecond},
		{"waits are bounded", []samplingtest.Reply{{Err: busy}}, wrap.Retry{Wait: 8 * time.Second}, "", busy, 5, 42 * time.Second, 84 * time.Second},
		{"not temporary", []samplingtest.Reply{{Err: refused}, good}, wrap.Retry{}, "", refused, 1, 0, 0},
		{"an error of another kind", []samplingtest.Reply{{Err: errBoom}, good}, wrap.Retry{}, "", errBoom, 1, 0, 0},
		{"the server asks for time", []samplingtest.Reply{{Err: patient(20 * time.Second)}, good}, wrap.Retry{}, "good", nil, 2, 20250 * time.Millisecond, 20500 * time.Millisecond},
		{"the server asks for more than there is", []samplingtest.Reply{{Err: patient(time.Hour)}, good}, wrap.Retry{}, "", patient(time.Hour), 1, 0, 0},
		{"the server asks for eternity", []samplingtest.Reply{{Err: patient(1<<63 - 1)}, good}, wrap.Retry{}, "", patient(1<<63 - 1), 1, 0, 0},
		{"the server asks for eternity the second time", []samplingtest.Reply{{Err: busy}, {Err: patient(1<<63 - 1)}, good}, wrap.Retry{}, "", patient(1<<63 - 1), 2, 250 * time.Millisecond, 500 * time.Millisecond},
		{"broke off before the text", []samplingtest.Reply{brokeOff, good}, wrap.Retry{}, "good", nil, 2, 250 * time.Millisecond, 500 * time.Millisecond},
		{"always breaks off before the text", []samplingtest.Reply{brokeOff}, wrap.Retry{Attempts: 2}, "", sampling.ErrTruncated, 2, 250 * time.Millisecond, 500 * time.Millisecond},
		{"truncated in the backend's words", []samplingtest.Reply{{Err: fmt.Errorf("x: %w", sampling.ErrTruncated)}, good}, wrap.Retry{}, "good", nil, 2, 250 * time.Millisecond, 500 * time.Millisecond},
		{"truncated, and will be again", []samplingtest.Reply{{Err: looped}, good}, wrap.Retry{}, "", looped, 1, 0, 0},
		{"busy after text", []samplingtest.Reply{{Text: "go", Err: busy}, good}, wrap.Retry{}, "good", nil, 2, 250 * time.Millisecond, 500 * time.Millisecond},
		{"broke off after text", []samplingtest.Reply{goOff, goOff, good}, wrap.Retry{}, "good", nil, 3, 750 * time.Millisecond, 1500 * time.Millisecond},
		{"always breaks off after text", []samplingtest.Reply{goOff}, wrap.Retry{Attempts: 2}, "go", sampling.ErrTruncated, 2, 250 * time.Millisecond, 500 * time.Millisecond},
		{"not temporary after text", []samplingtest.Reply{{Text: "go", Err: refused}, good}, wrap.Retry{}, "go", refused, 1, 0, 0},
		{"one attempt", []samplingtest.Reply{{Err: busy}, good}, wrap.Retry{Attempts: 1}, "", busy, 1, 0, 0},
		{"little time", []samplingtest.Reply{{Err: busy}}, wrap.Retry{Attempts: 100, MaxElapsed: time.Second, Wait: 700 * time.Millisecond}, "", busy, 2, 350 * time.Millisecond, 700 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				script := turns(test.replies...)
				start := time.Now()
				c, err := sampling.Model{Backend: test.retry.Wrap(script)}.Complete(t.Context(), &sampling.Request{})
				took := time.Since(start)
				if c.Text != test.text {
					t.Errorf("the text is %q, want %q", c.Text, test.text)
				}
				if test.err == nil && err != nil || test.err != nil && (err == nil || !errors.Is(err, test.err) && !strings.Contains(err.Error(), test.err.Error())) {
					t.Errorf("the error is %v, want %v", err, test.err)
				}
				if calls := len(script.Calls()); calls != test.calls {
					t.Errorf("the backend was called %d times, want %d", calls, test.calls)
				}
				if took < test.least || took > test.most {
					t.Errorf("it took %v, want %v to %v", took, test.least, test.most)
				}
			})
		})
	}
}

// A stream that has yielded text is never repeated: the caller would get the
// beginning twice.
func TestRetryStream(t *testing.T) {
	for name, test := range map[string]struct {
		reply samplingtest.Reply
		want  error
	}{
		"broke off": {samplingtest.Reply{Chunks: []sampling.Chunk{{Text: "g"}, {Text: "o"}}}, sampling.ErrTruncated},
		"busy":      {samplingtest.Reply{Text: "go", Err: busy}, busy},
		"tokens":    {samplingtest.Reply{Chunks: []sampling.Chunk{{Tokens: make([]sampling.Token, 1)}, {Text: "go"}}, Err: busy}, busy},
	} {
		script := turns(test.reply, samplingtest.Reply{Text: "good"})
		text := ""
		var fault error
		for chunk, err := range (sampling.Model{Backend: wrap.Retry{}.Wrap(script)}).Stream(t.Context(), &sampling.Request{}) {
			text, fault = text+chunk.Text, err
		}
		if text != "go" || !errors.Is(fault, test.want) || len(script.Calls()) != 1 {
			t.Errorf("%s: %q after %d calls, %v", name, text, len(script.Calls()), fault)
		}
	}
}

// Tokens without text, and an end without text, are an answer too.
func TestRetryKeepsEmptyText(t *testing.T) {
	for _, reply := range []samplingtest.Reply{
		{Chunks: []sampling.Chunk{{Tokens: make([]sampling.Token, 1)}}, Err: busy},
		{Chunks: []sampling.Chunk{{Reason: sampling.EndOfText}}},
	} {
		script := turns(reply, samplingtest.Reply{Text: "good"})
		for chunk := range (wrap.Retry{}).Wrap(script).Sample(t.Context(), &sampling.Request{}) {
			if chunk.Text != "" {
				t.Errorf("%q is from another attempt", chunk.Text)
			}
		}
		if n := len(script.Calls()); n != 1 {
			t.Errorf("%d calls", n)
		}
	}
}

// Once there was text, a chunk without text is passed on when it arrives.
func TestRetryPassesEmptyChunks(t *testing.T) {
	sent, received := 0, 0
	backend := sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			for _, c := range []sampling.Chunk{{Text: "a"}, {Usage: sampling.Usage{PromptTokens: 1}}, {Reason: sampling.EndOfText}} {
				if sent++; !yield(c, nil) {
					return
				}
			}
		}
	})
	for _, err := range new(wrap.Retry).Wrap(backend).Sample(t.Context(), &sampling.Request{}) {
		if received++; err != nil || sent != received {
			t.Errorf("chunk %d came after %d were sent, %v", received, sent, err)
		}
	}
	if received != 3 {
		t.Errorf("%d chunks", received)
	}
}

// Each sample of a Draw is repeated by itself, and a stop sequence ends an attempt.
func TestRetryDrawSingly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := &samplingtest.Script{Answer: func(call int, req *sampling.Request) samplingtest.Reply {
			if call < 4 {
				return samplingtest.Reply{Chunks: []sampling.Chunk{{Text: "half"}}}
			}
			return samplingtest.Reply{Text: fmt.Sprint(req.Params.Seed, "\nmore"), Err: busy}
		}}
		m := sampling.Model{Backend: wrap.Retry{}.Wrap(script)}
		all, err := m.Draw(t.Context(), &sampling.Request{Stop: []string{"\n"}, Params: sampling.Params{Seed: 5, Temperature: 1}}, 4)
		if err != nil || len(all) != 4 || len(script.Calls()) != 8 {
			t.Fatalf("%d completions, %d calls, %v", len(all), len(script.Calls()), err)
		}
		for i, c := range all {
			if c.Text != fmt.Sprint(5+i) || c.Reason != sampling.StopSequence {
				t.Errorf("completion %d is %q, %v", i, c.Text, c.Reason)
			}
		}
	})
}

var errBoom = errors.New("boom")

func TestRetryGivesUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := turns(samplingtest.Reply{Err: patient(10 * time.Second)})
		b := wrap.Retry{}.Wrap(script)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		_, err := sampling.Model{Backend: b}.Complete(ctx, &sampling.Request{})
		if took := time.Since(start); took != 0 || !strings.Contains(err.Error(), "deadline") {
			t.Errorf("a wait beyond the deadline took %v: %v", took, err)
		}
		if e, ok := errors.AsType[*sampling.Error](err); !ok || e.Status != 429 {
			t.Errorf("the fault is lost: %v", err)
		}

		// One that is cancelled in the middle of a wait ends it.
		ctx, cancel = context.WithCancel(t.Context())
		go func() {
			time.Sleep(3 * time.Second)
			cancel()
		}()
		start = time.Now()
		_, err = sampling.Model{Backend: b}.Complete(ctx, &sampling.Request{})
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("a cancelled wait took %v", took)
		}
		if e, ok := errors.AsType[*sampling.Error](err); !ok || e.Status != 429 || !errors.Is(err, context.Canceled) {
			t.Errorf("the error of a cancelled wait: %v", err)
		}
	})
}

// Only the waits count, and not what the attempts take: a call that stood in the
// queue of a Limit for long is retried like any other.
func TestRetryPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := turns(samplingtest.Reply{Chunks: []sampling.Chunk{{}}, Err: busy}, samplingtest.Reply{Text: "x"})
		script.Wait = func(context.Context, int, int) error { time.Sleep(time.Hour); return nil }
		if _, err := (sampling.Model{Backend: wrap.Retry{}.Wrap(script)}).Complete(t.Context(), &sampling.Request{}); err != nil || len(script.Calls()) != 2 {
			t.Errorf("%d calls, %v", len(script.Calls()), err)
		}
	})
}

// Callers that fail together do not come back together.
func TestRetryJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		times := map[time.Duration]bool{}
		for range 50 {
			start := time.Now()
			script := turns(samplingtest.Reply{Err: patient(time.Second)}, samplingtest.Reply{Text: "x"})
			if _, err := (sampling.Model{Backend: wrap.Retry{}.Wrap(script)}).Complete(t.Context(), &sampling.Request{}); err != nil {
				t.Fatal(err)
			}
			times[time.Since(start)] = true
		}
		if len(times) < 40 {
			t.Errorf("50 waits had %d lengths", len(times))
		}
	})
}

// Leaving the loop ends it: neither a fault after it nor its own chunks lead to
// another attempt.
func TestRetryLeft(t *testing.T) {
	script := turns(samplingtest.Reply{Text: "abc", Err: busy})
	for range (wrap.Retry{}).Wrap(script).Sample(t.Context(), &sampling.Request{}) {
		break
	}
	if calls := script.Calls(); len(calls) != 1 || calls[0].Chunks != 1 {
		t.Errorf("%+v", calls)
	}
}

func TestRetryDrawAndScore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := able()
		draw, score := script.DrawFunc, script.ScoreFunc
		draws, scores := 0, 0
		script.DrawFunc = func(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
			if draws++; draws < 3 {
				return nil, busy
			}
			return draw(ctx, req, n)
		}
		script.ScoreFunc = func(ctx context.Context, req *sampling.Request, of []string) ([]sampling.Score, error) {
			if scores++; scores < 5 {
				return nil, busy
			} else if scores > 5 {
				return nil, refused
			}
			return score(ctx, req, of)
		}
		m := sampling.Model{Backend: wrap.Retry{}.Wrap(script)}
		if all, err := m.Draw(t.Context(), &sampling.Request{}, 2); err != nil || len(all) != 2 || draws != 3 {
			t.Errorf("drew %v in %d attempts, %v", all, draws, err)
		}
		if all, err := m.Score(t.Context(), &sampling.Request{Prompt: "p"}, []string{"a"}); err != nil || len(all) != 1 || scores != 5 {
			t.Errorf("scored %v in %d attempts, %v", all, scores, err)
		}
		if _, err := m.Score(t.Context(), &sampling.Request{Prompt: "p"}, []string{"a"}); err != refused || scores != 6 {
			t.Errorf("a refusal was tried %d times: %v", scores-5, err)
		}
	})
}

// A slip in the fields is told before anything is sent.
func TestRetryInvalid(t *testing.T) {
	for _, r := range []wrap.Retry{{Attempts: -1}, {MaxElapsed: -time.Second}, {Wait: -time.Second}} {
		script := able()
		b := r.Wrap(script)
		_, err := read(t.Context(), b, &sampling.Request{})
		_, drawErr := b.(sampling.Drawer).Draw(t.Context(), &sampling.Request{}, 2)
		_, scoreErr := b.(sampling.Scorer).Score(t.Context(), &sampling.Request{Prompt: "p"}, []string{"a"})
		for _, err := range []error{err, drawErr, scoreErr} {
			if !errors.Is(err, sampling.ErrInvalid) || len(script.Calls()) > 0 {
				t.Errorf("%+v: %v after %d calls", r, err, len(script.Calls()))
			}
		}
	}
}

// A stream that ends without a reason or an error, since its context is canceled, gets
// the context's error from every wrapper.
func TestCanceledInSilence(t *testing.T) {
	for name, wrapped := range map[string]func(sampling.Backend) sampling.Backend{
		"Retry":    wrap.Retry{}.Wrap,
		"Meter":    new(wrap.Meter).Wrap,
		"Fallback": func(b sampling.Backend) sampling.Backend { return wrap.Fallback(b) },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		b := wrapped(sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
			return func(func(sampling.Chunk, error) bool) { cancel() }
		}))
		if _, err := read(ctx, b, &sampling.Request{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
