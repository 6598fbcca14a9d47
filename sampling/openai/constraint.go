package openai

import (
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// A grammar names the fields in which a server takes a Request.Constraint. The
// first field that is named and fits is used, in this order. A dot in a name leads
// into an object, as in structured_outputs.regex. The zero grammar is a server
// that cannot constrain.
type grammar struct {
	choice string // a list of texts
	regex  string // a regular expression that matches the whole text
	gbnf   string // a grammar of llama.cpp

	// masked means that log probabilities are computed after the constraint has
	// excluded tokens, so they are not the model's. Asking for both is then an error.
	masked bool
}

// Constrains implements [sampling.Constrainer] by the dialect.
func (b *Backend) Constrains(c sampling.Constraint) error {
	_, _, err := b.config.Dialect.constraint(c, nil)
	return err
}

// constraint returns the field and its value for c. The server ends the text where
// the grammar ends, so the first stop sequence is part of the grammar.
func (d *Dialect) constraint(c sampling.Constraint, stop []string) (name string, value any, err error) {
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

func (w *body) constrain(req *sampling.Request) {
	name, value, err := w.dialect.constraint(req.Constraint, req.Stop)
	switch {
	case err != nil:
		w.fail(err)
	case name == "":
	case w.dialect.grammar.masked && req.Params.Logprobs:
		w.fail(unsupported("Params.Logprobs with Request.Constraint: %s reports log probabilities after masking, and not the model's; leave one of the two out", w.dialect.Name))
	default:
		outer, inner, nested := strings.Cut(name, ".")
		if nested {
			value = map[string]any{inner: value}
		}
		w.put(outer, "Request.Constraint", value)
	}
}
