package sampling

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// A tree is a regular expression in a normal form, from which all translations
// start. It has no empty group or alternative, and no repetition of a repetition
// that could be one. What is repeated without end is never empty; in a grammar
// that would be a left recursion.
type tree struct {
	op       treeOp
	text     string // of a literal
	set      []rune // of a class: pairs of first and last rune, ascending, without surrogates
	sub      []*tree
	min, max int // of a repetition; max is unlimited for no end
}

type treeOp uint8

const (
	opLiteral treeOp = iota
	opClass
	opConcat    // of two or more
	opAlternate // of two or more; of none only in nothing
	opRepeat    // of one
)

const unlimited = -1

var (
	empty   = &tree{op: opLiteral}   // allows the empty text alone
	nothing = &tree{op: opAlternate} // allows no text
)

func literal(text string) *tree {
	if text == "" {
		return empty
	}
	return &tree{op: opLiteral, text: text}
}

// class takes ascending pairs of runes.
func class(pairs []rune) *tree {
	var set []rune
	for i := 0; i+1 < len(pairs); i += 2 {
		for _, r := range [][2]rune{{pairs[i], min(pairs[i+1], 0xD7FF)}, {max(pairs[i], 0xE000), pairs[i+1]}} {
			if r[0] > r[1] {
				continue
			}
			if n := len(set); n > 0 && r[0] <= set[n-1]+1 {
				set[n-1] = max(set[n-1], r[1])
			} else {
				set = append(set, r[0], r[1])
			}
		}
	}
	switch {
	case len(set) == 0:
		return nothing
	case len(set) == 2 && set[0] == set[1]:
		return literal(string(set[0]))
	}
	return &tree{op: opClass, set: set}
}

func concat(parts ...*tree) *tree {
	var sub []*tree
	for _, p := range parts {
		if p == nothing {
			return nothing
		}
		more := []*tree{p}
		if p.op == opConcat {
			more = p.sub
		}
		for _, q := range more {
			if n := len(sub); n > 0 && q.op == opLiteral && sub[n-1].op == opLiteral {
				sub[n-1] = literal(sub[n-1].text + q.text)
			} else if q != empty {
				sub = append(sub, q)
			}
		}
	}
	switch len(sub) {
	case 0:
		return empty
	case 1:
		return sub[0]
	}
	return &tree{op: opConcat, sub: sub}
}

func alternate(parts ...*tree) *tree {
	var sub []*tree
	var set []rune // all single characters in one class
	at, optional := 0, false
	var flat []*tree
	for _, p := range parts {
		if p.op == opAlternate {
			flat = append(flat, p.sub...)
		} else {
			flat = append(flat, p)
		}
	}
	for _, p := range flat {
		switch pairs := p.single(); {
		case p == empty:
			optional = true
		case pairs != nil:
			if set == nil {
				at = len(sub)
				sub = append(sub, nil)
			}
			set = append(set, pairs...)
		default:
			sub = append(sub, p)
		}
	}
	if set != nil {
		sub[at] = class(sortPairs(set))
	}
	t := nothing
	switch len(sub) {
	case 0:
	case 1:
		t = sub[0]
	default:
		t = &tree{op: opAlternate, sub: sub}
	}
	if optional {
		return repeat(t, 0, 1)
	}
	return t
}

// single returns the pairs of a tree that allows single characters alone, or nil.
func (t *tree) single() []rune {
	switch {
	case t.op == opClass:
		return t.set
	case t.op == opLiteral && t.text != "":
		if r, n := utf8.DecodeRuneInString(t.text); n == len(t.text) {
			return []rune{r, r}
		}
	}
	return nil
}

// sortPairs sorts pairs of runes by their first.
func sortPairs(pairs []rune) []rune {
	type pair struct{ first, last rune }
	all := make([]pair, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, pair{pairs[i], pairs[i+1]})
	}
	slices.SortFunc(all, func(a, b pair) int { return int(a.first - b.first) })
	sorted := make([]rune, 0, len(pairs))
	for _, p := range all {
		sorted = append(sorted, p.first, p.last)
	}
	return sorted
}

