package sampling

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf16"
)

const (
	maxExpression = 64 << 10 // bytes of source
	maxStates     = 64 << 10 // of the machine
)

// parse returns an expression in normal form. Its errors continue a sentence that
// begins with the expression.
func parse(expr string) (*syntax.Regexp, error) {
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
	var n normalizer
	re = n.normal(re, true, true)
	switch {
	case n.err != nil:
		return nil, n.err
	case countStates(re) > maxStates:
		return nil, errTooLarge
	case re.Op == syntax.OpNoMatch:
		return nil, errors.New("matches no text")
	case re.Op == syntax.OpEmptyMatch:
		return nil, errors.New("matches only the empty text")
	}
	return re, nil
}

var errTooLarge = fmt.Errorf("is too large: more than %d states with its repetitions written out; leave long repetitions open, as in [a-z]+", maxStates)

// countStates returns the most states that re takes, or more than maxStates.
func countStates(re *syntax.Regexp) int {
	n := 1
	switch re.Op {
	case syntax.OpLiteral:
		n = len(string(re.Rune))
	case syntax.OpCharClass:
		n = 0
		for _, sequence := range utf8Ranges(re.Rune) {
			n += 1 + len(sequence)/2
		}
	case syntax.OpRepeat:
		n = (1 + countStates(re.Sub[0])) * max(re.Max, re.Min+1)
	default:
		for _, sub := range re.Sub {
			n = min(maxStates, n) + 1 + countStates(sub)
		}
	}
	return min(maxStates+1, n)
}

// A normalizer brings what package syntax parsed into normal form.
type normalizer struct {
	err  error // the first
	size int   // of all literals and classes so far, not repeated
}

var assertions = map[syntax.Op]string{
	syntax.OpBeginText:      "^ after the start; it matches only at the start of the whole text, where it is redundant",
	syntax.OpEndText:        "$ before the end; it matches only at the end of the whole text, where it is redundant",
	syntax.OpBeginLine:      "(?m)^; write the line break itself",
	syntax.OpEndLine:        "(?m)$; write the line break itself",
	syntax.OpWordBoundary:   `\b; servers read word boundaries differently`,
	syntax.OpNoWordBoundary: `\B; servers read word boundaries differently`,
}

// normal returns the normal form of re. first and last say whether nothing comes before
// and after it.
func (n *normalizer) normal(re *syntax.Regexp, first, last bool) *syntax.Regexp {
	if n.err != nil {
		return nothing
	}
	switch re.Op {
	case syntax.OpNoMatch:
		return nothing
	case syntax.OpEmptyMatch:
		return empty
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyCharNotNL, syntax.OpAnyChar:
		own := characters(re)
		if n.size += countStates(own); n.size > maxStates {
			n.err = errTooLarge
		}
		return own
	case syntax.OpCapture:
		return n.normal(re.Sub[0], first, last)
	case syntax.OpStar:
		return repeat(n.normal(re.Sub[0], false, false), 0, unlimited)
	case syntax.OpPlus:
		return repeat(n.normal(re.Sub[0], false, false), 1, unlimited)
	case syntax.OpQuest:
		return repeat(n.normal(re.Sub[0], false, false), 0, 1)
	case syntax.OpRepeat:
		return repeat(n.normal(re.Sub[0], false, false), re.Min, re.Max)
	case syntax.OpConcat:
		return n.concat(re.Sub, first, last)
	case syntax.OpAlternate:
		parts := make([]*syntax.Regexp, len(re.Sub))
		for i, sub := range re.Sub {
			parts[i] = n.normal(sub, first, last)
		}
		return alternate(parts...)
	}
	if re.Op == syntax.OpBeginText && first || re.Op == syntax.OpEndText && last {
		return empty
	}
	n.err = fmt.Errorf("has %s", assertions[re.Op])
	return nothing
}

func (n *normalizer) concat(sub []*syntax.Regexp, first, last bool) *syntax.Regexp {
	// The last part that is not an anchor still has nothing after it.
	end := len(sub) - 1
	for end > 0 && sub[end].Op == syntax.OpEndText {
		end--
	}
	parts := make([]*syntax.Regexp, len(sub))
	for i, s := range sub {
		parts[i] = n.normal(s, first, last && i >= end)
		first = first && s.Op == syntax.OpBeginText
	}
	return concat(parts...)
}

// characters returns the normal form of a literal or a class.
func characters(re *syntax.Regexp) *syntax.Regexp {
	switch {
	case re.Op == syntax.OpCharClass:
		return class(re.Rune)
	case re.Op == syntax.OpAnyCharNotNL:
		return class([]rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune})
	case re.Op == syntax.OpAnyChar:
		return class([]rune{0, unicode.MaxRune})
	case slices.ContainsFunc(re.Rune, utf16.IsSurrogate):
		return nothing
	case re.Flags&syntax.FoldCase == 0:
		return literal(re.Rune)
	}
	parts := make([]*syntax.Regexp, len(re.Rune))
	for i, r := range re.Rune {
		pairs := []rune{r, r}
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			pairs = append(pairs, other, other)
		}
		parts[i] = class(pairs)
	}
	return concat(parts...)
}
