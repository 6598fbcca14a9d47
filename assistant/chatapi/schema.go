package chatapi

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	freeDepth      = 3 // of objects and arrays that no schema describes
)

// A schemaReader translates the part of JSON Schema that is regular. Whatever it
// does not translate is refused, with the path of the keyword.
type schemaReader struct {
	defs  map[string]member
	depth int
	count int
}

// schemaPattern returns the pattern of the compact JSON texts that a schema allows.
func schemaPattern(m member, param string) (string, *fault) {
	members, f := object(m.value, param)
	if f != nil {
		return "", f
	}
	s := &schemaReader{defs: map[string]member{}}
	for _, d := range members {
		if d.name != "$defs" && d.name != "definitions" {
			continue
		}
		defs, f := object(d.value, join(param, d.name))
		if f != nil {
			return "", f
		}
		for _, def := range defs {
			s.defs["#/"+d.name+"/"+def.name] = def
		}
	}
	return s.schema(m, param)
}

// A schema is what its keywords say.
type schema struct {
	param      string
	types      []string
	values     []json.RawMessage // of enum or const
	options    []string          // the patterns of anyOf
	properties []jsonpattern.Member
	required   []string
	closed     bool // there are properties, or no others are allowed
	items      string
	least      map[string]int // by keyword
	most       map[string]int
	text       string // the pattern of a string, by pattern or format
	given      map[string]bool
}

// annotations are keywords that say nothing about which values are allowed.
var annotations = []string{"title", "description", "default", "examples", "$schema", "$id", "$comment", "$defs", "definitions", "deprecated", "readOnly", "writeOnly"}

func (s *schemaReader) schema(m member, param string) (string, *fault) {
	s.depth++
	defer func() { s.depth-- }()
	if s.count++; s.depth > maxSchemaDepth || s.count > maxSchemas {
		return "", cannot(param, "the schema refers to itself, is nested deeper than %d levels or is too large", maxSchemaDepth)
	}
	members, f := object(m.value, param)
	if f != nil {
		return "", f
	}
	c := &schema{param: param, least: map[string]int{}, most: map[string]int{}, given: map[string]bool{}}
	for _, k := range members {
		if slices.Contains(annotations, k.name) {
			continue
		}
		c.given[k.name] = true
		if f := s.keyword(c, k, join(param, k.name)); f != nil {
			return "", f
		}
	}
	pattern, f := c.pattern()
	if f == nil && len(pattern) > maxPattern {
		f = cannot(param, "the schema is too large")
	}
	return pattern, f
}

// ref follows a reference within the schema.
func (s *schemaReader) ref(m member, param string) (string, *fault) {
	name, f := m.text(param)
	if f != nil {
		return "", f
	}
	def, ok := s.defs[name]
	if !ok {
		return "", badField(param, "refers to nothing in '$defs' of the schema")
	}
	return s.schema(def, param)
}

func (s *schemaReader) keyword(c *schema, k member, param string) (f *fault) {
	switch k.name {
	case "type":
		c.types, f = k.texts(param, 7)
	case "enum":
		var list []json.RawMessage
		if list, f = k.list(param); f == nil && len(list) == 0 {
			f = badField(param, "is empty")
		}
		c.values = list
	case "const":
		c.values = []json.RawMessage{k.value}
	case "anyOf", "allOf":
		c.options, f = s.schemas(k, param)
		if f == nil && k.name == "allOf" && len(c.options) != 1 {
			f = cannot(param, "use one schema")
		}
	case "$ref":
		var pattern string
		pattern, f = s.ref(k, param)
		c.options = []string{pattern}
	case "properties":
		c.closed = true
		c.properties, f = s.properties(k, param)
	case "required":
		c.required, f = k.texts(param, 1000)
	case "additionalProperties":
		allowed, bad := k.flag(param)
		if c.closed = c.closed || !allowed; bad != nil {
			f = cannot(param, "use false")
		}
	case "items":
		c.items, f = s.schema(k, param)
	case "minItems", "minLength":
		c.least[k.name], f = k.length(param)
	case "maxItems", "maxLength":
		c.most[k.name], f = k.length(param)
	case "minimum":
		c.least[k.name], f = k.bound(param)
	case "maximum":
		c.most[k.name], f = k.bound(param)
	case "pattern":
		var expr string
		if expr, f = k.text(param); f == nil {
			var err error
			if c.text, err = jsonpattern.Matching(expr); err != nil {
				f = cannot(param, "%v", err)
			}
		}
	case "format":
		var name string
		if name, f = k.text(param); f == nil {
			var ok bool
			if c.text, ok = jsonpattern.Format(name); !ok {
				f = cannot(param, "use date, time, date-time or uuid")
			}
		}
	default:
		f = cannot(param, "the keyword is not in the part of JSON Schema that can be enforced")
	}
	return f
}

func (m member) length(param string) (int, *fault) {
	n, f := m.integer(param, 0, math.MaxInt32)
	return int(n), f
}

func (m member) bound(param string) (int, *fault) {
	n, f := m.integer(param, math.MinInt32, math.MaxInt32)
	return int(n), f
}

func (s *schemaReader) schemas(m member, param string) ([]string, *fault) {
	list, f := m.list(param)
	patterns := make([]string, len(list))
	for i := 0; i < len(list) && f == nil; i++ {
		patterns[i], f = s.schema(member{value: list[i]}, fmt.Sprintf("%s[%d]", param, i))
	}
	if f == nil && len(list) == 0 {
		f = badField(param, "is empty")
	}
	return patterns, f
}

