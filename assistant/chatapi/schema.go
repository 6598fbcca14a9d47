package chatapi

import (
	"bytes"
	"math"
	"slices"
	"strconv"

	"github.com/foreword-go/foreword/internal/jsonpattern"
)

const (
	maxSchemaDepth = 16       // of schemas within schemas
	maxSchemas     = 2000     // after references are followed
	maxPattern     = 64 << 10 // bytes, as in sampling.Matching
	maxRange       = 1000     // integers between a minimum and a maximum
	maxProperties  = 100
	freeDepth      = 3 // of objects and arrays without a schema
)

// A schemaReader translates the part of JSON Schema that is regular. It refuses
// everything else, with the path of the keyword.
type schemaReader struct {
	defs  map[string]value
	depth int
	count int
}

// schemaPattern returns the pattern of the compact JSON texts that a schema allows.
func schemaPattern(v value) string {
	s := &schemaReader{defs: map[string]value{}}
	for m := range v.members() {
		if m.name == "$defs" || m.name == "definitions" {
			for def := range m.members() {
				s.defs["#/"+m.name+"/"+def.name] = def
			}
		}
	}
	return s.pattern(v)
}

// keywords are those of one schema that have not been translated yet.
type keywords map[string]value

func (k keywords) take(name string) (value, bool) {
	v, ok := k[name]
	delete(k, name)
	return v, ok
}

// none is a bound that a schema does not have.
const none = math.MinInt64

// bounds takes a lower and an upper bound, in place of lo and hi.
func (k keywords) bounds(least, most string, lo, hi int64) (int64, int64) {
	lowest := max(lo, math.MinInt32)
	if v, ok := k.take(least); ok {
		lo = v.integer(lowest, math.MaxInt32)
	}
	if v, ok := k.take(most); ok {
		if hi = v.integer(lowest, math.MaxInt32); hi < lo {
			v.bad("is less than '%s'", least)
		}
	}
	return lo, hi
}

// lengths takes the bounds of a length.
func (k keywords) lengths(of string) (least, most int) {
	lo, hi := k.bounds("min"+of, "max"+of, 0, jsonpattern.Unlimited)
	return int(lo), int(hi)
}

// annotations are keywords that allow and exclude nothing.
var annotations = []string{"title", "description", "default", "examples", "$schema", "$id", "$comment", "$defs", "definitions", "deprecated", "readOnly", "writeOnly"}

// pattern translates one schema. A keyword that is left over would be ignored, so it is
// refused.
func (s *schemaReader) pattern(v value) string {
	s.depth++
	defer func() { s.depth-- }()
	if s.count++; s.depth > maxSchemaDepth || s.count > maxSchemas {
		v.cannot("the schema refers to itself, is nested deeper than %d levels or is too large", maxSchemaDepth)
		return ""
	}
	k := keywords{}
	for m := range v.members() {
		if !slices.Contains(annotations, m.name) {
			k[m.name] = m
		}
	}
	pattern := s.translate(v, k)
	for m := range v.members() {
		if _, left := k[m.name]; left {
			m.cannot("this keyword cannot be enforced here; remove it")
		}
	}
	if len(pattern) > maxPattern {
		v.cannot("the schema is too large")
	}
	return pattern
}

func (s *schemaReader) translate(v value, k keywords) string {
	if ref, ok := k.take("$ref"); ok {
		def, ok := s.defs[ref.text()]
		if !ok {
			ref.bad("refers to nothing in '$defs' of the schema")
			return ""
		}
		return s.pattern(def)
	}
	for _, name := range []string{"anyOf", "allOf"} {
		if of, ok := k.take(name); ok {
			var patterns []string
			for _, option := range of.list(maxSchemas) {
				patterns = append(patterns, s.pattern(option))
			}
			if len(patterns) == 0 {
				of.bad("is empty")
			}
			if name == "allOf" && len(patterns) > 1 {
				of.cannot("use one schema")
			}
			return jsonpattern.AnyOf(patterns...)
		}
	}
	var types []string
	kind, typed := k.take("type")
	if typed {
		types = kind.texts(7)
	}
	if constant, ok := k.take("const"); ok {
		return literals([]value{constant}, types, kind)
	}
	if enum, ok := k.take("enum"); ok {
		values := enum.list(math.MaxInt)
		if len(values) == 0 {
			enum.bad("is empty")
		}
		return literals(values, types, kind)
	}
	if len(types) == 0 && len(k) == 0 {
		v.bad("has neither 'type' nor 'enum', 'const', 'anyOf' or '$ref'")
	}
	slices.Sort(types)
	var patterns []string
	for _, name := range slices.Compact(types) {
		patterns = append(patterns, s.typed(name, v, k))
	}
	return jsonpattern.AnyOf(patterns...)
}

