package samplingtest

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// The rules about the chunks.

func (c *checker) answers() {
	s := c.must(c.request())
	c.expect(s.Text != "", "the greedy continuation of %q is empty; let Kit.Prompt be one that the model goes on from", c.kit.Prompt)
}

func (c *checker) reasons() {
	for _, req := range []*sampling.Request{c.request(), c.sampled(1), c.limited(1)} {
		s, with := c.must(req), params(req.Params)
		n := len(s.chunks)
		c.require(n > 0, "with %v there was no chunk at all", with)
		for i, chunk := range s.chunks[:n-1] {
			c.require(chunk.Reason == sampling.Unfinished, "with %v chunk %d of %d has the reason %q; only the last may have one", with, i+1, n, chunk.Reason)
			c.require(chunk.Stop == "", "with %v chunk %d of %d names the stop sequence %q; only the last may", with, i+1, n, chunk.Stop)
		}
		c.require(s.Reason != sampling.Unfinished, "with %v the last of %d chunks has no reason", with, n)
		c.require(s.Reason >= 0 && s.Reason <= sampling.Filtered, "the last chunk has the reason %d, which package sampling does not have", int(s.Reason))
		c.require(s.Reason != sampling.StopSequence && s.Stop == "", "the last chunk has the reason %q and the stop sequence %q, and the request had none", s.Reason, s.Stop)
	}
}

// noEcho samples twice, since a model may repeat a prompt once by chance.
func (c *checker) noEcho() {
	first := c.must(c.request())
	again := c.request()
	again.Prompt += first.Text
	second := c.must(again)
	c.expect(!echoes(first.Text, c.kit.Prompt) || !echoes(second.Text, again.Prompt), "the continuation of %q begins with it: %.200q", c.kit.Prompt, first.Text)
}

func echoes(text, prompt string) bool {
	return strings.HasPrefix(strings.TrimSpace(text), strings.TrimSpace(prompt))
}

func (c *checker) wholeRunes() {
	requests := []*sampling.Request{c.request()}
	for seed := range uint64(4) {
		hot := c.sampled(seed + 1)
		hot.Params.Temperature = 1.5 // unlikely tokens have parts of runes
		requests = append(requests, hot)
	}
	for _, prompt := range []string{"Les élèves ont vu la forêt où naît le", "butterfly: 나비\nowl:", "🦉🦋🐝"} {
		other := c.request()
		other.Prompt = prompt
		requests = append(requests, other)
	}
	for _, req := range requests {
		s := c.sample(req) // an error is allowed, since a vocabulary may lack these letters
		for i, chunk := range s.chunks {
			c.require(utf8.ValidString(chunk.Text), "after the prompt %q, with %v, the text of chunk %d of %d is %q", req.Prompt, params(req.Params), i+1, len(s.chunks), chunk.Text)
		}
	}
}

func (c *checker) usage() {
	for _, req := range []*sampling.Request{c.request(), c.limited(1), c.sampled(2)} {
		s := c.must(req)
		var before sampling.Usage
		for i, chunk := range s.chunks {
			u := chunk.Usage
			if u == (sampling.Usage{}) {
				continue
			}
			c.require(min(u.PromptTokens, u.CompletionTokens, u.CachedTokens) >= 0, "chunk %d has a negative number: %+v", i+1, u)
			c.require(u.CachedTokens <= u.PromptTokens, "chunk %d has more cached tokens than prompt tokens: %+v", i+1, u)
			c.require(u.PromptTokens >= before.PromptTokens && u.CompletionTokens >= before.CompletionTokens, "the cost so far shrank from %+v to %+v in chunk %d", before, u, i+1)
			c.require(u.PromptTokens <= len(req.Prompt)+8, "the prompt of %d bytes is reported with %d tokens", len(req.Prompt), u.PromptTokens)
			before = u
		}
		c.expect(before.CompletionTokens == 0 || len(s.Tokens) <= before.CompletionTokens, "%d tokens were received and %d are charged", len(s.Tokens), before.CompletionTokens)
	}
}

func (c *checker) emptyPrompt() {
	s := c.sample(&sampling.Request{Params: sampling.Params{MaxTokens: 4, Seed: 1}})
	c.expect(s.err == nil || s.Text == "", "text and then an error: %s", s)
	c.expect(s.err != nil || s.Reason != sampling.Unfinished, "neither a reason nor an error: %s", s)
}

// intact gives the slice of stops spare capacity, which a careless append would
// overwrite.
func (c *checker) intact() {
	build := func() *sampling.Request {
		req := c.sampled(3)
		req.Stop = append(make([]string, 0, 8), "@@ no such text 1 @@", "@@ no such text 2 @@")
		req.Params.Extra = map[string]any{}
		return req
	}
	req, want := build(), build()
	if s := c.sample(req); s.err != nil { // some backends refuse stops
		req, want = c.sampled(3), c.sampled(3)
		c.must(req)
	}
	req.Stop, want.Stop = req.Stop[:cap(req.Stop)], want.Stop[:cap(want.Stop)]
	c.expect(reflect.DeepEqual(req, want), "a sample changed the request, with the spare capacity of its stops, from %+v to %+v", *want, *req)
}
