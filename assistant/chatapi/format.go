package chatapi

import (
	"github.com/foreword-go/foreword/internal/gonames"
	"github.com/foreword-go/foreword/internal/jsonpattern"
	"github.com/foreword-go/foreword/internal/strictjson"
	"github.com/foreword-go/foreword/sampling"
)

// responseFormat reads chat's response_format, or the format of a response's text.
func responseFormat(r *request, v value) {
	var f format
	formatFields.read(v, &f)
	hasSchema := f.schema.json != nil
	switch {
	case f.kind == "json_schema" && hasSchema:
		r.constrainJSON(f.schema, schemaPattern(f.schema))
	case f.kind == "json_schema":
		v.bad("has no schema; send one, or use the type json_object")
	case f.kind != "text" && f.kind != "json_object":
		v.field("type").bad("must be text, json_object or json_schema")
	case hasSchema:
		f.schema.bad("needs the type json_schema")
	case f.kind == "text":
		v.ignore()
	default:
		r.constrainJSON(v, freeObject())
	}
}

// A format is the fields of a format.
type format struct {
	kind   string
	schema value
}

// schemaFields name a schema and have it. It is always enforced.
var schemaFields = ignored[format]("name", "description", "strict").with(fields[format]{
	"schema": func(f *format, v value) {
		if f.schema.json != nil {
			v.bad("is the second schema; the first is '%s'", f.schema.path)
		}
		f.schema = v
	},
})

// formatFields are those of a format. Chat has the schema one level deeper than
// responses.
var formatFields = schemaFields.with(fields[format]{
	"type":        func(f *format, v value) { f.kind = v.text() },
	"json_schema": func(f *format, v value) { schemaFields.read(v, f) },
})

// structuredFields are those of vLLM's constraint of a reply.
var structuredFields = refused[request](
	"use choice, regex, json or json_object", "grammar", "structural_tag", "whitespace_pattern",
).with(fields[request]{
	"choice": func(r *request, v value) { r.constrain(v, sampling.OneOf(v.texts(maxChoices)...)) },
	"regex":  func(r *request, v value) { r.constrainPattern(v, v.text()) },
	"json": func(r *request, v value) {
		if v.isText() { // the schema as a string
			v.json = []byte(v.text())
			v.checkJSON()
		}
		r.constrainJSON(v, schemaPattern(v))
	},
	"json_object": func(r *request, v value) {
		if v.flag() {
			r.constrainJSON(v, freeObject())
		}
	},
})

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