// literals returns the pattern of values, which must have one of the types if the schema
// has any.
func literals(values []value, types []string, kind value) string {
	patterns := make([]string, len(values))
	for i, v := range values {
		name, ok := kinds[v.json[0]]
		if !ok {
			name = "number"
			if slices.Contains(types, "integer") && !bytes.ContainsAny(v.json, ".eE") {
				name = "integer"
			}
		}
		if len(types) > 0 && !slices.Contains(types, name) {
			kind.bad("is not the type of all values")
		}
		patterns[i] = jsonpattern.Literal(v.json)
	}
	return jsonpattern.AnyOf(patterns...)
}

// kinds are the types of JSON values by their first byte, except for numbers.
var kinds = map[byte]string{'"': "string", '{': "object", '[': "array", 't': "boolean", 'f': "boolean", 'n': "null"}

// typed translates the keywords that belong to a type.
func (s *schemaReader) typed(name string, v value, k keywords) string {
	switch name {
	case "null":
		return jsonpattern.Null
	case "boolean":
		return jsonpattern.Bool
	case "number":
		return jsonpattern.Number
	case "integer":
		return integer(v, k)
	case "string":
		return text(k)
	case "array":
		items := jsonpattern.Any(freeDepth - 1)
		if item, ok := k.take("items"); ok {
			items = s.pattern(item)
		}
		least, most := k.lengths("Items")
		return jsonpattern.Array(items, least, most)
	case "object":
		return s.object(k)
	}
	v.field("type").bad("must be object, array, string, integer, number, boolean or null")
	return ""
}

// text translates a string. A pattern or a format excludes a length.
func text(k keywords) string {
	if expr, ok := k.take("pattern"); ok {
		pattern, err := jsonpattern.Matching(expr.text())
		if err != nil {
			expr.cannot("%v", err)
		}
		return pattern
	}
	if format, ok := k.take("format"); ok {
		pattern, known := jsonpattern.Format(format.text())
		if !known {
			format.cannot("use date, time, date-time or uuid")
		}
		return pattern
	}
	return jsonpattern.Text(k.lengths("Length"))
}

func integer(v value, k keywords) string {
	lo, hi := k.bounds("minimum", "maximum", none, none)
	switch {
	case lo == none && hi == none:
		return jsonpattern.Integer
	case lo == 0 && hi == none:
		return jsonpattern.Natural
	case lo == 1 && hi == none:
		return `[1-9][0-9]*`
	case lo == none || hi == none || hi-lo >= maxRange:
		v.cannot("use a minimum and a maximum less than %d apart, or a minimum of 0 or 1", maxRange)
		return ""
	}
	var all []string
	for n := lo; n <= hi; n++ {
		all = append(all, strconv.FormatInt(n, 10))
	}
	return jsonpattern.AnyOf(all...)
}

// object translates an object. Its members come in the order of the properties.
func (s *schemaReader) object(k keywords) string {
	var members []jsonpattern.Member
	properties, closed := k.take("properties")
	if closed {
		size := 0
		for p := range properties.members() {
			m := jsonpattern.Member{Name: p.name, Value: s.pattern(p), Optional: true}
			members = append(members, m)
			size += len(m.Value)
		}
		if size > maxPattern || len(members) > maxProperties {
			properties.cannot("there are too many, or they are too large")
			return ""
		}
	}
	if required, ok := k.take("required"); ok {
		for _, name := range required.texts(1000) {
			i := slices.IndexFunc(members, func(m jsonpattern.Member) bool { return m.Name == name })
			if i < 0 {
				required.bad("has a name that is not in 'properties'")
				return ""
			}
			members[i].Optional = false
		}
	}
	if more, ok := k.take("additionalProperties"); ok {
		if string(more.json) == "false" {
			closed = true
		} else if string(more.json) != "true" {
			more.cannot("use false")
		}
	}
	if !closed {
		return freeObject()
	}
	return jsonpattern.Object(members...)
}
