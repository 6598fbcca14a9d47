package assistant

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// A replyReader undoes the layout of a reply as it arrives: the space after the label, the
// spaces that stuff puts before lines, and white space around the reply. It ends the reply
// at a line that begins with a mark. The stop sequences miss a mark at the very beginning,
// and one after a line end other than "\n". The output does not depend on how the text was
// split.
//
// It holds back a line that begins with a space until it is clear whether stuff wrote the
// space, any other line until it cannot be a mark, and white space until something
// follows.
type replyReader struct {
	page  *page
	marks []string
	out   strings.Builder // to be given out

	afterCR bool
	padded  bool // the space after the label is done
	ended   bool // a mark has come

	at     position
	line   []rune // the part of the line that is held back
	look   markMatcher
	length int  // of the line so far, in runes
	gap    bool // the line is the first or follows an empty one

	space []rune // white space, held back until something follows
	begun bool   // something has been given out

	known int // how many runes of line are in out already, from the prefill
	loop  loopFinder
}

// A position is what is known about the line so far.
type position int

const (
	atStart position = iota
	inSpace          // it begins with a space and may be a stuffed mark
	inMark           // it may be a mark
	passing          // it is neither, whatever follows
)

// newReplyReader returns a reader of a reply that begins with prefill, which is clean and
// given out first. Repetition within the prefill is not a loop.
func newReplyReader(p *page, prefill string) *replyReader {
	r := &replyReader{page: p, marks: p.marks(), padded: !p.inline(), gap: true}
	if prefill == "" {
		return r
	}
	r.out.WriteString(prefill)
	r.padded, r.begun = true, true
	lines := strings.Split(prefill, "\n")
	n := len(lines) - 1
	r.gap = n == 0 || lines[n-1] == ""
	r.line = []rune(lines[n])
	r.known, r.length = len(r.line), len(r.line)
	// The model continues this line, which may still become a mark. A space before it is
	// the caller's own.
	r.at = passing
	for _, mark := range r.marks {
		if len(mark) > len(lines[n]) && strings.HasPrefix(mark, lines[n]) {
			r.at = inMark
		}
	}
	if r.at == passing {
		r.flush()
	}
	return r
}

// write reads a piece of the reply, which ends in a whole rune.
func (r *replyReader) write(piece string) {
	for _, c := range piece {
		if r.over() {
			return
		}
		if c == 0 {
			c = utf8.RuneError // clean refuses NUL
		}
		afterCR := r.afterCR
		r.afterCR = c == '\r'
		if c == '\n' && afterCR {
			continue
		}
		if otherLineEnd(c) {
			c = '\n'
		}
		if !r.padded {
			r.padded = true
			if c == ' ' {
				continue
			}
		}
		r.mark(c)
	}
}

// over reports whether the reply has ended.
func (r *replyReader) over() bool { return r.ended || r.loop.found }

// take returns the text that was given out since the last call.
func (r *replyReader) take() string {
	text := r.out.String()
	r.out.Reset()
	return text
}

// close ends the reply and gives out what was held back, except for white space.
func (r *replyReader) close(reason sampling.Reason) {
	if !r.over() {
		r.flush()
	}
	if reason == sampling.TokenLimit {
		r.loop.close()
	}
}

// mark looks for marks at the beginning of lines, and undoes stuff.
func (r *replyReader) mark(c rune) {
	if c == '\n' {
		r.flush()
		r.trim(c)
		r.at, r.gap, r.length = atStart, r.length == 0, 0
		return
	}
	r.length++
	switch {
	case r.at == passing:
		r.trim(c)
		return
	case r.at == atStart && c == ' ':
		r.at, r.look = inSpace, markMatcher{page: r.page}
	case r.at == atStart:
		r.at = inMark
	}
	r.line = append(r.line, c)
	if r.at == inMark {
		r.literal()
		return
	}
	switch r.look.step(c) {
	case isMark:
		r.line = r.line[1:]
		r.flush()
	case noMark:
		r.flush()
	}
}

// literal ends the reply if the line is a mark, and flushes it if it cannot be one.
func (r *replyReader) literal() {
	line, maybe := string(r.line), false
	for _, mark := range r.marks {
		if mark == rule && !r.gap {
			continue // a heading, in Markdown; see stops
		}
		if mark == line {
			r.ended = true
			return
		}
		maybe = maybe || strings.HasPrefix(mark, line)
	}
	if !maybe {
		r.flush()
	}
}

// flush gives out what is held back of the line.
func (r *replyReader) flush() {
	for _, c := range r.line[r.known:] {
		r.trim(c)
	}
	r.line, r.known = r.line[:0], 0
	r.at = passing
}

// trim drops white space around the reply.
func (r *replyReader) trim(c rune) {
	if unicode.IsSpace(c) {
		if r.begun {
			r.space = append(r.space, c)
		}
		return
	}
	r.begun = true
	for _, s := range r.space {
		r.give(s)
	}
	r.space = r.space[:0]
	r.give(c)
}

func (r *replyReader) give(c rune) {
	if r.loop.found {
		return
	}
	r.out.WriteRune(c)
	r.loop.write(c)
}
