package sampling

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// A notation is how a tree is written: as a regular expression or as a grammar.
type notation struct {
	literal func(b *strings.Builder, text string)
	escapes string // what is escaped in a class, beside control characters
	hex     bool   // escapes are \x5D and not \]
	quotes  bool   // a literal is quoted, and so is a unit
	between string // two parts of a sequence
	or      string
}

// Both notations are read alike by all servers only with plain means: groups
// without ?:, control characters as \x0b, all others as they are.
var (
	patternNotation = notation{
		literal: func(b *strings.Builder, text string) {
			for _, r := range text {
				if strings.ContainsRune(`\.+*?()|[]{}^$`, r) {
					b.WriteByte('\\')
				}
				writeRune(b, r)
			}
		},
		escapes: `\]^[-`,
		or:      "|",
	}
	gbnfNotation = notation{
		literal: func(b *strings.Builder, text string) {
			b.WriteByte('"')
			for _, r := range text {
				if r == '"' || r == '\\' {
					b.WriteByte('\\')
				}
				writeRune(b, r)
			}
			b.WriteByte('"')
		},
		escapes: `\]^[-`,
		hex:     true, // llama.cpp knows neither \^ nor \-
		quotes:  true,
		between: " ",
		or:      " | ",
	}
)

// A pattern is one unit, so that a server may put something before or after it.
func writePattern(t *tree) string { return patternNotation.write("", t, opConcat) }

func writeGBNF(t *tree) string { return gbnfNotation.write("root ::= ", t, opAlternate) + "\n" }

func (n *notation) write(head string, t *tree, within treeOp) string {
	var b strings.Builder
	b.WriteString(head)
	n.tree(&b, t, within)
	return b.String()
}

// tree writes t in a place for what binds at least as closely as within.
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

// class writes a class, or what it leaves out where that is shorter.
func (n *notation) class(b *strings.Builder, set []rune) {
	b.WriteByte('[')
	if last := set[len(set)-1]; last == unicode.MaxRune {
		if rest := complement(set); 0 < len(rest) && len(rest) < len(set) {
			b.WriteByte('^')
			set = rest
		}
	}
	for pair := range slices.Chunk(set, 2) {
		n.member(b, pair[0])
		if pair[1] > pair[0]+1 {
			b.WriteByte('-')
		}
		if pair[1] > pair[0] {
			n.member(b, pair[1])
		}
	}
	b.WriteByte(']')
}

func (n *notation) member(b *strings.Builder, r rune) {
	switch special := strings.ContainsRune(n.escapes, r); {
	case special && n.hex:
		fmt.Fprintf(b, `\x%02X`, r)
	case special:
		b.WriteByte('\\')
		fallthrough
	default:
		writeRune(b, r)
	}
}

func writeRune(b *strings.Builder, r rune) {
	switch {
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r < ' ' || r == 0x7F:
		fmt.Fprintf(b, `\x%02X`, r)
	default:
		b.WriteRune(r)
	}
}
