package samplingtest

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// The rules about how a sequence ends and what runs beside it.

// places returns some of the numbers from 0 to n-1: the first few, which is
// where things go wrong, one in the middle and the last two.
func places(n int) []int {
	all := []int{0, 1, 2, 3, n / 2, n - 2, n - 1}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(i int) bool { return i < 0 || i >= n })
}

// points returns the numbers from 0 to n-1, each chunk after which a sequence can
// be left. Where there are too many for that it returns places.
func points(n int) []int {
	if n > 64 {
		return places(n)
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func (c *checker) cancelled() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c.ended("a context that was cancelled before", c.run(ctx, c.request(), nil), context.Canceled, 0)
	ctx, cancel = context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	c.ended("a deadline that had passed before", c.run(ctx, c.request(), nil), context.DeadlineExceeded, 0)
	cancel()

	n := len(c.must(c.request()).chunks)
	for _, at := range points(n) {
		ctx, cancel := context.WithCancel(context.Background())
		s := c.run(ctx, c.request(), func(i int, _ sampling.Chunk) bool {
			if i == at {
				cancel()
			}
			return true
		})
		cancel()
		c.ended("a context that was cancelled in the loop", s, context.Canceled, at+1)
	}
	// While the backend works, and not while the loop's body runs. It may finish
	// first; it must not hang.
	for _, at := range places(n) {
		ctx, cancel := context.WithCancel(context.Background())
		c.run(ctx, c.request(), func(i int, _ sampling.Chunk) bool {
			if i == at {
				go cancel()
			}
			return true
		})
		cancel()
	}
}

// ended checks what came of a context that was done after the given number of
// chunks. One more chunk may have been under way, and it may have been the last
// of all.
func (c *checker) ended(what string, s *sample, want error, taken int) {
	late := len(s.chunks) - taken
	whole := taken > 0 && s.err == nil && s.last().Reason != sampling.Unfinished
	switch {
	case taken == 0 && late > 0:
		c.fatalf("%s: there were chunks all the same: %s", what, s)
	case late > 1:
		c.fatalf("%s: after chunk %d there were %d more: %s", what, taken, late, s)
	case whole:
	case s.err == nil:
		c.fatalf("%s: the sequence ended without an error: %s", what, s)
	case !errors.Is(s.err, want):
		c.fatalf("%s: the error does not wrap %q: %v", what, want, s.err)
	}
}

func (c *checker) earlyBreak() {
	n := len(c.must(c.request()).chunks)
	for _, at := range points(n) {
		s := c.run(context.Background(), c.request(), func(i int, _ sampling.Chunk) bool { return i < at })
		if s.afterLeft > 0 {
			c.fatalf("the loop was left at chunk %d of %d, and yield was called %d more times; in a range statement that panics", at+1, n, s.afterLeft)
		}
	}
}

func (c *checker) goroutines() {
	n := len(c.must(c.request()).chunks) // what a backend starts once may stay
	watch := newWatch()
	watch.do(func() {
		for range 4 {
			c.must(c.request())
		}
		for _, at := range places(n) {
			c.run(context.Background(), c.request(), func(i int, _ sampling.Chunk) bool { return i < at })
		}
		for _, at := range places(n) {
			ctx, cancel := context.WithCancel(context.Background())
			c.run(ctx, c.request(), func(i int, _ sampling.Chunk) bool {
				if i == at {
					cancel()
				}
				return true
			})
			cancel()
		}
	})
	if left := watch.wait(min(c.kit.timeout(), 3*time.Second)); left != "" {
		c.failf("after samples that were finished, left and cancelled there still was\n%s", left)
	}
}

// together is how many samples the concurrency rule has under way.
const together = 8

func (c *checker) concurrency() {
	// Half of them go on from another prompt, so that text that strays from one
	// sample into another shows.
	requests := make([]*sampling.Request, together)
	want := make([]string, together)
	first := c.must(c.request()).text()
	for i := range requests {
		requests[i] = c.request()
		want[i] = first
		if i%2 == 1 {
			requests[i].Prompt += first
		}
	}
	other := c.must(requests[1]).text()
	for i := 1; i < together; i += 2 {
		want[i] = other
	}

	// Each waits at its first chunk until all are there, or a little while: a
	// backend may do one after another.
	arrived := make(chan struct{})
	var waiting sync.WaitGroup
	waiting.Add(together)
	go func() { waiting.Wait(); close(arrived) }()

	var wg sync.WaitGroup
	got := make([]*sample, together)
	faults := make([]*checker, together)
	for i, req := range requests {
		wg.Go(func() {
			at := sync.OnceFunc(waiting.Done)
			defer at()
			faults[i] = c.kit.run(rule{name: c.rule.name, doc: c.rule.doc, check: func(one *checker) {
				got[i] = one.run(context.Background(), req, func(n int, _ sampling.Chunk) bool {
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
			}}, c.backend)
		})
	}
	wg.Wait()
	for i, fault := range faults {
		if len(fault.failures) > 0 {
			c.failures = append(c.failures, fault.failures...)
			return
		}
		if s := got[i]; s.err != nil || s.text() != want[i] {
			c.fatalf("of %d samples at once, number %d gave %s; alone it is %q", together, i+1, s, shorten(want[i]))
		}
	}
}
