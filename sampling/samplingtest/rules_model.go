package samplingtest

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// The rules about stop sequences and constraints, which a backend and Model keep together.

func (c *checker) stops() {
	greedy := c.must(c.request())
	for _, stop := range c.stopLists(greedy) {
		req := c.request()
		req.Stop = stop
		for _, way := range c.ways()[:2] { // Draw is slow
			got, err := c.complete(way, req)
			c.require(err == nil, "%s with the stops %q: %v", way.name, stop, err)
			c.stopped(way.name, stop, greedy.Text, got)
		}
	}
}

// stopLists returns stop sequences from the greedy text: within a chunk, across
// chunks, after stops that never occur, and from the prompt, where they must not count.
func (c *checker) stopLists(greedy *sample) (lists [][]string) {
	text := []rune(greedy.Text)
	around := func(at int) string { return string(text[max(at-2, 0):min(at+2, len(text))]) }
	var borders []int
	at := 0
	for _, chunk := range greedy.chunks {
		at += utf8.RuneCountInString(chunk.Text)
		borders = append(borders, at)
	}
	borders = append(borders, len(text)/4, len(text)/2)
	for _, place := range places(len(borders), some) {
		lists = append(lists, []string{around(borders[place])})
	}
	lists = append(lists, []string{"@@ never 1 @@", "@@ never 2 @@", "@@ never 3 @@", "@@ never 4 @@", "@@ never 5 @@", around(len(text) / 2)})
	if words := strings.Fields(c.kit.Prompt); len(words) > 0 {
		if last := words[len(words)-1]; !strings.Contains(greedy.Text, last) {
			lists = append(lists, []string{last})
		}
	}
	return lists
}

// A way is a method of Model that completes a request.
type way struct {
	name string
	call func(context.Context, *sampling.Request) (*sampling.Completion, error)
}

// ways are Complete, Stream and Draw.
func (c *checker) ways() []way {
	m := sampling.Model{Backend: c.backend.Backend}
	return []way{
		{"Complete", m.Complete},
		{"Stream", func(ctx context.Context, req *sampling.Request) (*sampling.Completion, error) {
			var s sample
			for chunk, err := range m.Stream(ctx, req) {
				if err != nil {
					return &s.Completion, err
				}
				s.add(chunk)
			}
			return &s.Completion, nil
		}},
		{"Draw", func(ctx context.Context, req *sampling.Request) (*sampling.Completion, error) {
			all, err := m.Draw(ctx, req, 2)
			if err != nil {
				return nil, err
			}
			return all[len(all)-1], nil
		}},
	}
}

// complete makes one guarded request.
func (c *checker) complete(w way, req *sampling.Request) (*sampling.Completion, error) {
	return ask(c, context.Background(), "Model."+w.name, func(ctx context.Context) (*sampling.Completion, error) { return w.call(ctx, req) })
}

// stopped checks a completion against the greedy text as Cut cuts it.
func (c *checker) stopped(how string, stop []string, greedy string, got *sampling.Completion) {
	want, found := sampling.Cut(greedy, stop)
	c.require(got.Text == want, "%s with the stops %q gave %.200q; the whole text cut there is %.200q", how, stop, got.Text, want)
	if found == "" {
		c.require(got.Reason != sampling.StopSequence, "%s with the stops %q, which do not come, ended with the reason %q, stop %q", how, stop, got.Reason, got.Stop)
		return
	}
	// A server may say "stop" for both, and is read as EndOfText.
	c.require(got.Reason == sampling.StopSequence || got.Reason == sampling.EndOfText, "%s with the stops %q ended with the reason %q", how, stop, got.Reason)
	c.require(got.Stop == "" || got.Stop == found, "%s with the stops %q names the stop %q; it is %q", how, stop, got.Stop, found)
}

func (c *checker) constrainer() {
	digits, err := sampling.Matching(` ?[0-9]{2,4}`)
	c.require(err == nil, "%v", err)
	for _, constraint := range []sampling.Constraint{
		sampling.OneOf(" 1234", " 5é7 and 나비", "{}"), digits, digits.Wrap("[\"", "\"]"),
	} {
		for _, stop := range [][]string{nil, {"\n"}, {"###", "\n"}} {
			for _, req := range []*sampling.Request{c.request(), c.sampled(1), c.sampled(2)} {
				req.Constraint, req.Stop = constraint, stop
				c.constrained(req)
			}
		}
	}
}

// constrained makes one request in each way.
func (c *checker) constrained(req *sampling.Request) {
	pattern := req.Constraint.Pattern()
	for _, way := range c.ways() {
		got, err := c.complete(way, req)
		if errors.Is(err, sampling.ErrUnsupported) {
			c.require(c.backend.Constrains(req.Constraint) != nil, "Constrains says that %s is enforced, and %s gave %v", pattern, way.name, err)
			c.leave("the backend does not constrain: %v", err)
		}
		c.require(err == nil, "%s with the constraint %s and the stops %q: %v", way.name, pattern, req.Stop, err)
		c.require(got.Reason != sampling.TokenLimit || len(req.Stop) == 0, "%s with the constraint %s and the stops %q did not end: %q", way.name, pattern, req.Stop, got.Text)
	}
}
