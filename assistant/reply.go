package assistant

import (
	"strings"
	"unicode"
)

// A replyReader undoes the layout of a reply as it arrives: it takes away the
// space that parts it from its label, what stuff put in front of lines, and the
// white space around the whole, and it ends the reply where a line begins with a
// mark. What it gives out, joined, does not depend on how the text was cut into
// pieces.
//
// The stop sequences end most replies before that. They miss a mark at the very
// beginning, where no line break stands before it, and one behind a line end
// that is not "\n".
//
// It holds back the least that it can: a line that begins with a space until it
// is clear whether stuff wrote the space, any other until it is no mark, and
// white space until something follows it.
type replyReader struct {
	page  *page
	marks []string
	out   strings.Builder // to be given out

	afterCR bool
	padded  bool // the space behind the label has been dealt with
	ended   bool // a mark has come

	at     position
	line   []rune // what is held of the line
	look   lookout
	length int  // of the line so far, in runes
	gap    bool // the line before it is empty, or there is none

	space []rune // white space that nothing has followed yet
	begun bool   // something has been given out

	known int // how many runes of line are in out already, from the prefill
	loop  loopFinder
}

// A position says what is known about the line that is being read.
type position int

const (
	atStart position = iota
	inSpace          // it begins with a space and may be a stuffed mark
	inMark           // it may be a mark
	passing          // whatever comes, it is neither
)

// newReplyReader returns a reader of a reply that begins with prefill, which is
// clean and given out first. Where the prefill repeats itself, that is not a loop.
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
	// The model goes on in this line, which may still become a mark. A space in
	// front of it is the caller's own and not written by stuff.
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
		c = mend(c)
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

// over reports whether nothing that comes can be part of the reply.
func (r *replyReader) over() bool { return r.ended || r.loop.found }

// take returns what can be given out by now.
func (r *replyReader) take() string {
	text := r.out.String()
	r.out.Reset()
	return text
}

// close says that the reply is over. What was held is given out, but for white
// space.
func (r *replyReader) close() {
	if !r.over() {
		r.flush()
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
		r.at, r.look = inSpace, lookout{page: r.page}
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

// literal ends the reply if the line is a mark, and lets it go if it is none.
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

// flush lets go of what is held of the line.
func (r *replyReader) flush() {
	for _, c := range r.line[r.known:] {
		r.trim(c)
	}
	r.line, r.known = r.line[:0], 0
	r.at = passing
}

// trim leaves out the white space around the reply.
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
