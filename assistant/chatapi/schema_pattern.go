package chatapi

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/foreword-go/foreword/internal/jsonpattern"
)

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
