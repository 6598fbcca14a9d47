package faultwire_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foreword-go/foreword/internal/faultwire"
	"github.com/foreword-go/foreword/sampling"
)

// newClient returns a client that shares nothing with other tests.
func newClient(t *testing.T) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// ways calls f for each protocol, streamed and whole.
func ways(f func(api faultwire.API, stream bool)) {
	for _, api := range []faultwire.API{faultwire.Completions, faultwire.Generate} {
		f(api, false)
		f(api, true)
	}
}

// The mini comes to the right outcome with every fault, and no fewer than 40
// befall each way of asking.
func TestFaults(t *testing.T) {
	counts := make(map[string]int)
	for _, fault := range faultwire.Faults() {
		ways(func(api faultwire.API, stream bool) {
			if _, ok := fault.Outcome(api, stream); ok {
				counts[fmt.Sprintf("%s, stream %v", api, stream)]++
			}
		})
	}
	t.Log(counts)
	for way, n := range counts {
		if n < 40 || len(counts) != 4 {
			t.Errorf("only %d faults for %s", n, way)
		}
	}
	client := newClient(t)
	for _, api := range []faultwire.API{faultwire.Completions, faultwire.Generate} {
		t.Run(string(api), func(t *testing.T) {
			faultwire.TestFaults(t, api, func(t *testing.T, url string, stream bool) sampling.Backend {
				return &mini{url, api, stream, client}
			})
		})
	}
}

func TestFaultNames(t *testing.T) {
	seen := make(map[string]bool)
	for _, f := range faultwire.Faults() {
		if seen[f.Name] || f.Name == "" || f.Does == "" {
			t.Errorf("fault %q (%q) has no name of its own or says nothing", f.Name, f.Does)
		}
		seen[f.Name] = true
		ways(func(api faultwire.API, stream bool) {
			o, ok := f.Outcome(api, stream)
			switch o.Class {
			case faultwire.Success, faultwire.Either, faultwire.Failed, faultwire.Broken, faultwire.Endless:
			default:
				if ok {
					t.Errorf("fault %q has the class %q", f.Name, o.Class)
				}
			}
			if o.Temporary != faultwire.Unsure && o.Temporary != faultwire.Temporary && o.Temporary != faultwire.Permanent {
				t.Errorf("fault %q has the verdict %q", f.Name, o.Temporary)
			}
		})
	}
}

// A check that accepted everything would prove nothing. Each case differs in one way from
// a right one.
func TestOutcomeCheck(t *testing.T) {
	fault := func(change func(e *sampling.Error)) error {
		e := &sampling.Error{Backend: "b", Status: 429, Temporary: true, RetryAfter: time.Second, Err: errors.New("slow down")}
		change(e)
		return e
	}
	asIs := func(*sampling.Error) {}
	failed := faultwire.Outcome{
		Class: faultwire.Failed, Status: []int{429}, Temporary: faultwire.Temporary, Words: "slow",
		RetryAtLeast: time.Second, RetryAtMost: time.Second, Text: "ab",
	}
	text := func(s string) *sampling.Completion { return &sampling.Completion{Text: s} }
	ended := &sampling.Completion{Text: "abc", Reason: sampling.EndOfText}
	for _, test := range []struct {
		name    string
		outcome faultwire.Outcome
		c       *sampling.Completion
		err     error
		right   bool
	}{
		{"as it should be", failed, text("ab"), fault(asIs), true},
		{"wrapped", failed, text("ab"), fmt.Errorf("calling: %w", fault(asIs)), true},
		{"silent success", failed, ended, nil, false},
		{"no type", failed, text("ab"), errors.New("slow down"), false},
		{"status", failed, text("ab"), fault(func(e *sampling.Error) { e.Status = 500 }), false},
		{"not temporary", failed, text("ab"), fault(func(e *sampling.Error) { e.Temporary = false }), false},
		{"no wait", failed, text("ab"), fault(func(e *sampling.Error) { e.RetryAfter = 0 }), false},
		{"own words", failed, text("ab"), fault(func(e *sampling.Error) { e.Err = errors.New("failed") }), false},
		{"nameless", failed, text("ab"), fault(func(e *sampling.Error) { e.Backend = "" }), false},
		{"lost text", failed, text("a"), fault(asIs), false},
		{"truncated is not failed", failed, text("ab"), sampling.ErrTruncated, false},
		{"key", failed, text("ab"), fault(func(e *sampling.Error) { e.Err = errors.New("slow down, " + faultwire.FaultKey) }), false},
		{"hidden key", failed, text("ab"), hiding{fault(asIs)}, false},
		{"long", failed, text("ab"), fault(func(e *sampling.Error) { e.Err = errors.New(strings.Repeat("slow ", 5000)) }), false},
		{"broken", faultwire.Outcome{Class: faultwire.Broken, Text: "ab"}, text("ab"), sampling.ErrTruncated, true},
		{"broken and typed", faultwire.Outcome{Class: faultwire.Broken, Text: "ab", TextMayStop: true, RetryAtMost: time.Hour}, text("a"), fault(asIs), true},
		{"broken and untyped", faultwire.Outcome{Class: faultwire.Broken}, nil, errors.New("x"), false},
		{"more than there was", faultwire.Outcome{Class: faultwire.Broken, Text: "ab", TextMayStop: true}, text("abc"), sampling.ErrTruncated, false},
		{"half runes", faultwire.Outcome{Class: faultwire.Either, TextMayDiffer: true}, &sampling.Completion{Text: "\xc3", Reason: sampling.EndOfText}, nil, false},
		{"right", faultwire.Outcome{Class: faultwire.Success, Text: "abc"}, ended, nil, true},
		{"right and failed", faultwire.Outcome{Class: faultwire.Success, Text: "abc"}, ended, fault(asIs), false},
		{"right without a reason", faultwire.Outcome{Class: faultwire.Success, Text: "abc"}, text("abc"), nil, false},
		{"right with other text", faultwire.Outcome{Class: faultwire.Success, Text: "ab"}, ended, nil, false},
		{"either is right", faultwire.Outcome{Class: faultwire.Either, Text: "abc"}, ended, nil, true},
		{"either is failed", faultwire.Outcome{Class: faultwire.Either, Text: "abc"}, nil, fault(asIs), true},
		{"endless is done", faultwire.Outcome{Class: faultwire.Endless}, nil, context.DeadlineExceeded, true},
		{"endless ends", faultwire.Outcome{Class: faultwire.Endless}, ended, nil, false},
	} {
		err := test.outcome.Check(test.c, test.err)
		if test.right != (err == nil) {
			t.Errorf("%s: %v", test.name, err)
		}
		if err != nil && strings.Contains(err.Error(), faultwire.FaultKey) {
			t.Errorf("%s: the check itself tells the key: %v", test.name, err)
		}
	}
}

