package wrap_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foreword-go/foreword/internal/faultwire"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// story is what the server goes on with after "Story 7:" and after any part of
// the story itself. It has the number in it, so that no two are alike.
func story(prompt string) string {
	name, begun, _ := strings.Cut(prompt, ":")
	whole := strings.ReplaceAll(" there were # owls on a wall, who sang of # moons until # clocks struck #.", "#", strings.TrimPrefix(name, "Story "))
	return strings.TrimPrefix(whole, begun)
}

// textFaults are the faults after which the text, if there is any, is the
// story's, and which take no minutes. Those that are a right answer in a rare
// form are left out: they would be no failures.
func textFaults(stream bool) (all []faultwire.Fault) {
	for _, f := range faultwire.Faults() {
		o, ok := f.Outcome(faultwire.Completions, stream)
		if ok && (o.Class == faultwire.Failed || o.Class == faultwire.Broken) && !o.TextMayDiffer {
			all = append(all, f)
		}
	}
	return all
}

// Of 100 calls (1,000 with FOREWORD_LONG) against a server that fails 30 % of them in random ways, all
// succeed or end in a typed error. Half are streams, in which no text comes twice,
// and which the meter counts once. A whole answer may take several attempts.
func TestFlakyServer(t *testing.T) {
	for _, way := range []struct {
		name  string
		whole bool
	}{
		{"streamed", false},
		{"whole", true},
	} {
		t.Run(way.name, func(t *testing.T) { testFlaky(t, way.whole) })
	}
}

func testFlaky(t *testing.T, whole bool) {
	t.Parallel()
	const workers = 16
	calls := 100
	if os.Getenv("FOREWORD_LONG") != "" {
		calls = 1000
	}
	server := faultwire.NewFaultServer(t)
	server.Reply = story
	faults := textFaults(!whole)
	url := server.FlakyURL(1, 0.3, faults...)
	// On a kept connection that was closed, net/http sends a request anew by itself,
	// which nobody could count.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	backend, err := openai.New(openai.Config{BaseURL: url + "/v1", Key: sampling.NewSecret(faultwire.FaultKey), Model: "m", NoStreaming: whole, HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	var log locked
	meter := &wrap.Meter{Price: llama405b, Cap: 1000, Counter: words{}}
	m := sampling.Model{Backend: wrap.Around(backend,
		&wrap.Limit{Requests: 1 << 30, Concurrent: workers},
		meter,
		wrap.Retry{Attempts: 8, Wait: time.Millisecond, MaxElapsed: time.Second / 2}, // some faults ask for a wait of a second
		wrap.Log{Logger: slog.New(slog.NewTextHandler(&log, nil))},
	)}

	var good, failed, partial, attempts, next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= calls; i = int(next.Add(1)) {
				prompt := fmt.Sprintf("Story %d:", i)
				ctx, cancel := context.WithTimeout(wrap.WithLabel(t.Context(), prompt), 20*time.Second)
				streamed := i%2 == 0
				c, err := ask(ctx, m, &sampling.Request{Prompt: prompt, Params: sampling.Params{MaxTokens: 64}}, streamed)
				cancel()
				if errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("call %d hangs", i)
				}
				bill := meter.Labels()[prompt]
				attempts.Add(int64(bill.Calls + bill.Failed))
				if bill.Calls > 1 && streamed {
					t.Errorf("call %d was counted %d times", i, bill.Calls)
				}
				if err == nil {
					good.Add(1)
					if c.Text != story(prompt) || c.Reason == sampling.Unfinished {
						t.Errorf("call %d succeeded with %q, %v", i, c.Text, c.Reason)
					}
					if bill.Calls == 0 {
						t.Errorf("call %d was not counted", i)
					}
					if want := len(strings.Split(c.Text, " ")); bill.Estimated == 0 && bill.Calls == 1 && (bill.PromptTokens != 3 || bill.CompletionTokens != want) {
						t.Errorf("call %d was counted as %+v, want 3 and %d tokens", i, bill, want)
					}
					continue
				}
				failed.Add(1)
				if c.Text != "" {
					partial.Add(1)
				}
				if !strings.HasPrefix(story(prompt), c.Text) {
					t.Errorf("call %d failed after %q", i, c.Text)
				}
				if c.Text != "" && bill.Calls == 0 {
					t.Errorf("call %d failed after %q and was not counted", i, c.Text)
				}
				if _, ok := errors.AsType[*sampling.Error](err); !ok && !errors.Is(err, sampling.ErrTruncated) {
					t.Errorf("call %d: the error has no type: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d faults; %d calls succeeded and %d failed, %d of them after text; the server was asked %d times", len(faults), good.Load(), failed.Load(), partial.Load(), server.Hits())
	if good.Load() < int64(calls/2) || attempts.Load() == int64(calls) || len(faults) < 40 {
		t.Error("that is not what the test is about")
	}
	if got, want := attempts.Load(), int64(server.Hits()); got != want {
		t.Errorf("the meter counted %d attempts, and the server %d", got, want)
	}
	if n := strings.Count(log.String(), "msg=sample"); n != calls {
		t.Errorf("%d records for %d calls", n, calls)
	}
	if strings.Contains(log.String(), faultwire.FaultKey) {
		t.Error("the key is in the log")
	}
}

// ask asks for a whole answer, or for a stream and joins it.
func ask(ctx context.Context, m sampling.Model, req *sampling.Request, streamed bool) (*sampling.Completion, error) {
	if !streamed {
		return m.Complete(ctx, req)
	}
	c := new(sampling.Completion)
	for chunk, err := range m.Stream(ctx, req) {
		if err != nil {
			return c, err
		}
		c.Text, c.Reason = c.Text+chunk.Text, chunk.Reason
	}
	return c, nil
}

// A locked builder may be written to by several goroutines.
type locked struct {
	mu sync.Mutex
	strings.Builder
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Builder.Write(p)
}
