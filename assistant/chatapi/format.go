package chatapi

import (
	"github.com/foreword-go/foreword/sampling"
)

// responseFormat reads what the text of a reply is to be: chat's response_format
// and the format of a response's text.
func responseFormat(_ *Handler, r *request, m member) *fault {
	if compact(m.value) != `{"type":"text"}` {
		return cannot(m.name, "replies are plain text")
	}
	r.ignore(m.name)
	return nil
}

// structuredOutputs reads vLLM's constraint of a reply: a list of choices or a
// regular expression.
func structuredOutputs(_ *Handler, r *request, m member) *fault {
	members, f := object(m.value, m.name)
	for _, s := range members {
		param := join(m.name, s.name)
		var c sampling.Constraint
		switch {
		case s.isNull():
			continue
		case s.name == "choice":
			var texts []string
			if texts, f = s.texts(param, maxChoices); f == nil {
				c = sampling.OneOf(texts...)
			}
		case s.name == "regex":
			var expr string
			if expr, f = s.text(param); f == nil {
				c, f = matching(param, expr)
			}
		default:
			f = cannot(param, "use choice or regex")
		}
		if f == nil {
			f = r.constrain(param, c)
		}
		if f != nil {
			return f
		}
	}
	return f
}

// maxChoices is the length of a list of choices.
const maxChoices = 10_000

func matching(param, expr string) (sampling.Constraint, *fault) {
	c, err := sampling.Matching(expr)
	if err != nil {
		return c, badField(param, "cannot be enforced: %v", err)
	}
	return c, nil
}

// constrain sets the constraint that a field asks for. There is one.
func (r *request) constrain(param string, c sampling.Constraint) *fault {
	if r.constrains != "" {
		return badField(param, "is the second constraint of the reply; the first is '%s'", r.constrains)
	}
	r.constraint, r.constrains = c, param
	return nil
}

// checkConstraint refuses a constraint that cannot be enforced, before anything
// is sent.
func (h *Handler) checkConstraint(r *request) *fault {
	if r.constraint.IsZero() {
		return nil
	}
	if err := (&sampling.Request{Constraint: r.constraint, Stop: r.stop}).Validate(); err != nil {
		return badField(r.constrains, "cannot be enforced: %v", err)
	}
	if err := (sampling.Forward{Backend: h.config.Model.Backend}).Constrains(r.constraint); err != nil {
		return cannot(r.constrains, "the backend of the model cannot enforce a constraint")
	}
	return nil
}