func repeat(t *tree, least, most int) *tree {
	switch {
	case most == 0 || t == empty:
		return empty
	case t == nothing && least == 0:
		return empty
	case t == nothing:
		return nothing
	}
	if most == unlimited && t.nullable() {
		// (a*b*)* and (a?b*)+ are both (a|b)*.
		t, least = nonempty(t), 0
		if t == nothing {
			return empty
		}
	}
	switch inner := t.op == opRepeat; {
	case least == 1 && most == 1:
		return t
	case inner && t.min == 0 && t.max == unlimited:
		return t // (a*){2,5} is a*
	case inner && t.min == 0 && t.max == 1 && !t.sub[0].nullable():
		return repeat(t.sub[0], 0, most) // (a?){2,5} is a{0,5}
	case inner && t.min == 1 && t.max == unlimited && least <= 1:
		return repeat(t.sub[0], least, unlimited) // (a+){0,5} is a*
	}
	return &tree{op: opRepeat, sub: []*tree{t}, min: least, max: most}
}

// nullable reports whether t allows the empty text.
func (t *tree) nullable() bool {
	switch t.op {
	case opLiteral:
		return t.text == ""
	case opConcat:
		return !slices.ContainsFunc(t.sub, func(s *tree) bool { return !s.nullable() })
	case opAlternate:
		return slices.ContainsFunc(t.sub, (*tree).nullable)
	case opRepeat:
		return t.min == 0 || t.sub[0].nullable()
	}
	return false
}

// nonempty returns a tree without the empty text that gives the same texts as t
// when repeated without end: the star normal form of
// Brüggemann-Klein, "Regular Expressions into Finite Automata" (1993).
func nonempty(t *tree) *tree {
	if !t.nullable() {
		return t
	}
	switch t.op {
	case opRepeat:
		return nonempty(t.sub[0])
	case opConcat, opAlternate:
		parts := make([]*tree, len(t.sub))
		for i, s := range t.sub {
			parts[i] = nonempty(s)
		}
		return alternate(parts...)
	}
	return nothing
}

// maxFactored limits the depth of a trie. Servers limit the nesting of groups.
const maxFactored = 50

// trie returns the tree of a sorted list without repeats, with common beginnings
// written once: a server that tries each of 5,000 texts at every token is slow.
//
// Worked example: "no", "none" and "not" are no(ne|t)?.
func trie(sorted []string, depth int) *tree {
	if len(sorted) == 1 {
		return literal(sorted[0])
	}
	n := commonPrefix(sorted[0], sorted[len(sorted)-1])
	head := literal(sorted[0][:n])
	var branches []*tree
	for from := 0; from < len(sorted); {
		rest := sorted[from][n:]
		r, _ := utf8.DecodeRuneInString(rest)
		to := from + 1
		for rest != "" && to < len(sorted) && depth < maxFactored {
			if next, _ := utf8.DecodeRuneInString(sorted[to][n:]); next != r {
				break
			}
			to++
		}
		texts := make([]string, to-from)
		for i := range texts {
			texts[i] = sorted[from+i][n:]
		}
		branches = append(branches, trie(texts, depth+1))
		from = to
	}
	return concat(head, alternate(branches...))
}

// commonPrefix returns the length of the longest beginning of whole runes that
// two texts share.
func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && (n < len(a) && !utf8.RuneStart(a[n]) || n < len(b) && !utf8.RuneStart(b[n])) {
		n--
	}
	return n
}

// complement returns the runes that are not in set.
func complement(set []rune) []rune {
	var rest []rune
	next := rune(0)
	for i := 0; i < len(set); i += 2 {
		if set[i] > next {
			rest = append(rest, next, set[i]-1)
		}
		next = set[i+1] + 1
	}
	if next <= unicode.MaxRune {
		rest = append(rest, next, unicode.MaxRune)
	}
	return class(rest).single()
}
