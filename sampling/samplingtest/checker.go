package samplingtest

import (
	"context"
	"fmt"
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
	skip     string // why there was nothing to check, or nothing was decided

	undecided bool // a time limit ended the check
}

// over is what a check panics with to leave off.
type over struct{}

// run checks one rule. A backend that panics has broken the rule that was being
// checked.
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

// fatalf is failf for when nothing further can be learnt.
func (c *checker) fatalf(format string, args ...any) {
	c.failf(format, args...)
	panic(over{})
}

// leave ends the check because there is nothing to check.
func (c *checker) leave(format string, args ...any) {
	c.skip = fmt.Sprintf(format, args...)
	panic(over{})
}

// request returns a fresh greedy request, with the fields filled in that Model
// fills in.
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

// A sample is what came of one call of Sample.
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

// shorten keeps messages readable when a backend says a great deal.
func shorten(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	return text[:most] + fmt.Sprintf("… (%d bytes)", len(text))
}

// run samples once. It calls each, if it is not nil, with each chunk and leaves
// the loop when it returns false. It calls yield itself where a range statement
// would do, so that a backend that goes on after it should not have is found
// out and does not panic.
func (c *checker) run(ctx context.Context, req *sampling.Request, each func(i int, chunk sampling.Chunk) bool) *sample {
	// Cancelled only when the backend hangs: to cancel after every sample would
	// tidy up what the backend left lying about.
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

// must samples to the end and takes an error for a failure of the rule.
func (c *checker) must(req *sampling.Request) *sample {
	s := c.run(context.Background(), req, nil)
	if s.err != nil {
		c.fatalf("a request with %s gave %s", describe(req.Params), s)
	}
	return s
}

// describe gives the parameters that are not zero.
func describe(p sampling.Params) string {
	text := fmt.Sprintf("MaxTokens %d, Temperature %v, Seed %d", p.MaxTokens, p.Temperature, p.Seed)
	for _, f := range []struct {
		name  string
		value any
		zero  bool
	}{
		{"TopP", p.TopP, p.TopP == 0},
		{"TopK", p.TopK, p.TopK == 0},
		{"MinP", p.MinP, p.MinP == 0},
		{"FrequencyPenalty", p.FrequencyPenalty, p.FrequencyPenalty == 0},
		{"PresencePenalty", p.PresencePenalty, p.PresencePenalty == 0},
		{"RepetitionPenalty", p.RepetitionPenalty, p.RepetitionPenalty == 0},
		{"Logprobs", p.Logprobs, !p.Logprobs},
		{"TopLogprobs", p.TopLogprobs, p.TopLogprobs == 0},
		{"Extra", p.Extra, len(p.Extra) == 0},
	} {
		if !f.zero {
			text += fmt.Sprintf(", %s %v", f.name, f.value)
		}
	}
	return text
}

// guard calls f on a goroutine of its own and leaves the check when f does not
// return or panics. A backend that hangs would otherwise hang the test.
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
		if c.rule.name == "answers" { // without it nothing is known
			c.fatalf("%s took longer than %v, and returned when ctx was cancelled", what, c.kit.timeout())
		}
		c.undecided = true
		c.leave("not decided: %s took longer than Kit.Timeout, %v; is the server busy?", what, c.kit.timeout())
	case <-timer.C:
		c.fatalf("%s hung for %v, and for as long again after ctx was cancelled", what, c.kit.timeout())
	}
}
