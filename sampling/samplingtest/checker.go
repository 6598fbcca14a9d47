package samplingtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// A checker checks one rule on one backend.
type checker struct {
	t         testing.TB
	kit       Kit
	rule      rule
	backend   sampling.Forward
	undecided bool // a time limit ended the check
}

// check checks one rule. Like t.FailNow and t.SkipNow it may end the goroutine.
func (c *checker) check() {
	c.kit.Prompt = cmp.Or(c.kit.Prompt, "Once upon a time")
	c.kit.MaxTokens = cmp.Or(c.kit.MaxTokens, 32)
	c.kit.Timeout = cmp.Or(c.kit.Timeout, 30*time.Second)
	c.require(c.backend.Backend != nil, "newBackend returned nil")
	c.rule.check(c)
}

// expect reports that the rule is broken, unless ok.
func (c *checker) expect(ok bool, format string, args ...any) {
	c.t.Helper()
	if !ok {
		c.t.Errorf("rule %s is broken.\n\tThe rule: %s\n\tSeen: %s", c.rule.name, c.rule.doc, fmt.Sprintf(format, args...))
	}
}

// require is expect, and ends the check.
func (c *checker) require(ok bool, format string, args ...any) {
	c.t.Helper()
	c.expect(ok, format, args...)
	if !ok {
		c.t.FailNow()
	}
}

// request returns a new greedy request, with the fields that Model fills in.
func (c *checker) request() *sampling.Request {
	return &sampling.Request{
		Prompt: c.kit.Prompt,
		Params: sampling.Params{MaxTokens: c.kit.MaxTokens, Seed: 1},
	}
}

// limited returns a greedy request for at most n tokens.
func (c *checker) limited(n int) *sampling.Request {
	req := c.request()
	req.Params.MaxTokens = n
	return req
}

// sampled returns a request for a sample at temperature 1.
func (c *checker) sampled(seed uint64) *sampling.Request {
	req := c.request()
	req.Params.Temperature = 1
	req.Params.Seed = seed
	return req
}

// A sample is the outcome of one call of Sample.
type sample struct {
	sampling.Completion // the chunks joined, with what the last one says
	chunks              []sampling.Chunk
	err                 error
	afterErr            int // calls of yield after one with an error
	afterLeft           int // calls of yield after it had returned false
	fault                   // of the call
}

// add takes in one more chunk.
func (s *sample) add(chunk sampling.Chunk) {
	s.chunks = append(s.chunks, chunk)
	s.Text += chunk.Text
	s.Tokens = append(s.Tokens, chunk.Tokens...)
	s.Reason, s.Stop = chunk.Reason, chunk.Stop
	if chunk.Usage != (sampling.Usage{}) {
		s.Usage = chunk.Usage
	}
}

// String describes the sample for a failure message.
func (s *sample) String() string {
	text := fmt.Sprintf("%d chunks, %.200q, %v", len(s.chunks), s.Text, s.Reason)
	if s.err != nil {
		text += fmt.Sprintf(", error %q", s.err)
	}
	return text
}

// try samples once. It calls each, if it is not nil, with the number of each chunk, and
// leaves the loop when each returns false. It does not use a range statement, which
// would panic if the backend calls yield again.
func (c *checker) try(ctx context.Context, req *sampling.Request, each func(i int) bool) *sample {
	s := new(sample)
	s.fault = c.call(ctx, "Sample", func(ctx context.Context) {
		left := false
		c.backend.Sample(ctx, req)(func(chunk sampling.Chunk, err error) bool {
			switch {
			case left:
				s.afterLeft++
				return false
			case s.err != nil:
				s.afterErr++
				return true
			case err != nil:
				s.err = err
				return true
			}
			s.add(chunk)
			left = each != nil && !each(len(s.chunks)-1)
			return !left
		})
	})
	return s
}

// run is try, and ends the check if the call has a fault.
func (c *checker) run(ctx context.Context, req *sampling.Request, each func(i int) bool) *sample {
	s := c.try(ctx, req, each)
	c.settle(s.fault)
	return s
}

// sample samples to the end.
func (c *checker) sample(req *sampling.Request) *sample {
	return c.run(context.Background(), req, nil)
}

// must samples to the end. An error breaks the rule.
func (c *checker) must(req *sampling.Request) *sample {
	s := c.sample(req)
	c.require(s.err == nil, "a request with %v gave %s", params(req.Params), s)
	return s
}

// leaveAt leaves the loop at a chunk.
func (c *checker) leaveAt(at int) *sample {
	return c.run(context.Background(), c.request(), func(i int) bool { return i < at })
}

// cancelAt has the context cancelled at a chunk, in the loop or beside it, and reads on.
func (c *checker) cancelAt(at int, beside bool) *sample {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	return c.run(ctx, c.request(), func(i int) bool {
		switch {
		case i == at && beside:
			go cancel()
		case i == at:
			cancel()
		}
		return true
	})
}

// gone returns a context that is cancelled.
func gone() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// ask makes one guarded call of an ability.
func ask[T any](c *checker, ctx context.Context, what string, f func(context.Context) (T, error)) (got T, err error) {
	c.settle(c.call(ctx, what, func(ctx context.Context) { got, err = f(ctx) }))
	return got, err
}

// need ends the check if a call failed. A backend may lack an ability.
func (c *checker) need(what string, err error) {
	if errors.Is(err, sampling.ErrUnsupported) {
		c.t.Skipf("%s: %v", what, err)
	}
	c.require(err == nil, "%s: %v", what, err)
}

// params are parameters of which failures show those that are not zero.
type params sampling.Params

func (p params) String() string {
	var fields []string
	for field, value := range reflect.ValueOf(p).Fields() {
		if !value.IsZero() {
			fields = append(fields, fmt.Sprintf("%s %v", field.Name, value))
		}
	}
	return strings.Join(fields, ", ")
}

// A fault is what is wrong with a call that panicked or did not return in time.
type fault struct {
	what string
	late bool // it returned when its context was cancelled
}

// settle ends the check if a call has a fault. A late one does not break a rule, unless
// it is the first, which every other rule needs.
func (c *checker) settle(f fault) {
	if f.late && c.rule.name != "answers" {
		c.undecided = true
		c.t.Skipf("not decided: %s; is the server busy?", f.what)
	}
	c.require(f.what == "", "%s", f.what)
}

// call calls f on its own goroutine. It cancels the context only if f does not return in
// time, since that would also clean up after a backend that leaks.
func (c *checker) call(ctx context.Context, what string, f func(ctx context.Context)) fault {
	limit := c.kit.Timeout
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(limit, cancel)
	done := make(chan string, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Sprintf("%s panicked: %v\n%s", what, p, debug.Stack())
			} else {
				close(done)
			}
		}()
		f(ctx)
	}()
	select {
	case panicked := <-done:
		if panicked == "" && !timer.Stop() {
			return fault{fmt.Sprintf("%s took longer than Kit.Timeout, %v, and returned when ctx was cancelled", what, limit), true}
		}
		return fault{what: panicked}
	case <-time.After(2 * limit):
		return fault{what: fmt.Sprintf("%s hung for %v, and for as long again after ctx was cancelled", what, limit)}
	}
}
