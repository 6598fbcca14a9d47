package samplingtest

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// A checker checks one rule on one backend.
type checker struct {
	kit      Kit
	rule     rule
	backend  sampling.Backend
	failures []*failure
	skip     string // why the rule was not checked or not decided

	undecided bool // a time limit ended the check
}

// over is the panic that ends a check early.
type over struct{}

// run checks one rule.
func (k Kit) run(r rule, backend sampling.Backend) (c *checker) {
	c = &checker{kit: k, rule: r, backend: backend}
	defer func() {
		if p := recover(); p != nil && p != (over{}) {
			panic(p)
		}
	}()
	if backend == nil {
		c.fatalf("newBackend returned nil")
	}
	r.check(c)
	return c
}

// failf records that the rule was broken.
func (c *checker) failf(format string, args ...any) {
	c.failures = append(c.failures, &failure{rule: c.rule.name, doc: c.rule.doc, got: fmt.Sprintf(format, args...)})
}

// fatalf is failf, and ends the check.
func (c *checker) fatalf(format string, args ...any) {
	c.failf(format, args...)
	panic(over{})
}

// leave ends the check because there is nothing to check.
func (c *checker) leave(format string, args ...any) {
	c.skip = fmt.Sprintf(format, args...)
	panic(over{})
}

// request returns a new greedy request, with the fields that Model fills in.
func (c *checker) request() *sampling.Request {
	return &sampling.Request{
		Prompt: c.kit.prompt(),
		Params: sampling.Params{MaxTokens: c.kit.maxTokens(), Seed: 1},
	}
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
	chunks    []sampling.Chunk
	err       error
	afterErr  int // calls of yield after one with an error
	afterLeft int // calls of yield after it had returned false
}

func (s *sample) text() string {
	var b strings.Builder
	for _, c := range s.chunks {
		b.WriteString(c.Text)
	}
	return b.String()
}

// last returns the last chunk, or an empty one.
func (s *sample) last() sampling.Chunk {
	if len(s.chunks) == 0 {
		return sampling.Chunk{}
	}
	return s.chunks[len(s.chunks)-1]
}

func (s *sample) tokens() (tokens []sampling.Token) {
	for _, c := range s.chunks {
		tokens = append(tokens, c.Tokens...)
	}
	return tokens
}

// usage returns the last usage that was reported.
func (s *sample) usage() (u sampling.Usage) {
	for _, c := range slices.Backward(s.chunks) {
		if c.Usage != (sampling.Usage{}) {
			return c.Usage
		}
	}
	return u
}

// String describes the sample for a failure message.
func (s *sample) String() string {
	text := fmt.Sprintf("%d chunks, %q, %v", len(s.chunks), shorten(s.text()), s.last().Reason)
	if s.err != nil {
		text += fmt.Sprintf(", error %q", s.err)
	}
	return text
}

// shorten keeps messages readable if a text is long.
func shorten(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	return text[:most] + fmt.Sprintf("… (%d bytes)", len(text))
}

// run samples once. It calls each, if it is not nil, with each chunk, and leaves the
// loop when each returns false. It does not use a range statement, which would panic
// if the backend calls yield again.
func (c *checker) run(ctx context.Context, req *sampling.Request, each func(i int, chunk sampling.Chunk) bool) *sample {
	// Cancelled only when the backend hangs, since cancelling would also clean up
	// after a backend that leaks.
	ctx, cancel := context.WithCancel(ctx)
	s := new(sample)
	c.guard("Sample", cancel, func() {
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
			s.chunks = append(s.chunks, chunk)
			left = each != nil && !each(len(s.chunks)-1, chunk)
			return !left
		})
	})
	return s
}

// must samples to the end. An error breaks the rule.
func (c *checker) must(req *sampling.Request) *sample {
	s := c.run(context.Background(), req, nil)
	if s.err != nil {
		c.fatalf("a request with %s gave %s", describe(req.Params), s)
	}
	return s
}

// describe lists the parameters that are not zero.
func describe(p sampling.Params) string {
	var fields []string
	for field, value := range reflect.ValueOf(p).Fields() {
		if !value.IsZero() {
			fields = append(fields, fmt.Sprintf("%s %v", field.Name, value))
		}
	}
	return strings.Join(fields, ", ")
}

// guard calls f on its own goroutine, and ends the check if f panics or does not
// return in time.
func (c *checker) guard(what string, cancel context.CancelFunc, f func()) {
	done := make(chan string, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Sprintf("%s panicked: %v\n%s", what, p, debug.Stack())
			} else {
				close(done)
			}
		}()
		f()
	}()
	timer := time.NewTimer(c.kit.timeout())
	defer timer.Stop()
	select {
	case panicked := <-done:
		if panicked != "" {
			c.fatalf("%s", panicked)
		}
		return
	case <-timer.C:
	}
	cancel()
	timer.Reset(c.kit.timeout())
	select {
	case <-done:
		if c.rule.name == "answers" { // every other rule needs it
			c.fatalf("%s took longer than %v, and returned when ctx was cancelled", what, c.kit.timeout())
		}
		c.undecided = true
		c.leave("not decided: %s took longer than Kit.Timeout, %v; is the server busy?", what, c.kit.timeout())
	case <-timer.C:
		c.fatalf("%s hung for %v, and for as long again after ctx was cancelled", what, c.kit.timeout())
	}
}
