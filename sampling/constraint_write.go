package sampling

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// A notation is how an expression is written: as a regular expression or as a grammar.
type notation struct {
	quote   string // around a literal, which is a unit then
	between string // two parts of a sequence
	or      string
	literal escape
	class   escape
}

// An escape is how special characters are written, in the syntax of package fmt.
type escape struct{ special, form string }

// Both use only syntax that all servers read alike: groups without ?:, and most
// characters unescaped. In particular
//
//   - vLLM reads any number of digits after \x, and refuses a literal NUL;
//   - vLLM reads [\^b] as [^b], so ^ comes last in a class;
//   - llama.cpp has no escapes for ^ and -.
var (
	patternNotation = notation{or: "|", literal: escape{`\.+*?()|[]{}^$`, `\%c`}, class: escape{`\[]-`, `\%c`}}
	gbnfNotation    = notation{quote: `"`, between: " ", or: " | ", literal: escape{`\"`, `\%c`}, class: escape{`\[]-^`, `\x%02X`}}
)

// A pattern is one unit, so that a server may add text before or after it.
func writePattern(re *syntax.Regexp) string {
	return patternNotation.write(re, syntax.OpConcat)
}

func writeGBNF(re *syntax.Regexp) string {
	return "root ::= " + gbnfNotation.write(re, syntax.OpAlternate) + "\n"
}

func (n *notation) write(re *syntax.Regexp, within syntax.Op) string {
	var b strings.Builder
	n.expr(&b, re, within)
	return b.String()
}

// expr writes re, in parentheses if it binds less closely than within.
func (n *notation) expr(b *strings.Builder, re *syntax.Regexp, within syntax.Op) {
	loose := re.Op > syntax.OpCharClass || re.Op == syntax.OpLiteral && n.quote == "" && len(re.Rune) > 1
	if within == syntax.OpConcat && re.Op == syntax.OpAlternate || within == syntax.OpRepeat && loose {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	switch re.Op {
	case syntax.OpLiteral:
		n.writeLiteral(b, re.Rune)
	case syntax.OpCharClass:
		n.writeClass(b, re.Rune)
	case syntax.OpConcat, syntax.OpAlternate:
		between := n.between
		if re.Op == syntax.OpAlternate {
			between = n.or
		}
		for i, sub := range re.Sub {
			if i > 0 {
				b.WriteString(between)
			}
			n.expr(b, sub, re.Op)
		}
	case syntax.OpRepeat:
		n.expr(b, re.Sub[0], syntax.OpRepeat)
		b.WriteString(bounds(re.Min, re.Max))
	}
}

// bounds writes how often something is repeated.
func bounds(least, most int) string {
	switch {
	case least == 0 && most == unlimited:
		return "*"
	case least == 1 && most == unlimited:
		return "+"
	case least == 0 && most == 1:
		return "?"
	case most == unlimited:
		return fmt.Sprintf("{%d,}", least)
	case least == most:
		return fmt.Sprintf("{%d}", least)
	}
	return fmt.Sprintf("{%d,%d}", least, most)
}

func (n *notation) writeLiteral(b *strings.Builder, text []rune) {
	b.WriteString(n.quote)
	for _, r := range text {
		if isControl(r) && n.quote == "" {
			n.writeClass(b, []rune{r, r})
		} else {
			n.literal.write(b, r)
		}
	}
	b.WriteString(n.quote)
}

// writeClass writes a class, or its complement if that is shorter.
func (n *notation) writeClass(b *strings.Builder, set []rune) {
	b.WriteByte('[')
	if set[len(set)-1] == unicode.MaxRune {
		if rest := complement(set); 0 < len(rest) && len(rest) < len(set) {
			b.WriteByte('^')
			set = rest
		}
	}
	caret, control := "", ""
	for p := range slices.Chunk(set, 2) {
		first, last := p[0], p[1]
		if first == '^' && n.quote == "" {
			caret = "^"
			if first++; first > last {
				continue
			}
		}
		var pair strings.Builder
		n.class.write(&pair, first)
		if last > first+1 {
			pair.WriteByte('-')
		}
		if last > first {
			n.class.write(&pair, last)
		}
		if isControl(last) {
			control = pair.String() + control // a DEL may come after a letter, so it comes first
		} else {
			b.WriteString(pair.String())
		}
	}
	b.WriteString(control + caret + "]")
}

// complement returns the runes that are not in set, which ends with the last rune.
func complement(set []rune) []rune {
	var rest []rune
	next := rune(0)
	for p := range slices.Chunk(set, 2) {
		if p[0] > next {
			rest = append(rest, next, p[0]-1)
		}
		next = p[1] + 1
	}
	return withoutSurrogates(rest)
}

// isControl reports whether a character is written as \x and two digits.
func isControl(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7F }

func (e escape) write(b *strings.Builder, r rune) {
	switch {
	case strings.ContainsRune(e.special, r):
		fmt.Fprintf(b, e.form, r)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case isControl(r):
		fmt.Fprintf(b, `\x%02X`, r)
	default:
		b.WriteRune(r)
	}
}
