package wrap_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/internal/faultwire"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/foreword-go/foreword/sampling/wrap"
)

func TestFallbackConformance(t *testing.T) {
	down := sampling.BackendFunc(func(ctx context.Context, _ *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			yield(sampling.Chunk{}, cmp.Or(ctx.Err(), error(errDown)))
		}
	})
	samplingtest.Kit{MaxTokens: 8}.TestBackend(t, func(t *testing.T) sampling.Backend { return wrap.Fallback(down, pocket.Default()) })
}

var errDown = &sampling.Error{Backend: "test", Status: 503, Temporary: true, Err: errors.New("down")}

// A named is a backend that gives its name, and fails when told to.
type named struct {
	name string

	mu     sync.Mutex
	err    error // of every call; nil is none
	after  int   // chunks that come before the error
	asked  int
	window int
}

func (s *named) fails() (after int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return s.after, s.err
}

func (s *named) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		after, fault := s.fails()
		for i := range 3 {
			if fault != nil && i == after {
				yield(sampling.Chunk{}, fault)
				return
			}
			if !yield(sampling.Chunk{Text: " " + s.name, Model: s.name}, nil) {
				return
			}
		}
		yield(sampling.Chunk{Reason: sampling.EndOfText, Model: s.name}, nil)
	}
}

func (s *named) Count(context.Context, string) (int, error) {
	_, err := s.fails()
	return len(s.name), err
}

func (s *named) Score(_ context.Context, _ *sampling.Request, of []string) ([]sampling.Score, error) {
	_, err := s.fails()
	return make([]sampling.Score, len(of)), err
}

func (s *named) Draw(_ context.Context, _ *sampling.Request, n int) (all []*sampling.Completion, err error) {
	_, err = s.fails()
	for range n {
		all = append(all, &sampling.Completion{Text: s.name, Model: s.name, Reason: sampling.EndOfText})
	}
	return all, err
}

func (s *named) Describe(context.Context) (sampling.Info, error) {
	_, err := s.fails()
	return sampling.Info{Model: s.name, Window: s.window}, err
}

func pair() (a, b *named, m sampling.Model) {
	a, b = &named{name: "one", window: 100}, &named{name: "second", window: 70}
	return a, b, sampling.Model{Backend: wrap.Fallback(a, b)}
}

// What kinds of errors go to the next backend, for each method.
func TestFallbackErrors(t *testing.T) {
	for _, test := range []struct {
		name  string
		err   error
		falls bool
	}{
		{"none", nil, false},
		{"temporary", errDown, true},
		{"broken off", sampling.ErrTruncated, true},
		{"unsupported", sampling.ErrUnsupported, true},
		{"a wrong key", &sampling.Error{Status: 401, Err: errors.New("who?")}, false},
		{"invalid", sampling.ErrInvalid, false},
		{"will break off again", &sampling.Error{Status: 200, Err: sampling.ErrTruncated}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b, m := pair()
			a.err = test.err
			want := "one"
			if test.falls {
				want = "second"
			}
			c, err := m.Complete(t.Context(), &sampling.Request{Prompt: "p"})
			_, scoreErr := m.Score(t.Context(), &sampling.Request{Prompt: "p"}, []string{"x"})
			all, drawErr := m.Draw(t.Context(), &sampling.Request{Prompt: "p"}, 2)
			if test.err != nil && !test.falls {
				for _, err := range []error{err, scoreErr, drawErr} {
					if !errors.Is(err, test.err) {
						t.Errorf("%v, want %v", err, test.err)
					}
				}
				if b.asked != 0 {
					t.Errorf("the second was asked %d times", b.asked)
				}
				return
			}
			if err != nil || c.Model != want || c.Text != strings.Repeat(" "+want, 3) {
				t.Errorf("%+v, %v", c, err)
			}
			if scoreErr != nil || drawErr != nil || len(all) != 2 || all[1].Model != want {
				t.Errorf("%v, %v, %+v", scoreErr, drawErr, all)
			}
		})
	}
}

