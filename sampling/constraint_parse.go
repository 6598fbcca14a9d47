package sampling

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"unicode"
)

const (
	maxExpression = 64 << 10 // bytes of source
	maxStates     = 64 << 10 // of the machine
)

// parse returns the tree of an expression. Its errors continue a sentence that
// begins with the expression.
func parse(expr string) (*tree, error) {
	if len(expr) > maxExpression {
		return nil, fmt.Errorf("has %d bytes, and %d is the most", len(expr), maxExpression)
	}
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		var why *syntax.Error
		if errors.As(err, &why) {
			return nil, fmt.Errorf("does not parse: %s at %s", why.Code, quoteShort(why.Expr))
		}
		return nil, fmt.Errorf("does not parse: %v", err)
	}
	p := parser{sizes: make(map[*tree]int)}
	t, err := p.tree(re, true, true)
	switch {
	case err != nil:
		return nil, err
	case t == nothing:
		return nil, errors.New("matches no text")
	case t == empty:
		return nil, errors.New("matches only the empty text")
	}
	return t, nil
}

// A parser translates what package syntax parsed.
type parser struct {
	sizes map[*tree]int // how many states a tree takes
	size  int           // of all literals and classes so far, not repeated
}

var assertions = map[syntax.Op]string{
	syntax.OpBeginText:      "^ after the start; it matches only at the start of the whole text, where it is redundant",
	syntax.OpEndText:        "$ before the end; it matches only at the end of the whole text, where it is redundant",
	syntax.OpBeginLine:      "(?m)^; write the line break itself",
	syntax.OpEndLine:        "(?m)$; write the line break itself",
	syntax.OpWordBoundary:   `\b; servers read word boundaries differently`,
	syntax.OpNoWordBoundary: `\B; servers read word boundaries differently`,
}

// tree translates re. first and last say whether nothing comes before and after.
func (p *parser) tree(re *syntax.Regexp, first, last bool) (*tree, error) {
	t, err := p.plain(re, first, last)
	if err != nil {
		return nil, err
	}
	n := stateCount(t, p.sizes)
	if len(re.Sub) == 0 {
		p.size += n
	}
	if max(n, p.size) > maxStates {
		return nil, fmt.Errorf("is too large: more than %d states with its repetitions written out; leave long repetitions open, as in [a-z]+", maxStates)
	}
	return t, nil
}

func (p *parser) plain(re *syntax.Regexp, first, last bool) (*tree, error) {
	switch re.Op {
	case syntax.OpNoMatch:
		return nothing, nil
	case syntax.OpEmptyMatch:
		return empty, nil
	case syntax.OpLiteral:
		parts := make([]*tree, len(re.Rune))
		for i, r := range re.Rune {
			parts[i] = character(r, re.Flags&syntax.FoldCase != 0)
		}
		return concat(parts...), nil
	case syntax.OpCharClass:
		return class(re.Rune), nil
	case syntax.OpAnyCharNotNL:
		return class([]rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}), nil
	case syntax.OpAnyChar:
		return class([]rune{0, unicode.MaxRune}), nil
	case syntax.OpCapture:
		return p.tree(re.Sub[0], first, last)
	case syntax.OpBeginText:
		if first {
			return empty, nil
		}
	case syntax.OpEndText:
		if last {
			return empty, nil
		}
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		t, err := p.tree(re.Sub[0], false, false)
		if err != nil {
			return nil, err
		}
		least, most := re.Min, re.Max
		switch re.Op {
		case syntax.OpStar:
			least, most = 0, unlimited
		case syntax.OpPlus:
			least, most = 1, unlimited
		case syntax.OpQuest:
			least, most = 0, 1
		}
		return repeat(t, least, most), nil
	case syntax.OpConcat, syntax.OpAlternate:
		return p.several(re, first, last)
	}
	if what, ok := assertions[re.Op]; ok {
		return nil, fmt.Errorf("has %s", what)
	}
	return nil, fmt.Errorf("has %v, which has no translation", re.Op)
}

func (p *parser) several(re *syntax.Regexp, first, last bool) (*tree, error) {
	parts := make([]*tree, len(re.Sub))
	// The last part that is not an anchor still has nothing after it.
	end := len(re.Sub) - 1
	for end > 0 && re.Sub[end].Op == syntax.OpEndText {
		end--
	}
	for i, sub := range re.Sub {
		var err error
		if re.Op == syntax.OpAlternate {
			parts[i], err = p.tree(sub, first, last)
		} else {
			parts[i], err = p.tree(sub, first, last && i >= end)
			first = first && sub.Op == syntax.OpBeginText
		}
		if err != nil {
			return nil, err
		}
	}
	if re.Op == syntax.OpAlternate {
		return alternate(parts...), nil
	}
	return concat(parts...), nil
}

// character returns the tree of one rune, or of all its cases.
func character(r rune, fold bool) *tree {
	pairs := []rune{r, r}
	if fold {
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			pairs = append(pairs, other, other)
		}
	}
	return class(sortPairs(pairs))
}

// stateCount returns the number of states of t's machine, or more than maxStates.
// known caches the counts of trees.
func stateCount(t *tree, known map[*tree]int) int {
	if n, ok := known[t]; ok {
		return n
	}
	n := 1
	switch t.op {
	case opLiteral:
		n = len(t.text)
	case opClass:
		n = classSize(t.set)
	case opRepeat:
		n = stateCount(t.sub[0], known)
		times := max(t.max, t.min+1)
		n = min(maxStates+1, (n+1)*times)
	default:
		for _, s := range t.sub {
			n = min(maxStates+1, n+1+stateCount(s, known))
		}
	}
	known[t] = n
	return n
}