func (s *schemaReader) properties(m member, param string) ([]jsonpattern.Member, *fault) {
	members, f := object(m.value, param)
	list := make([]jsonpattern.Member, len(members))
	for i := 0; i < len(members) && f == nil; i++ {
		list[i] = jsonpattern.Member{Name: members[i].name, Optional: true}
		list[i].Value, f = s.schema(members[i], join(param, members[i].name))
	}
	return list, f
}

// goesWith says which type a keyword is about. One without its type would be
// dropped in silence.
var goesWith = map[string]string{
	"properties": "object", "required": "object", "additionalProperties": "object",
	"items": "array", "minItems": "array", "maxItems": "array",
	"minLength": "string", "maxLength": "string", "pattern": "string", "format": "string",
	"minimum": "integer", "maximum": "integer",
}

// pattern puts the keywords together.
func (c *schema) pattern() (string, *fault) {
	for name, kind := range goesWith {
		if c.given[name] && !slices.Contains(c.types, kind) {
			return "", badField(join(c.param, name), "needs a 'type' of %q beside it", kind)
		}
	}
	beside := len(c.given) - 1
	if c.values != nil && c.given["type"] {
		beside--
	}
	switch {
	case (c.options != nil || c.values != nil) && beside > 0:
		return "", cannot(c.param, "use one of 'enum', 'const', 'anyOf' and '$ref', with nothing but a 'type' beside values")
	case c.options != nil:
		return jsonpattern.AnyOf(c.options...), nil
	case c.values != nil:
		return c.literals()
	case len(c.types) == 0:
		return "", badField(c.param, "has neither 'type' nor 'enum', 'const', 'anyOf' or '$ref'")
	}
	patterns := make([]string, len(c.types))
	for i, kind := range c.types {
		var f *fault
		if patterns[i], f = c.typed(kind); f != nil {
			return "", f
		}
	}
	return jsonpattern.AnyOf(patterns...), nil
}

// literals returns the pattern of enum or const, whose values have to be of the
// schema's types.
func (c *schema) literals() (string, *fault) {
	patterns := make([]string, len(c.values))
	for i, v := range c.values {
		kind := "number"
		if name, ok := kinds[v[0]]; ok {
			kind = name
		}
		ok := len(c.types) == 0 || slices.Contains(c.types, kind) || kind == "number" && slices.Contains(c.types, "integer") && !bytes.ContainsAny(v, ".eE")
		if !ok {
			return "", badField(join(c.param, "type"), "is not that of all values")
		}
		patterns[i] = jsonpattern.Literal(v)
	}
	return jsonpattern.AnyOf(patterns...), nil
}

// kinds are the types of JSON values by their first byte, but for numbers.
var kinds = map[byte]string{'"': "string", '{': "object", '[': "array", 't': "boolean", 'f': "boolean", 'n': "null"}

func (c *schema) typed(kind string) (string, *fault) {
	switch kind {
	case "null":
		return jsonpattern.Null, nil
	case "boolean":
		return jsonpattern.Bool, nil
	case "number":
		return jsonpattern.Number, nil
	case "integer":
		return c.integer()
	case "string":
		least, most, f := c.lengths("Length")
		if f != nil || c.text == "" {
			return jsonpattern.Text(least, most), f
		}
		if least > 0 || most != jsonpattern.Unlimited || c.given["pattern"] && c.given["format"] {
			return "", cannot(c.param, "use one of 'pattern', 'format' and a length")
		}
		return c.text, nil
	case "array":
		least, most, f := c.lengths("Items")
		if c.items == "" {
			c.items = jsonpattern.Any(freeDepth - 1)
		}
		return jsonpattern.Array(c.items, least, most), f
	case "object":
		return c.object()
	}
	return "", badField(join(c.param, "type"), "must be object, array, string, integer, number, boolean or null")
}

// lengths returns the bounds of a length.
func (c *schema) lengths(of string) (least, most int, f *fault) {
	least, most = c.least["min"+of], jsonpattern.Unlimited
	if c.given["max"+of] {
		if most = c.most["max"+of]; most < least {
			f = badField(join(c.param, "max"+of), "is less than min%s", of)
		}
	}
	return least, most, f
}

func (c *schema) integer() (string, *fault) {
	lo, hi := c.least["minimum"], c.most["maximum"]
	switch {
	case !c.given["minimum"] && !c.given["maximum"]:
		return jsonpattern.Integer, nil
	case !c.given["maximum"] && lo == 0:
		return jsonpattern.Natural, nil
	case !c.given["maximum"] && lo == 1:
		return `[1-9][0-9]*`, nil
	case !c.given["minimum"] || !c.given["maximum"] || hi-lo >= maxRange:
		return "", cannot(c.param, "use a minimum and a maximum less than %d apart, or a minimum of 0 or 1", maxRange)
	case hi < lo:
		return "", badField(join(c.param, "maximum"), "is less than 'minimum'")
	}
	var all []string
	for n := lo; n <= hi; n++ {
		all = append(all, strconv.Itoa(n))
	}
	return jsonpattern.AnyOf(all...), nil
}

func (c *schema) object() (string, *fault) {
	for _, name := range c.required {
		i := slices.IndexFunc(c.properties, func(p jsonpattern.Member) bool { return p.Name == name })
		if i < 0 {
			return "", badField(join(c.param, "required"), "has a name that is not in 'properties'")
		}
		c.properties[i].Optional = false
	}
	if !c.closed {
		return freeObject(), nil
	}
	size := 0
	for _, p := range c.properties {
		size += len(p.Value)
	}
	if size > maxPattern || len(c.properties) > maxProperties {
		return "", cannot(join(c.param, "properties"), "they are too many or too large")
	}
	return jsonpattern.Object(c.properties...), nil
}

// freeObject is the pattern of an object that no schema describes.
func freeObject() string { return jsonpattern.Map(jsonpattern.Any(freeDepth - 1)) }
