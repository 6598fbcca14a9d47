package jsonpattern

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// A Quoting says how the characters of a text are written in a JSON string. The zero
// Quoting escapes what JSON and package encoding/json escape.
type Quoting struct {
	Never string // written as \u and four digits only
	Also  string // written as they are, or as \u and four digits
}

const escapes = `\\["\\/bfnrt]|\\u00[01][0-9a-f]|\\u202[89]`

// String returns the pattern of a string without the characters in never.
func String(never string) string { return `"` + char(never) + `*"` }

// Text returns the pattern of a string of so many characters.
func Text(least, most int) string { return `"` + char("") + times(least, most) + `"` }

func char(never string) string {
	plain := raw([]rune{0, unicode.MaxRune}, never)
	if strings.ContainsAny(never, `\"/bfnrtu0123456789acde`) {
		return plain // an escape could have one of them
	}
	return AnyOf(plain, escapes)
}

// Matching returns the pattern of a JSON string whose text matches an expression,
// as in JSON Schema: anywhere, unless it is anchored.
func Matching(expr string) (string, error) {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return "", err
	}
	before, after := char("")+`*`, char("")+`*`
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
	inner, err := Quoting{}.write(parts...)
	return `"` + before + inner + after + `"`, err
}

// Quoted returns the pattern of texts that are written as they are, or as a JSON
// string. plain is the pattern of the first and may be empty for none of them. Those
// that begin with a quotation mark are left out. quoted is the pattern of the second.
func (q Quoting) Quoted(plain, quoted string) (string, error) {
	re, err := syntax.Parse(quoted, syntax.Perl)
	if err != nil {
		return "", err
	}
	inner, err := q.write(re)
	if err != nil {
		return "", err
	}
	if re, err = syntax.Parse(plain, syntax.Perl); err != nil {
		return "", err
	}
	return AnyOf(append(bare(re), `"`+inner+`"`)...), nil
}

// bare returns patterns of those texts of re that are not empty and do not begin
// with a quotation mark.
func bare(re *syntax.Regexp) (all []string) {
	// then adds what follows the first part.
	then := func(first []string, rest string) []string {
		for i := range first {
			first[i] += rest
		}
		return first
	}
	switch re.Op {
	case syntax.OpLiteral:
		if re.Rune[0] != '"' {
			all = []string{source(re)}
		}
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		if set := without(pairs(re), []rune{'"'}); set != "" {
			all = []string{set}
		}
	case syntax.OpCapture, syntax.OpQuest:
		all = bare(re.Sub[0])
	case syntax.OpStar, syntax.OpPlus:
		all = then(bare(re.Sub[0]), source(re.Sub[0])+`*`)
	case syntax.OpRepeat:
		most := re.Max
		if most != Unlimited {
			most--
		}
		all = then(bare(re.Sub[0]), source(re.Sub[0])+times(max(re.Min-1, 0), most))
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			all = append(all, bare(sub)...)
		}
	case syntax.OpConcat:
		for i, sub := range re.Sub {
			all = append(all, then(bare(sub), source(re.Sub[i+1:]...))...)
			if !regexp.MustCompile(`^` + source(sub) + `$`).MatchString("") {
				break
			}
		}
	}
	return all
}

// source writes the parts of an expression as they are.
func source(parts ...*syntax.Regexp) string {
	whole := syntax.Regexp{Op: syntax.OpConcat, Sub: parts}
	return `(?:` + whole.String() + `)`
}