// A stream that has given out text is not begun anew. A whole answer is.
func TestFallbackMidway(t *testing.T) {
	a, b, m := pair()
	a.err, a.after = errDown, 2
	var text string
	var last error
	for chunk, err := range m.Stream(t.Context(), &sampling.Request{Prompt: "p"}) {
		text, last = text+chunk.Text, err
	}
	if text != " one one" || !errors.Is(last, errDown) || b.asked != 0 {
		t.Errorf("%q, %v", text, last)
	}
	if c, err := m.Complete(t.Context(), &sampling.Request{Prompt: "p"}); err != nil || c.Text != " second second second" {
		t.Errorf("%+v, %v", c, err)
	}
	b.err, b.after = errDown, 1
	c, err := m.Complete(t.Context(), &sampling.Request{Prompt: "p"})
	if !errors.Is(err, errDown) || c.Text == "" {
		t.Errorf("all fail: %+v, %v", c, err)
	}
	a.err = sampling.ErrUnsupported
	if _, err := m.Complete(t.Context(), &sampling.Request{Prompt: "p"}); !errors.Is(err, errDown) || errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("the temporary fault is not the cause: %v", err)
	}
	if _, err := (sampling.Model{Backend: wrap.Fallback()}).Complete(t.Context(), &sampling.Request{}); !errors.Is(err, sampling.ErrInvalid) {
		t.Error(err)
	}
}

// A caller who gives up is not a fault of the backend.
func TestFallbackCancelled(t *testing.T) {
	a, b, m := pair()
	a.err = errDown
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range m.Backend.Sample(ctx, &sampling.Request{}) {
	}
	if b.asked != 0 {
		t.Error("the second was asked")
	}
}

// A call that no backend answered has no place in the log. A score does not depend on
// the request's constraint.
func TestFallbackPlace(t *testing.T) {
	logger, got := records(slog.LevelInfo)
	a, b, m := pair()
	m.Backend = wrap.Log{Logger: logger}.Wrap(m.Backend)
	req := &sampling.Request{Prompt: "p", Constraint: sampling.OneOf("a")}
	if _, err := (sampling.Forward{Backend: m.Backend}).Score(t.Context(), req, []string{"x"}); err != nil {
		t.Error(err)
	}
	a.err, b.err = errDown, errDown
	if _, err := m.Complete(t.Context(), &sampling.Request{Prompt: "p"}); !errors.Is(err, errDown) {
		t.Error(err)
	}
	if lines := got(); len(lines) != 2 || !strings.Contains(lines[0], "backend=1") || strings.Contains(lines[1], "backend=") {
		t.Error(lines)
	}
}

// Abilities and what the Fallback says of itself.
func TestFallbackAbilities(t *testing.T) {
	_, b, m := pair()
	info, err := (sampling.Forward{Backend: m.Backend}).Describe(t.Context())
	if err != nil || info.Model != "one, second" || info.Window != 70 {
		t.Errorf("%+v, %v", info, err)
	}
	if n, err := m.Count(t.Context(), "x"); n != len("second") || err != nil {
		t.Error(n, err)
	}
	b.err = errDown
	if n, err := m.Count(t.Context(), "x"); n != len("one") || err != nil {
		t.Error(n, err)
	}
	if _, err := (sampling.Forward{Backend: m.Backend}).Describe(t.Context()); !errors.Is(err, errDown) {
		t.Error(err)
	}
	// Only the second enforces constraints, so only the second is asked for them.
	plain := &named{name: "plain"}
	both := sampling.Model{Backend: wrap.Fallback(plain, pocket.Default())}
	c, err := both.Complete(t.Context(), &sampling.Request{Prompt: "p", Constraint: sampling.OneOf("yes", "no")})
	if err != nil || c.Text != "yes" && c.Text != "no" || plain.asked != 0 {
		t.Errorf("%+v, %v, asked %d times", c, err, plain.asked)
	}
	neither := sampling.Model{Backend: wrap.Fallback(plain, plain)}
	if _, err := neither.Complete(t.Context(), &sampling.Request{Constraint: sampling.OneOf("yes")}); !errors.Is(err, sampling.ErrUnsupported) {
		t.Error(err)
	}
}

