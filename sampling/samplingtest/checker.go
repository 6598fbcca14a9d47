package samplingtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// A checker checks one rule on one backend.
type checker struct {
	kit     Kit
	rule    rule
	backend sampling.Forward
	result
}

// A result is what came of a check.
type result struct {
	failures  []*failure
	skip      string // why the rule was not checked or not decided
	undecided bool   // a time limit ended the check
}

func (r result) broken() bool { return len(r.failures) > 0 || r.undecided }

// over is the panic that ends a check early.
type over struct{}

// run checks one rule.
func (k Kit) run(r rule, backend sampling.Backend) (c *checker) {
	k.Prompt = cmp.Or(k.Prompt, "Once upon a time")
	k.MaxTokens = cmp.Or(k.MaxTokens, 32)
	k.Timeout = cmp.Or(k.Timeout, 30*time.Second)
	c = &checker{kit: k, rule: r, backend: sampling.Forward{Backend: backend}}
	defer func() {
		if p := recover(); p != nil && p != (over{}) {
			panic(p)
		}
	}()
	c.require(backend != nil, "newBackend returned nil")
	r.check(c)
	return c
}

// expect records that the rule was broken, unless ok.
func (c *checker) expect(ok bool, format string, args ...any) {
	if !ok {
		c.failures = append(c.failures, &failure{c.rule, fmt.Sprintf(format, args...)})
	}
}

// require is expect, and ends the check.
func (c *checker) require(ok bool, format string, args ...any) {
	c.expect(ok, format, args...)
	if !ok {
		panic(over{})
	}
}

// leave ends the check because there is nothing to check.
func (c *checker) leave(format string, args ...any) {
	c.skip = fmt.Sprintf(format, args...)
	panic(over{})
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

// run samples once. It calls each, if it is not nil, with the number of each chunk, and
// leaves the loop when each returns false. It does not use a range statement, which
// would panic if the backend calls yield again.
func (c *checker) run(ctx context.Context, req *sampling.Request, each func(i int) bool) *sample {
	s := new(sample)
	c.guard(ctx, "Sample", func(ctx context.Context) {
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

// cancelAt has the context cancelled at a chunk, and reads on.
func (c *checker) cancelAt(at int, how func(cancel func())) *sample {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	return c.run(ctx, c.request(), func(i int) bool {
		if i == at {
			how(cancel)
		}
		return true
	})
}

// inLoop and beside are ways to cancel.
func inLoop(cancel func()) { cancel() }
func beside(cancel func()) { go cancel() }

// gone returns a context that is cancelled.
func gone() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// ask makes one guarded call of an ability.
func ask[T any](c *checker, ctx context.Context, what string, f func(context.Context) (T, error)) (got T, err error) {
	c.guard(ctx, what, func(ctx context.Context) { got, err = f(ctx) })
	return got, err
}

// need ends the check if a call failed. A backend may lack an ability.
func (c *checker) need(what string, err error) {
	if errors.Is(err, sampling.ErrUnsupported) {
		c.leave("%s: %v", what, err)
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

// guard calls f on its own goroutine, and ends the check if f panics or does not
// return in time. Only then does it cancel the context, since that would also clean up
// after a backend that leaks.
func (c *checker) guard(ctx context.Context, what string, f func(ctx context.Context)) {
	limit := c.kit.Timeout
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(limit, cancel)
	done := make(chan string, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Sprintf("%v\n%s", p, debug.Stack())
			} else {
				close(done)
			}
		}()
		f(ctx)
	}()
	select {
	case panicked := <-done:
		c.require(panicked == "", "%s panicked: %s", what, panicked)
		if timer.Stop() {
			return
		}
		// Every other rule needs it.
		c.require(c.rule.name != "answers", "%s took longer than %v, and returned when ctx was cancelled", what, limit)
		c.undecided = true
		c.leave("not decided: %s took longer than Kit.Timeout, %v; is the server busy?", what, limit)
	case <-time.After(2 * limit):
		c.require(false, "%s hung for %v, and for as long again after ctx was cancelled", what, limit)
	}
}
