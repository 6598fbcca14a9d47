// Package jsonpattern writes regular expressions in RE2 syntax that match JSON as
// package encoding/json writes it, without its escapes for HTML: compact, and with
// the members of an object in a fixed order. Each expression is meant to match a
// whole value, and is a single term that other expressions can hold.
package jsonpattern

import (
	"fmt"
	"regexp"
	"strings"
)

// The values that have one form.
const (
	Null    = `null`
	Bool    = `(true|false)`
	Integer = `(-?[1-9][0-9]*|0)`
	Number  = `-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[+-][0-9]+)?`

	// Bytes is how []byte is written: as base64 in a string.
	Bytes = `"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"`

	// Time is RFC 3339, as time.Time writes it.
	Time = `[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{0,8}[1-9])?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])`
)

// String matches a string that has none of the characters in without, in either
// of their forms.
func String(without string) string {
	var class strings.Builder
	for _, r := range without {
		fmt.Fprintf(&class, `\x{%x}`, r)
	}
	return `"([^\x00-\x1f"\\\x{2028}\x{2029}` + class.String() + `]|\\["\\bfnrt]|\\u00(0[0-7be-f]|1[0-9a-f])|\\u202[89])*"`
}

// Text matches a text that stands for itself.
func Text(text string) string { return regexp.QuoteMeta(text) }

// Either matches what one of the expressions does.
func Either(expressions ...string) string { return "(" + strings.Join(expressions, "|") + ")" }

// Array matches an array of any number of elements.
func Array(element string) string { return `\[(` + element + `(,` + element + `)*)?\]` }

// ArrayOf matches an array of exactly n elements.
func ArrayOf(n int, element string) string {
	switch n {
	case 0:
		return `\[\]`
	case 1:
		return `\[` + element + `\]`
	}
	return fmt.Sprintf(`\[%s(,%s){%d}\]`, element, element, n-1)
}

// Map matches an object of any number of members, of which it does not tell
// repeated ones apart.
func Map(key, value string) string {
	return `\{(` + key + `:` + value + `(,` + key + `:` + value + `)*)?\}`
}

// A Member is one member of an Object.
type Member struct {
	Name     string // as JSON writes it, with its quotation marks
	Value    string // an expression
	Optional bool
}

// Object matches an object of these members, in this order. Its size is in
// proportion to the square of the number of optional members before the first that
// is required.
func Object(members []Member) string {
	texts := make([]string, len(members))
	rest := make([]string, len(members)+1) // the members from i on, after another one
	for i := len(members) - 1; i >= 0; i-- {
		texts[i] = Text(members[i].Name) + ":" + members[i].Value
		if rest[i] = "," + texts[i]; members[i].Optional {
			rest[i] = "(" + rest[i] + ")?"
		}
		rest[i] += rest[i+1]
	}
	first := "" // the members from i on, where none comes before
	for i := len(members) - 1; i >= 0; i-- {
		switch here := texts[i] + rest[i+1]; {
		case !members[i].Optional:
			first = here
		case first == "":
			first = "(" + here + ")?"
		default:
			first = "(" + here + "|" + first + ")"
		}
	}
	return `\{` + first + `\}`
}