// A backend that keeps failing is asked last for a while, then by one call, and
// answers as before when it is back.
func TestFallbackCoolDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, m := pair()
		a.err = errDown
		ask := func() {
			t.Helper()
			if _, err := m.Complete(t.Context(), &sampling.Request{}); err != nil {
				t.Error(err)
			}
		}
		askedOf := func(s *named) int {
			before := s.asked
			ask()
			return s.asked - before
		}
		for i, want := range []int{1, 1, 0, 0} { // two failures begin it
			if got := askedOf(a); got != want {
				t.Errorf("call %d asked the first %d times", i, got)
			}
		}
		time.Sleep(time.Second)
		if got := askedOf(a) + askedOf(a); got != 1 {
			t.Errorf("after a second, %d of two calls tried it", got)
		}
		b.err = errDown // both cool down, and still both are asked
		for range 3 {
			before := a.asked
			if _, err := m.Complete(t.Context(), &sampling.Request{}); !errors.Is(err, errDown) || a.asked == before {
				t.Errorf("%v, asked %d times", err, a.asked-before)
			}
		}
		a.err = nil // no call fails for a cool-down
		ask()
		if got := askedOf(b); got != 0 {
			t.Errorf("the first is back, and the second was asked %d times", got)
		}
	})
	synctest.Test(t, func(t *testing.T) { // the server's own wait
		a, _, m := pair()
		a.err = &sampling.Error{Status: 429, Temporary: true, RetryAfter: time.Hour, Err: errors.New("later")}
		for range 9 {
			m.Complete(t.Context(), &sampling.Request{})
			time.Sleep(5 * time.Minute)
		}
		if a.asked != 2 {
			t.Errorf("asked %d times", a.asked)
		}
	})
}

// A Cache around a Fallback never answers with another model's text, score or
// count, under whatever name it files them.
func TestFallbackCache(t *testing.T) {
	req := &sampling.Request{Prompt: "p"}
	for _, namespace := range []string{"", "one"} {
		t.Run("namespace "+namespace, func(t *testing.T) {
			store, err := wrap.OpenStore(filepath.Join(t.TempDir(), "store"))
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			a, b, _ := pair()
			quiet := wrap.Log{Logger: slog.New(slog.DiscardHandler)} // hides nothing from the outer wrappers
			cached := func(backend sampling.Backend) (sampling.Model, *bytes.Buffer) {
				var log bytes.Buffer
				return sampling.Model{Backend: wrap.Around(backend, quiet, &wrap.Cache{Store: store, Namespace: namespace}, wrap.Log{Logger: slog.New(slog.NewTextHandler(&log, nil))})}, &log
			}
			both, log := cached(wrap.Fallback(a, b))
			if _, err := (sampling.Forward{Backend: both.Backend}).Describe(t.Context()); err != nil {
				t.Fatal(err)
			}
			ask := func(m sampling.Model) (c *sampling.Completion) {
				c, err := m.Complete(t.Context(), req)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := m.Score(t.Context(), req, []string{"x"}); err != nil {
					t.Fatal(err)
				}
				if _, err := m.Count(t.Context(), "x"); err != nil {
					t.Fatal(err)
				}
				return c
			}
			if c := ask(both); c.Model != "one" {
				t.Errorf("%+v", c)
			}
			req := *req
			req.Prompt = "another"
			a.err = errDown
			if c, err := both.Complete(t.Context(), &req); err != nil || c.Model != "second" {
				t.Fatalf("%+v, %v", c, err)
			}
			a.err = nil
			c, err := both.Complete(t.Context(), &req)
			kept := namespace == ""
			if err != nil || (c.Model == "second") != kept {
				t.Errorf("then %+v, %v", c, err)
			}
			if kept != (strings.Count(log.String(), "backend=2") == 2 && strings.Contains(log.String(), "model=second")) {
				t.Errorf("the log is\n%s", log)
			}
			// The same store around the first backend alone has nothing of the second's.
			alone, _ := cached(a)
			if c, err := alone.Complete(t.Context(), &req); err != nil || c.Model != "one" {
				t.Errorf("alone %+v, %v", c, err)
			}
			if n, err := alone.Count(t.Context(), "x"); n != len("one") || err != nil {
				t.Errorf("alone it counts %d, %v", n, err)
			}
		})
	}
}

