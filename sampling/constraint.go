package sampling

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"sync"
	"sync/atomic"
)

// A Constraint restricts the text of a completion before the stop sequence. Make
// one with [OneOf] or [Matching]. The zero Constraint allows every text.
//
// A Constraint is a regular language. Backends translate it for their servers,
// and [Model] checks every answer. It is a small value that may be copied, and is
// safe for concurrent use.
type Constraint struct {
	lang *language
}

// A language is shared by all copies of a Constraint. Its translations are
// computed on first use.
type language struct {
	err     error          // why no request may have this Constraint
	choices []string       // the texts, where it is a list
	expr    *syntax.Regexp // in normal form

	pattern func() string
	gbnf    func() string
	machine func() *machine
	wrapped atomic.Pointer[wrapping] // the last Wrap; a task repeats the same one
	checked atomic.Pointer[checked]
}

type wrapping struct {
	before, after string
	c             Constraint
}

func newConstraint(expr *syntax.Regexp, choices []string) Constraint {
	l := &language{expr: expr, choices: choices}
	l.pattern = sync.OnceValue(func() string { return writePattern(expr) })
	l.gbnf = sync.OnceValue(func() string { return writeGBNF(expr) })
	l.machine = sync.OnceValue(func() *machine { return compile(expr) })
	return Constraint{l}
}

// refused returns a Constraint that makes a request invalid.
func refused(format string, args ...any) Constraint {
	c := newConstraint(nothing, nil)
	c.lang.err = fmt.Errorf("%w: Constraint: "+format, append([]any{ErrInvalid}, args...)...)
	return c
}

// maxChoices is the size of the longest list of OneOf, in bytes of all texts.
const maxChoices = 1 << 20

// OneOf returns the Constraint that allows only these texts.
//
// An empty list, a repeated text, text that is not UTF-8 and a list of more than
// 1 MiB are errors wrapping [ErrInvalid]. [Request.Validate] returns them.
func OneOf(texts ...string) Constraint {
	if len(texts) == 0 {
		return refused("OneOf has no texts; give at least one")
	}
	first := make(map[string]int, len(texts))
	size := 0
	for i, text := range texts {
		if at := invalidUTF8(text); at >= 0 {
			return refused("text %d of OneOf is not valid UTF-8 at byte %d", i, at)
		}
		if j, ok := first[text]; ok {
			return refused("text %d of OneOf repeats text %d, %q; leave one out", i, j, text)
		}
		first[text] = i
		if size += len(text); size > maxChoices {
			return refused("the texts of OneOf have more than %d bytes; give fewer or shorter ones", maxChoices)
		}
	}
	if len(texts) == 1 && texts[0] == "" {
		return refused("OneOf allows the empty text alone; drop the Constraint, or give texts")
	}
	sorted := make([][]rune, len(texts))
	for i, text := range slices.Sorted(slices.Values(texts)) {
		sorted[i] = []rune(text)
	}
	return newConstraint(trie(sorted, 0), slices.Clone(texts))
}

// Matching returns the Constraint that allows the texts that match expr as a
// whole. The syntax is that of package [regexp], without word boundaries and (?m).
// Anchors, captures and laziness have no effect. Text that is not UTF-8 does not
// match.
//
// The error wraps [ErrInvalid] if expr does not parse, matches no text or only the
// empty one, or is too large: 64 KiB of source, or 65,536 states with repetitions
// written out. Leave long repetitions open, as in [a-z]+, and set MaxTokens.
func Matching(expr string) (Constraint, error) {
	re, err := parse(expr)
	if err != nil {
		return Constraint{}, fmt.Errorf("%w: Constraint: the expression %s %w", ErrInvalid, quoteShort(expr), err)
	}
	return newConstraint(re, nil), nil
}

// quoteShort quotes the beginning of a text for an error.
func quoteShort(text string) string {
	const most = 80
	if len(text) <= most {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprintf("%q...", text[:most])
}

// IsZero reports whether c is the zero Constraint, which allows every text.
func (c Constraint) IsZero() bool { return c.lang == nil }

// Wrap returns the Constraint that allows each text of c between before and after.
// Formats add the space at the boundary with it, and backends the stop sequence.
// The zero Constraint stays zero.
func (c Constraint) Wrap(before, after string) Constraint {
	if c.lang == nil || c.lang.err != nil || before == "" && after == "" {
		return c
	}
	for _, text := range []string{before, after} {
		if at := invalidUTF8(text); at >= 0 {
			return refused("%q is not valid UTF-8 at byte %d", text, at)
		}
	}
	if w := c.lang.wrapped.Load(); w != nil && w.before == before && w.after == after {
		return w.c
	}
	choices := slices.Clone(c.lang.choices)
	for i, text := range choices {
		choices[i] = before + text + after
	}
	w := &wrapping{before, after, newConstraint(concat(literal([]rune(before)), c.lang.expr, literal([]rune(after))), choices)}
	c.lang.wrapped.Store(w)
	return w.c
}

// Choices returns the texts that c allows, in the order given to [OneOf], or nil
// if c is not a list. The caller may change the slice.
func (c Constraint) Choices() []string {
	if c.lang == nil {
		return nil
	}
	return slices.Clone(c.lang.choices)
}

// Pattern returns c as a regular expression for the whole text, without syntax that
// servers read differently. It is empty for the zero Constraint.
func (c Constraint) Pattern() string {
	if c.lang == nil {
		return ""
	}
	return c.lang.pattern()
}

// GBNF returns c as a llama.cpp grammar with the rule "root". It is empty for the
// zero Constraint.
func (c Constraint) GBNF() string {
	if c.lang == nil {
		return ""
	}
	return c.lang.gbnf()
}

// Match returns nil if c allows text, or else an error wrapping [ErrConstraint]
// with the position where text leaves c. It takes linear time.
func (c Constraint) Match(text string) error {
	_, err := c.Start().verify(text, 0, EndOfText)
	return err
}
