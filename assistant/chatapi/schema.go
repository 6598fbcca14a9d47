package chatapi

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

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
