package chatapi

import (
	"github.com/foreword-go/foreword/internal/gonames"
	"github.com/foreword-go/foreword/internal/jsonpattern"
	"github.com/foreword-go/foreword/internal/strictjson"
	"github.com/foreword-go/foreword/sampling"
)

// responseFormat reads chat's response_format, or the format of a response's text.
func responseFormat(r *request, v value) {
	kind, schema := readFormat(v)
	switch kind {
	case "text":
		v.ignore()
	case "json_object":
		r.constrainJSON(v, freeObject())
	case "json_schema":
		if schema.json == nil {
			v.bad("has no schema")
			return
		}
		r.constrainJSON(schema, schemaPattern(schema))
	default:
		v.field("type").bad("must be text, json_object or json_schema")
	}
}

// readFormat reads the fields of a format. Chat has the schema one level deeper than
// responses.
func readFormat(v value) (kind string, schema value) {
	for k := range v.fields() {
		switch k.name {
		case "type":
			kind = k.text()
		case "json_schema":
			_, schema = readFormat(k)
		case "schema":
			schema = k
		case "name", "description", "strict": // the schema is always enforced
			k.ignore()
		default:
			k.unknown()
		}
	}
	return kind, schema
}

// structuredOutputs reads vLLM's constraint of a reply.
func structuredOutputs(r *request, v value) {
	for s := range v.fields() {
		switch s.name {
		case "choice":
			r.constrain(s, sampling.OneOf(s.texts(maxChoices)...))
		case "regex":
			r.constrainPattern(s, s.text())
		case "json":
			if s.isText() { // the schema as a string
				s.json = []byte(s.text())
				s.checkJSON()
			}
			r.constrainJSON(s, schemaPattern(s))
		case "json_object":
			if s.flag() {
				r.constrainJSON(s, freeObject())
			}
		default:
			s.cannot("use choice, regex, json or json_object")
		}
	}
}

// maxChoices is the maximum length of a list of choices.
const maxChoices = 10_000

// freeObject is the pattern of an object without a schema.
func freeObject() string { return jsonpattern.Map(jsonpattern.Any(freeDepth - 1)) }

func (r *request) constrainJSON(v value, pattern string) {
	r.json = true
	r.constrainPattern(v, pattern)
}

func (r *request) constrainPattern(v value, pattern string) {
	c, err := sampling.Matching(pattern)
	if err != nil {
		v.bad("cannot be enforced: %s", gonames.Plain(err))
	}
	r.constrain(v, c)
}

// constrain sets the constraint of the reply. A request may have one.
func (r *request) constrain(v value, c sampling.Constraint) {
	if r.constrains.path != "" {
		v.bad("is the second constraint of the reply; the first is '%s'", r.constrains.path)
	}
	r.constraint, r.constrains = c, v
}

// checkConstraint refuses a constraint that cannot be enforced, before anything
// is sent.
func (r *request) checkConstraint() {
	if r.constraint.IsZero() || r.fault != nil {
		return
	}
	if err := (&sampling.Request{Constraint: r.constraint, Stop: r.stop}).Validate(); err != nil {
		r.constrains.bad("cannot be enforced: %s", gonames.Plain(err))
	}
	if err := (sampling.Forward{Backend: r.h.config.Model.Backend}).Constrains(r.constraint); err != nil {
		r.constrains.cannot("the backend of the model cannot enforce a constraint")
	}
}

// verify checks a whole reply. A pattern cannot exclude repeated names in an object.
func (r *request) verify(text string) error {
	err := r.constraint.Match(text)
	if err == nil && r.json && strictjson.Check([]byte(text), nil) != nil {
		err = sampling.ErrConstraint
	}
	return err
}
