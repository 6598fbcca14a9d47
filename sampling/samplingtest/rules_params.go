package samplingtest

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// The rules about what the parameters do.

func (c *checker) greedy() {
	first := c.must(c.request())
	c.run(context.Background(), c.sampled(5), func(int) bool { return false })
	c.must(c.sampled(6))
	for seed := range uint64(2) {
		req := c.request()
		req.Params.Seed = seed + 7 // it does not matter to greedy decoding
		again := c.must(req)
		c.require(again.Text == first.Text, "the same greedy request gave %.200q, and after other samples %.200q", first.Text, again.Text)
	}
}

func (c *checker) seeds() {
	distinct := make(map[string]bool)
	for seed := range uint64(16) {
		text := c.must(c.sampled(seed + 1)).Text
		distinct[text] = true
		if seed%4 == 0 {
			again := c.must(c.sampled(seed + 1)).Text
			c.require(again == text, "seed %d gave %.200q at temperature 1, and then %.200q", seed+1, text, again)
		}
	}
	c.expect(len(distinct) > 1, "16 seeds gave the same text at temperature 1")
}

// wordsInToken is more words than one token has in any vocabulary. It finds a backend
// that does not stop and reports no token count.
const wordsInToken = 8

func (c *checker) maxTokens() {
	long := c.must(c.request())
	n := c.kit.MaxTokens
	c.within(long.Completion, n)
	for _, limit := range []int{1, 2, n / 2} {
		if limit < 1 || limit >= n {
			continue
		}
		s := c.must(c.limited(limit))
		c.within(s.Completion, limit)
		// A limit may cut a rune, which then is a replacement character.
		text := strings.TrimRight(s.Text, "\uFFFD")
		c.require(strings.HasPrefix(long.Text, text), "with MaxTokens %d the greedy text is %.200q, and with %d it does not begin so: %.200q", limit, s.Text, n, long.Text)
		c.require(len(text) == len(long.Text) || s.Reason == sampling.TokenLimit, "with MaxTokens %d the text was cut to %.200q, and the reason is %q instead of %q", limit, text, s.Reason, sampling.TokenLimit)
	}
}

// within fails if a completion runs past its limit.
func (c *checker) within(got sampling.Completion, limit int) {
	words := len(strings.Fields(got.Text))
	c.require(got.Usage.CompletionTokens <= limit, "with MaxTokens %d the usage is %+v", limit, got.Usage)
	c.require(len(got.Tokens) <= limit && words <= limit*wordsInToken, "with MaxTokens %d there were %d tokens and %d words: %.200q", limit, len(got.Tokens), words, got.Text)
}

func (c *checker) topK() { c.likeliest(func(p *sampling.Params) { p.TopK = 1 }) }
func (c *checker) topP() { c.likeliest(func(p *sampling.Params) { p.TopP = 1e-6 }) }
func (c *checker) minP() { c.likeliest(func(p *sampling.Params) { p.MinP = 1 }) }

// likeliest checks a parameter that leaves only the most likely token at temperature
// 1. The text must then be the greedy one, even if it differs without the parameter.
func (c *checker) likeliest(set func(*sampling.Params)) {
	greedy := c.must(c.request()).Text
	told := false
	for seed := range uint64(8) {
		req := c.sampled(seed + 1)
		if c.must(req).Text == greedy {
			continue
		}
		told = true
		set(&req.Params)
		s := c.sample(req)
		if c.refused(s) {
			return
		}
		c.require(s.Text == greedy, "with %v the text is %.200q, and the greedy one is %.200q", params(req.Params), s.Text, greedy)
	}
	if !told {
		c.t.Skipf("every sample at temperature 1 is the greedy one, so the parameter shows no effect")
	}
}

// refused reports whether a sample is an error. Any error is allowed for an unusual
// parameter, but not to ignore it.
func (c *checker) refused(s *sample) bool {
	c.require(s.err == nil || s.Text == "", "text came before the error: %s", s)
	return s.err != nil
}

