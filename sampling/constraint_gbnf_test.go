package sampling_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// A grammar is an independent reader of GBNF, as the README of llama.cpp
// describes it. It shares no code and no idea with what it checks: it knows for
// each item and place of a text the places at which the item can end.
type grammar struct {
	rules map[string]gbnfItem
	text  []rune
}

// A gbnfItem returns where it can end when it starts at a place.
type gbnfItem func(g *grammar, from int) []int

func (g *grammar) match(text string) bool {
	g.text = []rune(text)
	return slices.Contains(g.rules["root"](g, 0), len(g.text))
}

type gbnfReader struct {
	t    testing.TB
	rest string
}

var gbnfName = regexp.MustCompile(`^[a-zA-Z0-9]+`)

func readGBNF(t testing.TB, text string) *grammar {
	t.Helper()
	g := &grammar{rules: make(map[string]gbnfItem)}
	for line := range strings.Lines(text) {
		name, body, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ::= ")
		if !ok || gbnfName.FindString(name) != name || g.rules[name] != nil || !strings.HasSuffix(line, "\n") {
			t.Fatalf("%q is not a rule", line)
		}
		r := &gbnfReader{t, body}
		g.rules[name] = r.alternatives()
		if r.rest != "" {
			t.Fatalf("%q is left of the rule %q", r.rest, line)
		}
	}
	if g.rules["root"] == nil {
		t.Fatalf("%q has no root", text)
	}
	return g
}

func (r *gbnfReader) space() { r.rest = strings.TrimLeft(r.rest, " ") }

func (r *gbnfReader) take(prefix string) bool {
	rest, ok := strings.CutPrefix(r.rest, prefix)
	r.rest = rest
	return ok
}

func (r *gbnfReader) alternatives() gbnfItem {
	all := []gbnfItem{r.sequence()}
	for r.take("|") {
		all = append(all, r.sequence())
	}
	return func(g *grammar, from int) (ends []int) {
		for _, item := range all {
			ends = append(ends, item(g, from)...)
		}
		slices.Sort(ends)
		return slices.Compact(ends)
	}
}

func (r *gbnfReader) sequence() gbnfItem {
	var items []gbnfItem
	for r.space(); r.rest != "" && r.rest[0] != '|' && r.rest[0] != ')'; r.space() {
		items = append(items, r.repeated(r.item()))
	}
	if len(items) == 0 {
		r.t.Fatalf("an empty sequence before %q", r.rest)
	}
	return func(g *grammar, from int) []int {
		at := []int{from}
		for _, item := range items {
			at = g.each(at, item)
		}
		return at
	}
}

// each returns where an item can end that starts at any of some places.
func (g *grammar) each(starts []int, item gbnfItem) (ends []int) {
	for _, at := range starts {
		ends = append(ends, item(g, at)...)
	}
	slices.Sort(ends)
	return slices.Compact(ends)
}

var gbnfBounds = regexp.MustCompile(`^\{(\d+)(,(\d*))?\}`)

func (r *gbnfReader) repeated(item gbnfItem) gbnfItem {
	least, most := 1, 1
	switch m := gbnfBounds.FindStringSubmatch(r.rest); {
	case r.take("*"):
		least, most = 0, -1
	case r.take("+"):
		most = -1
	case r.take("?"):
		least = 0
	case m != nil:
		r.rest = r.rest[len(m[0]):]
		least, _ = strconv.Atoi(m[1])
		switch {
		case m[2] == "":
			most = least
		case m[3] == "":
			most = -1
		default:
			most, _ = strconv.Atoi(m[3])
		}
	}
	return func(g *grammar, from int) (ends []int) {
		if most < 0 && slices.Contains(item(&grammar{rules: g.rules}, 0), 0) {
			r.t.Fatal("what may be empty is repeated without end, which is a left recursion")
		}
		at := []int{from}
		for n := 0; len(at) > 0; n++ {
			if n >= least {
				before := len(ends)
				ends = append(ends, at...)
				slices.Sort(ends)
				if ends = slices.Compact(ends); n > least && len(ends) == before {
					break
				}
			}
			if n == most {
				break
			}
			at = g.each(at, item)
		}
		return ends
	}
}

func (r *gbnfReader) item() gbnfItem {
	switch {
	case r.take("("):
		group := r.alternatives()
		if !r.take(")") {
			r.t.Fatalf("a group is open before %q", r.rest)
		}
		return group
	case r.take(`"`):
		var text []rune
		for !r.take(`"`) {
			text = append(text, r.character())
		}
		return func(g *grammar, from int) []int {
			if from+len(text) <= len(g.text) && slices.Equal(g.text[from:from+len(text)], text) {
				return []int{from + len(text)}
			}
			return nil
		}
	case r.take("["):
		return r.class()
	}
	name := gbnfName.FindString(r.rest)
	if name == "" {
		r.t.Fatalf("no item begins with %q", r.rest)
	}
	r.rest = r.rest[len(name):]
	return func(g *grammar, from int) []int { return g.rules[name](g, from) }
}

func (r *gbnfReader) class() gbnfItem {
	negated := r.take("^")
	var pairs [][2]rune
	for !r.take("]") {
		first := r.character()
		last := first
		if len(r.rest) > 1 && r.rest[0] == '-' && r.rest[1] != ']' {
			r.take("-")
			last = r.character()
		}
		if last < first {
			r.t.Fatalf("the class has the range %q-%q", first, last)
		}
		pairs = append(pairs, [2]rune{first, last})
	}
	return func(g *grammar, from int) []int {
		if from == len(g.text) {
			return nil
		}
		in := slices.ContainsFunc(pairs, func(p [2]rune) bool { return p[0] <= g.text[from] && g.text[from] <= p[1] })
		if in == negated {
			return nil
		}
		return []int{from + 1}
	}
}

// character reads one character with the escapes of llama.cpp's parser.
func (r *gbnfReader) character() rune {
	if r.rest == "" {
		r.t.Fatal("the grammar ends within a literal or a class")
	}
	c, n := utf8.DecodeRuneInString(r.rest)
	r.rest = r.rest[n:]
	if c != '\\' {
		return c
	}
	kind := r.rest[:1]
	r.rest = r.rest[1:]
	digits := map[string]int{"x": 2, "u": 4, "U": 8}[kind]
	if digits > 0 {
		var code rune
		if _, err := fmt.Sscanf(r.rest[:digits], "%x", &code); err != nil {
			r.t.Fatal(err)
		}
		r.rest = r.rest[digits:]
		return code
	}
	plain := map[string]rune{"t": '\t', "r": '\r', "n": '\n', `\`: '\\', `"`: '"', "[": '[', "]": ']'}
	got, ok := plain[kind]
	if !ok {
		r.t.Fatalf(`the grammar has the escape \%s`, kind)
	}
	return got
}
