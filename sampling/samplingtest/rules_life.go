package samplingtest

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// The rules about how a sequence ends, and about goroutines.

// places returns the numbers from 0 to n-1. If they are more than most, it returns the
// first four, the middle and the last two.
func places(n, most int) (all []int) {
	for i := range n {
		if n <= most || i < 4 || i == n/2 || i >= n-2 {
			all = append(all, i)
		}
	}
	return all
}

// every and some are how many chunks a rule tries one by one.
const every, some = 64, 7

func (c *checker) cancelled() {
	c.ended("a context that was cancelled before", c.run(gone(), c.request(), nil), context.Canceled, 0)
	late, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	c.ended("a deadline that had passed before", c.run(late, c.request(), nil), context.DeadlineExceeded, 0)

	n := len(c.must(c.request()).chunks)
	for _, at := range places(n, every) {
		c.ended("a context that was cancelled in the loop", c.cancelAt(at, false), context.Canceled, at+1)
	}
	// Cancelled while the backend works. It may finish first, but must not hang.
	for _, at := range places(n, some) {
		c.cancelAt(at, true)
	}
}

// ended checks a sample whose context ended after the given number of chunks. One more
// chunk may have been under way, and may have been the last.
func (c *checker) ended(what string, s *sample, want error, taken int) {
	late := len(s.chunks) - taken
	c.require(taken > 0 || late == 0, "%s: chunks came after that: %s", what, s)
	c.require(late <= 1, "%s: after chunk %d there were %d more: %s", what, taken, late, s)
	if taken > 0 && s.err == nil && s.Reason != sampling.Unfinished {
		return
	}
	c.require(errors.Is(s.err, want), "%s: the sequence did not end with an error that wraps %q: %s", what, want, s)
}

func (c *checker) earlyBreak() {
	n := len(c.must(c.request()).chunks)
	for _, at := range places(n, every) {
		s := c.leaveAt(at)
		c.require(s.afterLeft == 0, "the loop was left at chunk %d of %d, and yield was called %d more times; in a range statement that panics", at+1, n, s.afterLeft)
	}
}

func (c *checker) goroutines() {
	n := len(c.must(c.request()).chunks) // the backend may start some once
	left := leftovers(min(c.kit.Timeout/10, 3*time.Second), func() {
		for range 4 {
			c.must(c.request())
		}
		for _, at := range places(n, some) {
			c.leaveAt(at)
			c.cancelAt(at, false)
		}
	})
	c.expect(left == "", "goroutines remain after samples that were finished, left and cancelled:\n%s", left)
}

func (c *checker) concurrency() {
	// Half of them have another prompt, so that samples that are mixed up show.
	first := c.must(c.request())
	other := func() *sampling.Request {
		req := c.request()
		req.Prompt += first.Text
		return req
	}
	second := c.must(other())
	var requests []*sampling.Request
	for range 4 {
		requests = append(requests, c.request(), other())
	}
	for i, got := range c.atOnce(requests) {
		want := []*sample{first, second}[i%2]
		c.require(got.err == nil && c.alike(requests[i], want, got), "of %d samples at once, number %d gave %s; alone it is %.200q", len(requests), i+1, got, want.Text)
	}
	// A server with a prefix cache reads a long prompt in other pieces if others came
	// before it or at the same time.
	var long []*sampling.Request
	for i := range 4 {
		req := c.limited(min(c.kit.MaxTokens, 8))
		req.Prompt = strings.Repeat(req.Prompt+".\n", 16) + strings.Repeat([]string{"One ", "Two ", "Three ", ""}[i], 16) + c.kit.Prompt
		long = append(long, req)
	}
	last := long[3]
	alone := c.sample(last)
	if errors.Is(alone.err, sampling.ErrBudget) {
		return // a small window
	}
	for _, all := range [][]*sampling.Request{long, {last}} {
		for i, got := range c.atOnce(all) {
			c.require(all[i] != last || c.alike(last, alone, got), "the same greedy request of %d bytes gave %s, and beside others %s", len(last.Prompt), alone, got)
		}
	}
}

// rounding is the largest difference, in nats, between two tokens that change places
// by rounding, as in batches of other sizes. Quantized weights differed by 0.19.
const rounding = 0.3

// alike reports whether two greedy samples of one request have the same text, or
// rounding explains got: each of its tokens is about as likely as the most likely one,
// by what the backend reports for single requests.
func (c *checker) alike(req *sampling.Request, want, got *sample) bool {
	if want.err != nil || got.err != nil || want.Text == got.Text {
		return (want.err == nil) == (got.err == nil)
	}
	next, rest := *req, got.Text
	next.Params.Logprobs, next.Params.TopLogprobs = true, 5
	for ever := false; rest != ""; {
		s := c.sample(&next)
		parted := false
		for _, token := range s.Tokens {
			said := token.Text
			if parted = !strings.HasPrefix(rest, said); parted {
				i := slices.IndexFunc(token.Top, func(t sampling.Token) bool {
					return t.Text != "" && strings.HasPrefix(rest, t.Text) && t.Logprob > token.Logprob-rounding
				})
				if i < 0 {
					return false
				}
				said = token.Top[i].Text
				for !utf8.ValidString(said) && len(said) < len(rest) { // part of a rune
					said = rest[:len(said)+1]
				}
			}
			next.Prompt, rest = next.Prompt+said, rest[len(said):]
			if parted || rest == "" {
				break
			}
		}
		if ever = ever || parted; !ever || !parted && rest != "" {
			return false // one text is the beginning of the other, or there are no tokens
		}
	}
	return true
}

// atOnce makes all requests in parallel. Each waits at its first chunk for the others,
// but not long, since a backend may run them one after another.
func (c *checker) atOnce(requests []*sampling.Request) []*sample {
	arrived := make(chan struct{})
	var waiting, all sync.WaitGroup
	waiting.Add(len(requests))
	go func() { waiting.Wait(); close(arrived) }()
	got := make([]*sample, len(requests))
	for i, req := range requests {
		all.Go(func() {
			at := sync.OnceFunc(waiting.Done)
			defer at()
			got[i] = c.try(context.Background(), req, func(n int) bool {
				if n == 0 {
					at()
					select {
					case <-arrived:
					case <-time.After(50 * time.Millisecond):
					}
				}
				runtime.Gosched()
				return true
			})
		})
	}
	all.Wait()
	for _, one := range got {
		c.settle(one.fault)
	}
	return got
}
