package sampling

import (
	"regexp/syntax"
	"slices"
)

// All translations of a Constraint start from a normal form of syntax.Regexp. It has
// the operators NoMatch, EmptyMatch, Literal, CharClass, Concat, Alternate and Repeat.
// NoMatch and EmptyMatch are never parts of another expression. Literals do not fold
// letter case, and classes have no surrogates. What is repeated without end is never
// empty; in a grammar that would be a left recursion.

const unlimited = -1 // the Max of a Repeat without end

var (
	empty   = &syntax.Regexp{Op: syntax.OpEmptyMatch}
	nothing = &syntax.Regexp{Op: syntax.OpNoMatch}
)

func literal(text []rune) *syntax.Regexp {
	if len(text) == 0 {
		return empty
	}
	return &syntax.Regexp{Op: syntax.OpLiteral, Rune: text}
}

// class returns the expression of a set of characters. It takes pairs of first and
// last ones, which may overlap and come in any order, and drops surrogates.
//
// Worked example: the pairs d-f, x-x and a-c are [a-fx].
func class(pairs []rune) *syntax.Regexp {
	if !slices.IsSorted(pairs) {
		pairs = slices.Concat(slices.SortedFunc(slices.Chunk(pairs, 2), slices.Compare)...)
	}
	set := withoutSurrogates(merged(pairs))
	switch {
	case len(set) == 0:
		return nothing
	case len(set) == 2 && set[0] == set[1]:
		return literal(set[:1])
	}
	return &syntax.Regexp{Op: syntax.OpCharClass, Rune: set}
}

// merged joins sorted pairs that overlap or touch: a-c and d-f are a-f.
func merged(pairs []rune) []rune {
	set := make([]rune, 0, len(pairs))
	for p := range slices.Chunk(pairs, 2) {
		if n := len(set); n > 0 && p[0] <= set[n-1]+1 {
			set[n-1] = max(set[n-1], p[1])
		} else {
			set = append(set, p...)
		}
	}
	return set
}

// withoutSurrogates drops surrogates from merged pairs.
func withoutSurrogates(set []rune) []rune {
	const before, after = 0xD7FF, 0xE000 // their neighbours
	rest := make([]rune, 0, len(set)+2)
	for p := range slices.Chunk(set, 2) {
		if last := min(p[1], before); p[0] <= last {
			rest = append(rest, p[0], last)
		}
		if first := max(p[0], after); first <= p[1] {
			rest = append(rest, first, p[1])
		}
	}
	return rest
}

// single returns the pairs of an expression for single characters alone, or nil.
func single(re *syntax.Regexp) []rune {
	switch {
	case re.Op == syntax.OpCharClass:
		return re.Rune
	case re.Op == syntax.OpLiteral && len(re.Rune) == 1:
		return []rune{re.Rune[0], re.Rune[0]}
	}
	return nil
}

func concat(parts ...*syntax.Regexp) *syntax.Regexp {
	var sub []*syntax.Regexp
	for _, p := range flat(syntax.OpConcat, parts) {
		switch p.Op {
		case syntax.OpNoMatch:
			return nothing
		case syntax.OpEmptyMatch:
		case syntax.OpLiteral: // one for all that follow one another
			if n := len(sub); n == 0 || sub[n-1].Op != syntax.OpLiteral {
				sub = append(sub, &syntax.Regexp{Op: syntax.OpLiteral})
			}
			last := sub[len(sub)-1]
			last.Rune = append(last.Rune, p.Rune...)
		default:
			sub = append(sub, p)
		}
	}
	return join(syntax.OpConcat, sub, empty)
}

func alternate(parts ...*syntax.Regexp) *syntax.Regexp {
	var sub []*syntax.Regexp
	var set []rune // all single characters, in one class
	at, optional := 0, false
	for _, p := range flat(syntax.OpAlternate, parts) {
		switch pairs := single(p); {
		case p.Op == syntax.OpNoMatch:
		case p.Op == syntax.OpEmptyMatch:
			optional = true
		case pairs == nil:
			sub = append(sub, p)
		default:
			if set == nil {
				at = len(sub)
				sub = append(sub, nil)
			}
			set = append(set, pairs...)
		}
	}
	if set != nil {
		sub[at] = class(set)
	}
	re := join(syntax.OpAlternate, sub, nothing)
	if optional {
		return repeat(re, 0, 1)
	}
	return re
}

