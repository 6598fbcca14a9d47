package samplingtest

import (
	"context"
	"errors"

	"github.com/foreword-go/foreword/sampling"
)

// The rule about constraints, which is kept by a backend and Model together.

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

// constrained makes one request in all ways that there are.
func (c *checker) constrained(req *sampling.Request) {
	m := sampling.Model{Backend: c.backend}
	pattern := req.Constraint.Pattern()
	check := func(how string, got result) {
		switch {
		case errors.Is(got.err, sampling.ErrUnsupported):
			if err := (sampling.Forward{Backend: c.backend}).Constrains(req.Constraint); err == nil {
				c.fatalf("Constrains says that %s is enforced, and %s gave %v", pattern, how, got.err)
			}
			c.leave("the backend does not constrain: %v", got.err)
		case errors.Is(got.err, sampling.ErrConstraint):
			c.fatalf("%s ignores the constraint %s with the stops %q: %v", how, pattern, req.Stop, got.err)
		case got.err != nil:
			c.fatalf("%s with the constraint %s: %v", how, pattern, got.err)
		case got.Reason == sampling.TokenLimit && len(req.Stop) > 0:
			c.fatalf("%s with the constraint %s and the stops %q did not end: %q", how, pattern, req.Stop, got.Text)
		}
	}
	check("Complete", c.call("Model.Complete", func(ctx context.Context) (*sampling.Completion, error) { return m.Complete(ctx, req) }))
	check("Stream", c.call("Model.Stream", func(ctx context.Context) (*sampling.Completion, error) {
		var whole sampling.Completion
		for chunk, err := range m.Stream(ctx, req) {
			if err != nil {
				return &whole, err
			}
			whole.Text += chunk.Text
			whole.Reason = chunk.Reason
		}
		return &whole, nil
	}))
	check("Draw", c.call("Model.Draw", func(ctx context.Context) (*sampling.Completion, error) {
		all, err := m.Draw(ctx, req, 2)
		if err != nil {
			return nil, err
		}
		return all[len(all)-1], nil
	}))
}
