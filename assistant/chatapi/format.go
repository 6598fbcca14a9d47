package chatapi

import (
	"github.com/foreword-go/foreword/internal/gonames"
	"github.com/foreword-go/foreword/internal/strictjson"
	"github.com/foreword-go/foreword/sampling"
)

// A textFormat is what the text of a reply is to be.
type textFormat struct {
	kind   string
	schema member // with its path as its name
}

// read reads chat's response_format, which has the schema one level deeper, or the
// format of a response's text.
func (t *textFormat) read(r *request, m member, param string) *fault {
	members, f := object(m.value, param)
	for i := 0; i < len(members) && f == nil; i++ {
		k := members[i]
		at := join(param, k.name)
		switch {
		case k.isNull():
		case k.name == "type":
			t.kind, f = k.text(at)
		case k.name == "json_schema":
			f = t.read(r, k, at)
		case k.name == "schema":
			t.schema = member{at, k.value}
		case k.name == "name" || k.name == "description" || k.name == "strict": // the schema is always kept to
			r.ignore(at)
		default:
			f = unknown(at)
		}
	}
	return f
}

func responseFormat(_ *Handler, r *request, m member) *fault {
	var t textFormat
	if f := t.read(r, m, m.name); f != nil {
		return f
	}
	switch t.kind {
	case "text":
		r.ignore(m.name)
		return nil
	case "json_object":
		return r.constrainJSON(m.name, freeObject())
	case "json_schema":
		if t.schema.value == nil {
			return badField(m.name, "has no schema")
		}
		return r.constrainSchema(t.schema)
	}
	return badField(join(m.name, "type"), "must be text, json_object or json_schema")
}

// structuredOutputs reads vLLM's constraint of a reply.
func structuredOutputs(_ *Handler, r *request, m member) *fault {
	members, f := object(m.value, m.name)
	for i := 0; i < len(members) && f == nil; i++ {
		s := members[i]
		param := join(m.name, s.name)
		switch {
		case s.isNull():
		case s.name == "choice":
			var texts []string
			if texts, f = s.texts(param, maxChoices); f == nil {
				f = r.constrain(param, sampling.OneOf(texts...))
			}
		case s.name == "regex":
			var expr string
			if expr, f = s.text(param); f == nil {
				f = r.constrainPattern(param, expr)
			}
		case s.name == "json":
			if text, bad := s.text(param); bad == nil { // the schema as a text
				if s.value = []byte(text); checkJSON(s.value) != nil {
					return badField(param, "is not one JSON value")
				}
			}
			f = r.constrainSchema(member{param, s.value})
		case s.name == "json_object":
			var on bool
			if on, f = s.flag(param); on {
				f = r.constrainJSON(param, freeObject())
			}
		default:
			f = cannot(param, "use choice, regex, json or json_object")
		}
	}
	return f
}

// maxChoices is the length of a list of choices.
const maxChoices = 10_000

func (r *request) constrainSchema(m member) *fault {
	pattern, f := schemaPattern(m, m.name)
	if f != nil {
		return f
	}
	return r.constrainJSON(m.name, pattern)
}

func (r *request) constrainJSON(param, pattern string) *fault {
	r.json = true
	return r.constrainPattern(param, pattern)
}

func (r *request) constrainPattern(param, pattern string) *fault {
	c, err := sampling.Matching(pattern)
	if err != nil {
		return badField(param, "cannot be enforced: %s", gonames.Plain(err))
	}
	return r.constrain(param, c)
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
		return badField(r.constrains, "cannot be enforced: %s", gonames.Plain(err))
	}
	if err := (sampling.Forward{Backend: h.config.Model.Backend}).Constrains(r.constraint); err != nil {
		return cannot(r.constrains, "the backend of the model cannot enforce a constraint")
	}
	return nil
}

// verify checks a whole reply. A pattern cannot say that names are not repeated.
func (r *request) verify(text string) error {
	err := r.constraint.Match(text)
	if err == nil && r.json && strictjson.Check([]byte(text), nil) != nil {
		err = sampling.ErrConstraint
	}
	return err
}
