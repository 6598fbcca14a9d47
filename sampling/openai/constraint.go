package openai

import (
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// A grammar says under which fields a server takes a Request.Constraint. The
// first that is named and fits wins, in the order here. A dot in a name leads
// into an object, as in structured_outputs.regex. The zero grammar is a server
// that cannot constrain.
type grammar struct {
	choice string // a list of texts
	regex  string // a regular expression that matches the whole text
	gbnf   string // a grammar of llama.cpp

	// masked says that log probabilities come after the constraint has ruled
	// tokens out. They say nothing about the model then, so that asking for both
	// is an error wrapping sampling.ErrUnsupported.
	masked bool
}

// Constrains implements [sampling.Constrainer] by the dialect.
func (b *Backend) Constrains(c sampling.Constraint) error {
	_, _, err := b.dialect.constraint(c, nil)
	return err
}

// constraint returns the field and the value that ask for c. The server ends the
// text where the grammar ends, so the first stop sequence is a part of it.
func (d *Dialect) constraint(c sampling.Constraint, stop []string) (field string, value any, err error) {
	if c.IsZero() {
		return "", nil, nil
	}
	if len(stop) > 0 {
		c = c.Wrap("", stop[0])
	}
	switch g := &d.grammar; {
	case g.choice != "" && len(c.Choices()) > 0:
		return g.choice, c.Choices(), nil
	case g.regex != "":
		return g.regex, c.Pattern(), nil
	case g.gbnf != "":
		return g.gbnf, c.GBNF(), nil
	}
	return "", nil, unsupported("Request.Constraint: %s has no field for it; leave it out and check the answers, or begin with the dialect of a server that has one", d.Name)
}

// constrain writes the constraint.
func (w *fields) constrain(req *sampling.Request) {
	field, value, err := w.dialect.constraint(req.Constraint, req.Stop)
	switch {
	case err != nil:
		w.fail(err)
	case field == "":
	case w.dialect.grammar.masked && req.Params.Logprobs:
		w.fail(unsupported("Params.Logprobs with Request.Constraint: %s reports log probabilities after masking, and not the model's; leave one of the two out", w.dialect.Name))
	default:
		outer, inner, nested := strings.Cut(field, ".")
		if nested {
			value = map[string]any{inner: value}
		}
		w.put(outer, "Request.Constraint", encode(value))
	}
}
