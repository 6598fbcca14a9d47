package sampling

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// A notation is how a tree is written: as a regular expression or as a grammar.
type notation struct {
	quotes  bool   // a literal is quoted, and so is a unit
	between string // two parts of a sequence
	or      string
}

// Both use only syntax that all servers read alike: groups without ?:, and most
// characters unescaped. In particular
//
//   - vLLM reads any number of digits after \x, and refuses a literal NUL;
//   - vLLM reads [\^b] as [^b], so ^ comes last in a class;
//   - llama.cpp has no escapes for ^ and -.
var (
	patternNotation = notation{or: "|"}
	gbnfNotation    = notation{quotes: true, between: " ", or: " | "}
)

// A pattern is one unit, so that a server may add text before or after it.
func writePattern(t *tree) string { return patternNotation.write("", t, opConcat) }

func writeGBNF(t *tree) string { return gbnfNotation.write("root ::= ", t, opAlternate) + "\n" }

func (n *notation) write(head string, t *tree, within treeOp) string {
	var b strings.Builder
	b.WriteString(head)
	n.tree(&b, t, within)
	return b.String()
}

// tree writes t, in parentheses if it binds less closely than within.
func (n *notation) tree(b *strings.Builder, t *tree, within treeOp) {
	loose := t.op >= opConcat || t.op == opLiteral && !n.quotes && t.single() == nil
	if within == opConcat && t.op == opAlternate || within == opRepeat && loose {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	switch t.op {
	case opLiteral:
		n.literal(b, t.text)
	case opClass:
		n.class(b, t.set)
	case opConcat:
		for i, s := range t.sub {
			if i > 0 {
				b.WriteString(n.between)
			}
			n.tree(b, s, opConcat)
		}
	case opAlternate:
		for i, s := range t.sub {
			if i > 0 {
				b.WriteString(n.or)
			}
			n.tree(b, s, opAlternate)
		}
	case opRepeat:
		n.tree(b, t.sub[0], opRepeat)
		b.WriteString(bounds(t.min, t.max))
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

func (n *notation) literal(b *strings.Builder, text string) {
	special := `\.+*?()|[]{}^$`
	if n.quotes {
		special = `\"`
		b.WriteByte('"')
		defer b.WriteByte('"')
	}
	for _, r := range text {
		switch {
		case strings.ContainsRune(special, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case isControl(r) && !n.quotes:
			n.class(b, []rune{r, r})
		default:
			writeRune(b, r)
		}
	}
}

// class writes a class, or its complement if that is shorter.
func (n *notation) class(b *strings.Builder, set []rune) {
	b.WriteByte('[')
	if last := set[len(set)-1]; last == unicode.MaxRune {
		if rest := complement(set); 0 < len(rest) && len(rest) < len(set) {
			b.WriteByte('^')
			set = rest
		}
	}
	caret, control := "", ""
	for p := range slices.Chunk(set, 2) {
		first, last := p[0], p[1]
		if first == '^' && !n.quotes {
			caret = "^"
			if first++; first > last {
				continue
			}
		}
		var pair strings.Builder
		n.member(&pair, first)
		if last > first+1 {
			pair.WriteByte('-')
		}
		if last > first {
			n.member(&pair, last)
		}
		if isControl(last) {
			control = pair.String() + control // a DEL may come after a letter, so it comes first
		} else {
			b.WriteString(pair.String())
		}
	}
	b.WriteString(control + caret + "]")
}

func (n *notation) member(b *strings.Builder, r rune) {
	switch {
	case !strings.ContainsRune(`\]^[-`, r) || r == '^' && !n.quotes:
		writeRune(b, r)
	case n.quotes:
		fmt.Fprintf(b, `\x%02X`, r)
	default:
		b.WriteByte('\\')
		b.WriteRune(r)
	}
}

// isControl reports whether a character is written as \x and two digits.
func isControl(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7F }

func writeRune(b *strings.Builder, r rune) {
	switch {
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