// A Meter counts with all backends. Counts are not part of the answer of one.
func TestFallbackMetered(t *testing.T) {
	logger, got := records(slog.LevelInfo)
	_, _, m := pair()
	m.Backend = wrap.Around(m.Backend, new(wrap.Meter), wrap.Log{Logger: logger})
	if _, err := m.Complete(t.Context(), &sampling.Request{Prompt: "p"}); err != nil {
		t.Fatal(err)
	}
	if lines := got(); len(lines) != 1 || !strings.Contains(lines[0], "backend=1") {
		t.Error(lines)
	}
}

// Of two servers the first one dies during 500 calls: none fails, and the log, the
// bills and the answers agree on who answered.
func TestFallbackKilled(t *testing.T) {
	const calls, workers = 500, 8
	var log locked
	var meters [2]*wrap.Meter
	var servers [2]*faultwire.FaultServer
	var backends []sampling.Backend
	for i, name := range []string{"first", "second"} {
		servers[i] = faultwire.NewFaultServer(t)
		servers[i].Reply = story
		b, err := openai.New(openai.Config{BaseURL: servers[i].RightURL() + "/v1", Key: sampling.NewSecret(faultwire.FaultKey), Model: name})
		if err != nil {
			t.Fatal(err)
		}
		meters[i] = new(wrap.Meter)
		backends = append(backends, meters[i].Wrap(b))
	}
	m := sampling.Model{Backend: wrap.Around(wrap.Fallback(backends...), wrap.Log{Logger: slog.New(slog.NewTextHandler(&log, nil))})}
	var mu sync.Mutex
	answered := map[string]int{}
	var wg sync.WaitGroup
	next := make(chan int)
	for range workers {
		wg.Go(func() {
			for i := range next {
				prompt := fmt.Sprintf("Story %d:", i)
				c, err := m.Complete(t.Context(), &sampling.Request{Prompt: prompt})
				if err != nil || c.Text != story(prompt) {
					t.Errorf("call %d: %+v, %v", i, c, err)
					continue
				}
				mu.Lock()
				answered[c.Model]++
				mu.Unlock()
			}
		})
	}
	for i := range calls {
		if i == calls/2 {
			servers[0].Kill()
		}
		next <- i
	}
	close(next)
	wg.Wait()
	first, second := answered["first"], answered["second"]
	if first == 0 || second == 0 || first+second != calls {
		t.Errorf("answered: %v", answered)
	}
	for i, want := range []int{first, second} {
		name := []string{"first", "second"}[i]
		if n := strings.Count(log.String(), fmt.Sprintf("backend=%d", i+1)); n != want {
			t.Errorf("the log has %d answers of the %s, want %d", n, name, want)
		}
		// A call that broke off midway is on the first one's bill as well.
		if n := meters[i].Total().Calls; n < want || n > want+workers {
			t.Errorf("the bill of the %s has %d calls, want %d", name, n, want)
		}
	}
	t.Logf("%v; the first one's bill: %+v", answered, meters[0].Total())
}
