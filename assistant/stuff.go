package assistant

import (
	"slices"
	"strings"
)

// stuff puts one more space before every line of text that a model might take for a mark
// of the layout. Spaces before a line do not change whether it looks like a mark, so
// removing one space from each such line undoes stuff:
//
//	Human: hi        ->   " Human: hi"    ->  "Human: hi"
//	"  human : hi"   ->   "   human : hi" ->  "  human : hi"
//	" The human: hi" ->   " The human: hi", which is not a label
func (p *page) stuff(text string) string { return prefixLines(text, " ", p.looksLikeMark) }

// prefixLines puts a prefix before each line for which it is needed.
func prefixLines(text, prefix string, needed func(line string) bool) string {
	var prefixed []byte
	at, done := 0, 0 // done is how much of text is in prefixed
	for line := range strings.Lines(text) {
		if needed(strings.TrimSuffix(line, "\n")) {
			prefixed = append(prefixed, text[done:at]...)
			prefixed = append(prefixed, prefix...)
			done = at
		}
		at += len(line)
	}
	if prefixed == nil {
		return text
	}
	return string(append(prefixed, text[done:]...))
}

func (p *page) looksLikeMark(line string) bool {
	look := markMatcher{page: p}
	return look.read(line) == isMark
}

type verdict int

const (
	undecided verdict = iota
	isMark
	noMark
)

// A markMatcher reads the beginning of a line and tells whether a model may
// take it for a mark. A label may have any letters that fold to the name's, decoration,
// symbols and invisible characters anywhere, and any kind of colon. A fence or a rule may be
// longer than the layout's own.
type markMatcher struct {
	page    *page
	matched [2]int // letters of each name seen; -1 when the line cannot be its label
	run     int    // runes of the separator seen; -1 when the line cannot be one
}

// read reads the next part of the line, up to a verdict.
func (l *markMatcher) read(text string) verdict {
	for _, r := range text {
		if v := l.step(r); v != undecided {
			return v
		}
	}
	return undecided
}

func (l *markMatcher) step(r rune) verdict {
	decoration := isDecoration(r) || !l.page.symbols && isSymbol(r)
	var folded [3]rune
	letters := appendFolded(folded[:0], r)
	maybe := false
	for i, name := range l.page.alike {
		n := l.matched[i]
		switch {
		case n < 0:
			continue
		case n == len(name) && isColon(r):
			return isMark
		case decoration:
		case n+len(letters) <= len(name) && slices.Equal(letters, name[n:n+len(letters)]):
			l.matched[i] += len(letters)
		default:
			l.matched[i] = -1
			continue
		}
		maybe = true
	}
	switch {
	case l.run < 0:
	case l.page.separator == "":
		l.run = -1
	case l.page.separates(r):
		if l.run++; l.run == len(l.page.separator) {
			return isMark
		}
	case !isInvisible(r):
		l.run = -1
	}
	if maybe || l.run >= 0 {
		return undecided
	}
	return noMark
}

// skeleton returns the folded letters of a name, by which names are compared.
func skeleton(name string) []rune {
	var letters []rune
	for _, r := range name {
		if !isDecoration(r) {
			letters = appendFolded(letters, r)
		}
	}
	return letters
}