// write writes the parts of an expression as they are in a string.
func (q Quoting) write(parts ...*syntax.Regexp) (string, error) {
	var b strings.Builder
	for _, re := range parts {
		subs := make([]string, len(re.Sub))
		for i := range re.Sub {
			var err error
			if subs[i], err = q.write(re.Sub[i]); err != nil {
				return "", err
			}
		}
		group := `(?:` + strings.Join(subs, "") + `)`
		switch re.Op {
		case syntax.OpEmptyMatch:
		case syntax.OpLiteral:
			for _, r := range re.Rune {
				set := []rune{r, r}
				if re.Flags&syntax.FoldCase != 0 {
					for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
						set = append(set, other, other)
					}
				}
				b.WriteString(q.class(set))
			}
		case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
			b.WriteString(q.class(pairs(re)))
		case syntax.OpCapture, syntax.OpConcat:
			b.WriteString(group)
		case syntax.OpAlternate:
			b.WriteString(AnyOf(subs...))
		case syntax.OpStar:
			b.WriteString(group + `*`)
		case syntax.OpPlus:
			b.WriteString(group + `+`)
		case syntax.OpQuest:
			b.WriteString(group + `?`)
		case syntax.OpRepeat:
			b.WriteString(group + times(re.Min, re.Max))
		default:
			return "", fmt.Errorf("%s is not supported here; an anchor can only be the first or the last part", re)
		}
	}
	return b.String(), nil
}

// pairs returns the first and last characters of a class.
func pairs(re *syntax.Regexp) []rune {
	switch re.Op {
	case syntax.OpAnyChar:
		return []rune{0, unicode.MaxRune}
	case syntax.OpAnyCharNotNL:
		return []rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}
	}
	return re.Rune
}

// shortEscapes are the characters with an escape of two letters.
var shortEscapes = map[rune]string{'"': `\\"`, '\\': `\\\\`, '\b': `\\b`, '\f': `\\f`, '\n': `\\n`, '\r': `\\r`, '\t': `\\t`}

// class writes a set of characters as they are in a string: pairs of first and last
// ones.
func (q Quoting) class(set []rune) string {
	var options []string
	if plain := raw(set, q.Never); plain != "" {
		options = append(options, plain)
	}
	in := func(r rune) bool {
		for i := 0; i < len(set); i += 2 {
			if set[i] <= r && r <= set[i+1] {
				return true
			}
		}
		return false
	}
	for _, r := range slices.Concat(escaped, []rune(q.Never+q.Also)) {
		escape, short := shortEscapes[r]
		if !short {
			escape = fmt.Sprintf(`\\u%04x`, r)
		}
		if in(r) && !strings.ContainsAny(escape, q.Never) {
			options = append(options, escape)
		}
	}
	if len(options) == 0 {
		return `[^\x00-\x{10ffff}]` // nothing
	}
	return AnyOf(options...)
}

// escaped are the characters that are always escaped: line separators too, as
// encoding/json has it.
var escaped = func() (all []rune) {
	for r := range rune(0x20) {
		all = append(all, r)
	}
	return append(all, '"', '\\', '\u2028', '\u2029')
}()

// raw writes those characters of a set that a string has as they are, without those
// in never. It is empty if there are none.
func raw(set []rune, never string) string {
	return without(set, slices.Concat(escaped, []rune(never)))
}

func without(set, drop []rune) string {
	slices.Sort(drop)
	var b strings.Builder
	add := func(lo, hi rune) {
		if lo <= hi {
			fmt.Fprintf(&b, `\x{%x}-\x{%x}`, lo, hi)
		}
	}
	for i := 0; i < len(set); i += 2 {
		lo, hi := set[i], set[i+1]
		for _, r := range drop {
			if lo <= r && r <= hi {
				add(lo, r-1)
				lo = r + 1
			}
		}
		add(lo, hi)
	}
	if b.Len() == 0 {
		return ""
	}
	return `[` + b.String() + `]`
}

// formats are the patterns of JSON Schema's formats, within the quotes.
var formats = map[string]string{
	"date":      date,
	"time":      clock,
	"date-time": Time,
	"uuid":      `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
}

// Time is the pattern of a time as in RFC 3339, without quotes. A date may be one
// that no calendar has.
const (
	Time  = date + `T` + clock
	date  = `[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])`
	clock = `(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])`
)

// Format returns the pattern of a string in one of JSON Schema's formats: date,
// time, date-time or uuid.
func Format(name string) (string, bool) {
	pattern, ok := formats[name]
	return `"` + pattern + `"`, ok
}
