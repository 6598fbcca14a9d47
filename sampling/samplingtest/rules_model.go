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
		want, found := sampling.Cut(greedy.Text, stop)
		req := c.request()
		req.Stop = stop
		for _, way := range c.ways()[:2] { // Draw is slow
			got, err := c.complete(way, req)
			if err != nil {
				c.fatalf("%s with the stops %q: %v", way.name, stop, err)
			}
			c.stopped(way.name, stop, want, found, got)
		}
	}
}

// stopLists returns stop sequences from the greedy text: within a chunk, across
// chunks, after stops that never occur, and from the prompt, where they must not count.
func (c *checker) stopLists(greedy *sample) (lists [][]string) {
	text := greedy.Text
	var borders []int
	at := 0
	for _, chunk := range greedy.chunks {
		at += len(chunk.Text)
		borders = append(borders, at)
	}
	borders = append(borders, len(text)/4, len(text)/2)
	for _, place := range places(len(borders)) {
		if stop := around(text, borders[place]); stop != "" {
			lists = append(lists, []string{stop})
		}
	}
	if mid := around(text, len(text)/2); mid != "" {
		many := []string{"@@ never 1 @@", "@@ never 2 @@", "@@ never 3 @@", "@@ never 4 @@", "@@ never 5 @@"}
		lists = append(lists, append(many, mid))
	}
	if words := strings.Fields(c.kit.prompt()); len(words) > 0 {
		if last := words[len(words)-1]; !strings.Contains(text, last) {
			lists = append(lists, []string{last})
		}
	}
	return lists
}

// around returns up to two runes before and two after a place in the text.
func around(text string, at int) string {
	for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	from, to := at, at
	for range 2 {
		_, n := utf8.DecodeLastRuneInString(text[:from])
		from -= n
		_, n = utf8.DecodeRuneInString(text[to:])
		to += n
	}
	return text[from:to]
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
func (c *checker) stopped(how string, stop []string, want, found string, got *sampling.Completion) {
	switch {
	case got.Text != want:
		c.fatalf("%s with the stops %q gave %q; the whole text cut there is %q", how, stop, shorten(got.Text), shorten(want))
	case found == "" && got.Reason == sampling.StopSequence:
		c.fatalf("%s with the stops %q, which do not come, ended with the reason %q, stop %q", how, stop, got.Reason, got.Stop)
	case found == "":
	case got.Reason != sampling.StopSequence && got.Reason != sampling.EndOfText:
		// A server may say "stop" for both, and is read as EndOfText.
		c.fatalf("%s with the stops %q ended with the reason %q", how, stop, got.Reason)
	case got.Stop != "" && got.Stop != found:
		c.fatalf("%s with the stops %q names the stop %q; it is %q", how, stop, got.Stop, found)
	}
}

func (c *checker) constrainer() {
	digits, err := sampling.Matching(` ?[0-9]{2,4}`)
	if err != nil {
		c.fatalf("%v", err)
	}
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
		switch {
		case errors.Is(err, sampling.ErrUnsupported):
			if c.backend.Constrains(req.Constraint) == nil {
				c.fatalf("Constrains says that %s is enforced, and %s gave %v", pattern, way.name, err)
			}
			c.leave("the backend does not constrain: %v", err)
		case errors.Is(err, sampling.ErrConstraint):
			c.fatalf("%s ignores the constraint %s with the stops %q: %v", way.name, pattern, req.Stop, err)
		case err != nil:
			c.fatalf("%s with the constraint %s: %v", way.name, pattern, err)
		case got.Reason == sampling.TokenLimit && len(req.Stop) > 0:
			c.fatalf("%s with the constraint %s and the stops %q did not end: %q", way.name, pattern, req.Stop, got.Text)
		}
	}
}
