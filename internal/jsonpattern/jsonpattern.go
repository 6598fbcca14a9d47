// Package jsonpattern is the one place that writes regular expressions for JSON
// values, in RE2 syntax. The JSON is compact: it has no white space between tokens.
//
// This file has scalars, arrays and objects. text.go has strings, and texts that
// are quoted as JSON strings. gotype.go has the values of Go types, as
// encoding/json writes them. Package chatapi makes patterns of JSON Schemas from
// these parts, and package fewshot those of a codec's answers. The patterns are
// compiled, checked and translated for servers by package sampling.
//
// Each function takes and returns patterns that can be put anywhere in a larger one.
package jsonpattern

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The scalars. Numbers have no exponent, so that none overflows by one.
const (
	Null    = `null`
	Bool    = `(?:true|false)`
	Natural = `(?:0|[1-9][0-9]*)`
	Integer = `(?:0|-?[1-9][0-9]*)`
	Number  = `(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)`
)

// Literal returns the pattern of one JSON value, without its white space.
func Literal(value []byte) string {
	var b bytes.Buffer
	json.Compact(&b, value) // value is valid
	return regexp.QuoteMeta(b.String())
}

// Name returns the pattern of a text as JSON, such as a member's name.
func Name(text string) string {
	pattern, _ := written(text) // a string always encodes
	return pattern
}

// written returns the pattern of one value as encoding/json writes it.
func written(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return regexp.QuoteMeta(strings.TrimSuffix(b.String(), "\n")), err
}

// AnyOf returns the pattern of values that match one of several.
func AnyOf(patterns ...string) string {
	return `(?:` + strings.Join(patterns, `|`) + `)`
}

// Unlimited is the upper bound of a length that has none.
const Unlimited = -1

// Array returns the pattern of an array of so many elements.
func Array(element string, least, most int) string {
	if most == 0 {
		return `\[\]`
	}
	rest := most
	if most != Unlimited {
		rest--
	}
	list := element + `(?:,` + element + `)` + times(max(0, least-1), rest)
	if least == 0 {
		list = `(?:` + list + `)?`
	}
	return `\[` + list + `\]`
}

func times(least, most int) string {
	switch {
	case most != Unlimited:
		return fmt.Sprintf(`{%d,%d}`, least, most)
	case least == 0:
		return `*`
	}
	return fmt.Sprintf(`{%d,}`, least)
}

// A Member is one of an object's.
type Member struct {
	Name     string
	Value    string // its pattern
	Optional bool
}

// Object returns the pattern of an object with these members, in this order.
// Where all are optional, its size grows with the square of their number.
func Object(members ...Member) string {
	if len(members) == 0 {
		return `\{\}`
	}
	pairs := slices.Clone(members)
	for i := range pairs {
		pairs[i].Value = Name(pairs[i].Name) + `:` + pairs[i].Value
	}
	var b strings.Builder
	for i, m := range pairs {
		if !m.Optional {
			return `\{` + b.String() + beginning(pairs[i:]) + `\}`
		}
		b.WriteString(`(?:` + m.Value + `,)?`)
	}
	all := make([]string, len(pairs))
	for i := range pairs {
		all[i] = beginning(pairs[i:])
	}
	return `\{` + AnyOf(all...) + `?\}`
}

// beginning returns the pattern of the pairs from the first, which is there.
func beginning(pairs []Member) string {
	var b strings.Builder
	b.WriteString(pairs[0].Value)
	for _, m := range pairs[1:] {
		if m.Optional {
			b.WriteString(`(?:,` + m.Value + `)?`)
		} else {
			b.WriteString(`,` + m.Value)
		}
	}
	return b.String()
}

// Map returns the pattern of an object with any names and values of one kind. A
// name may occur twice in it, which a strict reader refuses.
func Map(value string) string {
	return mapOf(String(""), value)
}

func mapOf(key, value string) string {
	pair := key + `:` + value
	return `\{(?:` + pair + `(?:,` + pair + `)*)?\}`
}

// Any returns the pattern of any value with objects and arrays at most depth deep.
// Its size is four times larger for each level.
func Any(depth int) string {
	scalar := AnyOf(String(""), Number, Bool, Null)
	if depth == 0 {
		return scalar
	}
	inner := Any(depth - 1)
	return AnyOf(scalar, Array(inner, 0, Unlimited), Map(inner))
}