// hiding is an error that shows nothing of the key it wraps.
type hiding struct{ err error }

func (h hiding) Error() string                 { return "slow down" }
func (h hiding) Unwrap() error                 { return errors.Join(h.err, wrappedKey{}) }
func (h hiding) Format(s fmt.State, verb rune) { fmt.Fprint(s, "slow down") }

type wrappedKey struct{}

func (wrappedKey) Error() string { return faultwire.FaultKey }

func TestFlakyURL(t *testing.T) {
	run := func(seed uint64) (pattern string, right int) {
		server := faultwire.NewFaultServer(t)
		server.Reply = func(prompt string) string { return " you said " + prompt }
		url := server.FlakyURL(seed, 0.3, faultwire.Faults()...)
		client := newClient(t)
		for i := range 100 {
			m := sampling.Model{Backend: &mini{url, faultwire.Completions, true, client}}
			c, err := m.Complete(t.Context(), &sampling.Request{Prompt: fmt.Sprint(i)})
			if err == nil && c.Text == fmt.Sprintf(" you said %d", i) {
				right++
				pattern += "."
			} else {
				pattern += "x"
			}
		}
		if n := server.Hits(); n < 100 || n > 110 {
			t.Errorf("%d requests arrived", n) // a redirect may lead back here
		}
		return pattern, right
	}
	first, right := run(1)
	if again, _ := run(1); again != first {
		t.Errorf("the same seed failed differently:\n%s\n%s", first, again)
	}
	if other, _ := run(2); other == first {
		t.Errorf("another seed failed alike: %s", other)
	}
	if right < 60 || right > 95 { // some faults are right answers
		t.Errorf("%d of 100 were right: %s", right, first)
	}
}

func TestFaultServerConcurrently(t *testing.T) {
	server := faultwire.NewFaultServer(t)
	url := server.FlakyURL(3, 0.5, faultwire.Faults()...)
	client := newClient(t)
	var wg sync.WaitGroup
	var right atomic.Int64
	for range 8 {
		wg.Go(func() {
			ways(func(api faultwire.API, stream bool) {
				m := sampling.Model{Backend: &mini{url, api, stream, client}}
				if _, err := m.Complete(t.Context(), &sampling.Request{}); err == nil {
					right.Add(1)
				}
				m.Backend = &mini{server.RightURL(), api, stream, client}
				if c, err := m.Complete(t.Context(), &sampling.Request{}); err != nil || c.Text != faultwire.FaultText {
					t.Errorf("the right answer: %v, %v", c, err)
				}
			})
		})
	}
	wg.Wait()
	if n := right.Load(); n == 0 || n == 32 {
		t.Errorf("%d of 32 went right", n)
	}
}
