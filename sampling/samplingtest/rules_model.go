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
		c.stopped("Complete", stop, greedy.Text, c.model().Complete)
		c.stopped("Stream", stop, greedy.Text, c.streamed)
	}
}

// streamed joins the chunks of Model.Stream.
func (c *checker) streamed(ctx context.Context, req *sampling.Request) (*sampling.Completion, error) {
	s := new(sample)
	for chunk, err := range c.model().Stream(ctx, req) {
		if err != nil {
			return nil, err
		}
		s.add(chunk)
	}
	return &s.Completion, nil
}

// model is the Model of the backend.
func (c *checker) model() sampling.Model { return sampling.Model{Backend: c.backend.Backend} }

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

// stopped makes one greedy request, and checks the completion against the text without
// stops as Cut cuts it.
func (c *checker) stopped(how string, stop []string, greedy string, call func(context.Context, *sampling.Request) (*sampling.Completion, error)) {
	req := c.request()
	req.Stop = stop
	got, err := ask(c, context.Background(), how, func(ctx context.Context) (*sampling.Completion, error) { return call(ctx, req) })
	c.require(err == nil, "%s with the stops %q: %v", how, stop, err)
	want, found := sampling.Cut(greedy, stop)
	c.require(got.Text == want, "%s with the stops %q gave the text %.200q; the whole text cut there is %.200q", how, stop, got.Text, want)
	if found == "" {
		c.require(got.Reason != sampling.StopSequence, "%s with the stops %q, which do not come, gave the reason %q, stop %q", how, stop, got.Reason, got.Stop)
		return
	}
	// A server may say "stop" for both, and is read as EndOfText.
	c.require(got.Reason == sampling.StopSequence || got.Reason == sampling.EndOfText, "%s with the stops %q gave the reason %q", how, stop, got.Reason)
	c.require(got.Stop == "" || got.Stop == found, "%s with the stops %q named the stop %q; it is %q", how, stop, got.Stop, found)
}

func (c *checker) constrainer() {
	digits, _ := sampling.Matching(` ?[0-9]{2,4}`) // the pattern is valid
	for _, constraint := range []sampling.Constraint{
		sampling.OneOf(" 1234", " 5é7 and 나비", "{}"), digits, digits.Wrap("[\"", "\"]"),
	} {
		for _, stop := range [][]string{nil, {"\n"}, {"###", "\n"}} {
			for _, req := range []*sampling.Request{c.request(), c.sampled(1), c.sampled(2)} {
				req.Constraint, req.Stop = constraint, stop
				c.constrained("Complete", req, func(ctx context.Context) ([]*sampling.Completion, error) {
					one, err := c.model().Complete(ctx, req)
					return []*sampling.Completion{one}, err
				})
				c.constrained("Draw", req, func(ctx context.Context) ([]*sampling.Completion, error) { return c.model().Draw(ctx, req, 2) })
			}
		}
	}
}

// constrained makes one request. Model verifies the texts.
func (c *checker) constrained(how string, req *sampling.Request, call func(context.Context) ([]*sampling.Completion, error)) {
	pattern := req.Constraint.Pattern()
	all, err := ask(c, context.Background(), how, call)
	if errors.Is(err, sampling.ErrUnsupported) {
		c.require(c.backend.Constrains(req.Constraint) != nil, "Constrains says that %s is enforced, and %s gave %v", pattern, how, err)
		c.t.Skipf("the backend does not constrain: %v", err)
	}
	c.require(err == nil, "%s with the constraint %s and the stops %q: %v", how, pattern, req.Stop, err)
	for _, one := range all {
		c.require(one.Reason != sampling.TokenLimit || len(req.Stop) == 0, "%s with the constraint %s and the stops %q did not end: %q", how, pattern, req.Stop, one.Text)
	}
}