// flat returns parts with the parts of those that have the same operator.
func flat(op syntax.Op, parts []*syntax.Regexp) (all []*syntax.Regexp) {
	for _, p := range parts {
		if p.Op == op {
			all = append(all, p.Sub...)
		} else {
			all = append(all, p)
		}
	}
	return all
}

func join(op syntax.Op, sub []*syntax.Regexp, none *syntax.Regexp) *syntax.Regexp {
	switch len(sub) {
	case 0:
		return none
	case 1:
		return sub[0]
	}
	return &syntax.Regexp{Op: op, Sub: sub}
}

func repeat(re *syntax.Regexp, least, most int) *syntax.Regexp {
	switch {
	case most == 0 || re.Op == syntax.OpEmptyMatch || re.Op == syntax.OpNoMatch && least == 0:
		return empty
	case re.Op == syntax.OpNoMatch || least == 1 && most == 1:
		return re
	}
	if most == unlimited && nullable(re) {
		re, least = nonempty(re), 0
	}
	if re.Op == syntax.OpRepeat {
		switch inner := re.Sub[0]; {
		case re.Min == 0 && re.Max == unlimited:
			return re // (a*){2,5} is a*
		case re.Min == 0 && re.Max == 1 && !nullable(inner):
			return repeat(inner, 0, most) // (a?){2,5} is a{0,5}
		case re.Min == 1 && re.Max == unlimited && least <= 1:
			return repeat(inner, least, unlimited) // (a+){0,5} is a*
		}
	}
	return &syntax.Regexp{Op: syntax.OpRepeat, Min: least, Max: most, Sub: []*syntax.Regexp{re}}
}

// nullable reports whether re allows the empty text.
func nullable(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return true
	case syntax.OpConcat:
		return !slices.ContainsFunc(re.Sub, func(s *syntax.Regexp) bool { return !nullable(s) })
	case syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, nullable)
	case syntax.OpRepeat:
		return re.Min == 0 || nullable(re.Sub[0])
	}
	return false
}

// nonempty returns an expression that does not allow the empty text, and that gives the
// same texts as re when repeated without end. It is the star normal form of
// Brüggemann-Klein, "Regular Expressions into Finite Automata" (1993).
//
// Worked example: (a*b?)* is (a|b)*, because a star takes the parts in any order, and
// each as often as needed. But (a*b)* stays: its parts cannot be left out.
func nonempty(re *syntax.Regexp) *syntax.Regexp {
	switch {
	case !nullable(re):
		return re
	case re.Op == syntax.OpRepeat:
		return nonempty(re.Sub[0])
	}
	parts := make([]*syntax.Regexp, len(re.Sub)) // of a Concat or an Alternate
	for i, sub := range re.Sub {
		parts[i] = nonempty(sub)
	}
	return alternate(parts...)
}

// maxFactored limits the depth of a trie. Servers limit the nesting of groups.
const maxFactored = 50

// trie returns the expression of a sorted list without repeats, with common beginnings
// written once: a server that tries each of 5,000 texts at every token is slow.
//
// Worked example: "no", "none" and "not" are no(ne|t)?.
func trie(sorted [][]rune, depth int) *syntax.Regexp {
	first, last := sorted[0], sorted[len(sorted)-1]
	n := 0
	for n < min(len(first), len(last)) && first[n] == last[n] {
		n++
	}
	if len(sorted) == 1 {
		return literal(first)
	}
	var branches []*syntax.Regexp
	for from := 0; from < len(sorted); {
		rest := sorted[from][n:]
		to := from + 1
		for len(rest) > 0 && to < len(sorted) && depth < maxFactored && sorted[to][n] == rest[0] {
			to++
		}
		texts := make([][]rune, to-from)
		for i := range texts {
			texts[i] = sorted[from+i][n:]
		}
		branches = append(branches, trie(texts, depth+1))
		from = to
	}
	return concat(literal(first[:n]), alternate(branches...))
}