// penalties needs a text that repeats itself, and requests a longer one if necessary.
func (c *checker) penalties() {
	req := c.request()
	greedy := c.must(req).Text
	for tries := 0; !repeatsWord(greedy); tries++ {
		if tries == 3 {
			c.t.Skipf("the greedy text repeats no word, so a penalty shows no effect: %.200q", greedy)
		}
		req.Params.MaxTokens *= 2
		greedy = c.must(req).Text
	}
	for _, set := range []func(*sampling.Params){
		func(p *sampling.Params) { p.FrequencyPenalty = 1e6 },
		func(p *sampling.Params) { p.PresencePenalty = 1e6 },
		func(p *sampling.Params) { p.RepetitionPenalty = 1e6 },
	} {
		one := *req
		set(&one.Params)
		s := c.sample(&one)
		c.expect(c.refused(s) || s.Text != greedy, "with %v the text still is %.200q", params(one.Params), greedy)
	}
}

func repeatsWord(text string) bool {
	words := strings.Fields(text)
	all := len(words)
	slices.Sort(words)
	return len(slices.Compact(words)) < all
}

func (c *checker) logprobs() {
	const alternatives = 2
	for _, req := range []*sampling.Request{c.request(), c.sampled(4)} {
		req.Params.Logprobs, req.Params.TopLogprobs = true, alternatives
		s := c.sample(req)
		if c.refused(s) {
			c.t.Skipf("the backend has no log probabilities: %v", s.err)
		}
		c.require(len(s.Tokens) > 0, "Logprobs was dropped in silence: no chunk of %d has a token", len(s.chunks))
		joined := ""
		for i, token := range s.Tokens {
			joined += token.Text
			c.token(i, token, alternatives)
			if req.Params.Temperature == 0 && len(token.Top) > 0 {
				best := token.Top[0]
				c.require(token.Logprob >= best.Logprob-tolerance, "token %d, %q, was drawn greedily with %v, and %q is more likely with %v", i, token.Text, token.Logprob, best.Text, best.Logprob)
			}
		}
		c.require(joined == s.Text || !isASCII(joined+s.Text), "the tokens make %.200q and the text is %.200q", joined, s.Text)
	}
}

// token checks one token with its alternatives.
func (c *checker) token(i int, token sampling.Token, most int) {
	c.require(isLogprob(token.Logprob), "token %d, %q, has the log probability %v", i, token.Text, token.Logprob)
	c.require(len(token.Top) <= most, "token %d, %q, has %d alternatives where %d were asked for", i, token.Text, len(token.Top), most)
	for j, a := range token.Top {
		c.require(isLogprob(a.Logprob), "an alternative to token %d, %q, has the log probability %v", i, a.Text, a.Logprob)
		c.require(j == 0 || a.Logprob <= token.Top[j-1].Logprob, "the alternatives to token %d are not the best first: %v", i, token.Top)
	}
}

// tolerance is the largest difference between two log probabilities of the same
// token. Servers that batch requests round differently from call to call.
const tolerance = 0.02

// isLogprob reports whether x is the logarithm of a probability, give or take rounding.
func isLogprob(x float64) bool { return x <= 1e-4 && !math.IsInf(x, 0) }

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}

func (c *checker) refusals() {
	alone := func(what string, s *sample) {
		c.expect(!c.refused(s) || s.afterErr == 0, "with %s the error was not the last thing: yield was called %d more times after %v", what, s.afterErr, s.err)
	}
	for _, p := range c.kit.Unsupported {
		req := c.request()
		p.MaxTokens, p.Seed = req.Params.MaxTokens, 1
		req.Params = p
		s := c.sample(req)
		alone(params(p).String(), s)
		c.expect(errors.Is(s.err, sampling.ErrUnsupported), "with %v there was no error wrapping ErrUnsupported, but %s", params(p), s)
	}
	// The backend may send or refuse an unknown field, but must refuse before any text.
	// It must refuse a value that cannot be sent, which only an ignored Extra passes.
	req := c.request()
	req.Params.Extra = map[string]any{"samplingtest_no_such_field": true}
	alone("an unknown field in Extra", c.sample(req))
	req.Params.Extra = map[string]any{"samplingtest_no_such_field": make(chan int)}
	odd := c.sample(req)
	c.expect(odd.err != nil, "with a field in Extra that cannot be sent there was no error but %s; a backend without such fields refuses a Params.Extra that is not empty", odd)
	alone("a cancelled context", c.run(gone(), c.request(), nil))
}
