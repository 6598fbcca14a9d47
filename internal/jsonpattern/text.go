package jsonpattern

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode"
)

// Matching returns the pattern of a JSON string whose text matches an expression,
// as in JSON Schema: anywhere, unless it is anchored. Characters that JSON escapes
// are escaped; those that fit into no string here cannot occur.
func Matching(expr string) (string, error) {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return "", err
	}
	before, after := char+`*`, char+`*`
	parts := []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		parts = re.Sub
	}
	if len(parts) > 0 && parts[0].Op == syntax.OpBeginText {
		before, parts = "", parts[1:]
	}
	if n := len(parts); n > 0 && parts[n-1].Op == syntax.OpEndText {
		after, parts = "", parts[:n-1]
	}
	var b strings.Builder
	for _, p := range parts {
		inner, err := escaped(p)
		if err != nil {
			return "", err
		}
		b.WriteString(inner)
	}
	return `"` + before + b.String() + after + `"`, nil
}

// escaped writes re for the text within a JSON string.
func escaped(re *syntax.Regexp) (string, error) {
	subs := make([]string, len(re.Sub))
	for i, sub := range re.Sub {
		var err error
		if subs[i], err = escaped(sub); err != nil {
			return "", err
		}
	}
	all := strings.Join(subs, "")
	switch re.Op {
	case syntax.OpEmptyMatch:
		return `(?:)`, nil
	case syntax.OpLiteral:
		var b strings.Builder
		for _, r := range re.Rune {
			ranges := []rune{r, r}
			if re.Flags&syntax.FoldCase != 0 {
				for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
					ranges = append(ranges, other, other)
				}
			}
			b.WriteString(class(ranges))
		}
		return b.String(), nil
	case syntax.OpCharClass:
		return class(re.Rune), nil
	case syntax.OpAnyChar:
		return char, nil
	case syntax.OpAnyCharNotNL:
		return class([]rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}), nil
	case syntax.OpCapture, syntax.OpConcat:
		return `(?:` + all + `)`, nil
	case syntax.OpAlternate:
		return AnyOf(subs...), nil
	case syntax.OpStar:
		return `(?:` + all + `)*`, nil
	case syntax.OpPlus:
		return `(?:` + all + `)+`, nil
	case syntax.OpQuest:
		return `(?:` + all + `)?`, nil
	case syntax.OpRepeat:
		return `(?:` + all + `)` + times(re.Min, re.Max), nil
	}
	return "", fmt.Errorf("%s is not supported here; an anchor can only be the first or the last thing", re)
}

// shortEscapes are the characters with an escape of two letters.
var shortEscapes = map[rune]string{'"': `\\"`, '\\': `\\\\`, '\b': `\\b`, '\f': `\\f`, '\n': `\\n`, '\r': `\\r`, '\t': `\\t`}

// class writes pairs of first and last characters, those that JSON escapes apart.
func class(pairs []rune) string {
	var safe strings.Builder
	add := func(lo, hi rune) {
		if lo <= hi {
			fmt.Fprintf(&safe, `\x{%x}-\x{%x}`, lo, hi)
		}
	}
	var options []string
	for i := 0; i < len(pairs); i += 2 {
		lo, hi := pairs[i], pairs[i+1]
		for _, r := range []rune{'"', '\\'} {
			if lo <= r && r <= hi {
				options = append(options, shortEscapes[r])
			}
		}
		for r := lo; r <= min(hi, 0x1f); r++ {
			if short, ok := shortEscapes[r]; ok {
				options = append(options, short)
			} else {
				options = append(options, fmt.Sprintf(`\\u%04x`, r))
			}
		}
		for _, ok := range safeRanges {
			add(max(lo, ok[0]), min(hi, ok[1]))
		}
	}
	if safe.Len() > 0 {
		options = append(options, `[`+safe.String()+`]`)
	}
	if len(options) == 0 {
		return `[^\x00-\x{10ffff}]` // nothing
	}
	return AnyOf(options...)
}

// safeRanges are the characters of the class plain.
var safeRanges = [][2]rune{
	{0x20, 0x21}, {0x23, 0x5b}, {0x5d, 0x7e}, {0xa0, 0x2027}, {0x202a, 0xd7ff}, {0xe000, 0xfffc}, {0xfffe, unicode.MaxRune},
}

// formats are the patterns of JSON Schema's formats, within the quotes.
var formats = map[string]string{
	"date":      date,
	"time":      clock,
	"date-time": date + `T` + clock,
	"uuid":      `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
}

const (
	date  = `[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])`
	clock = `(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])`
)

// Format returns the pattern of a string in one of JSON Schema's formats: date,
// time, date-time or uuid. A date may be one that no calendar has.
func Format(name string) (string, bool) {
	pattern, ok := formats[name]
	return `"` + pattern + `"`, ok
}
