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
	page *page
	out  strings.Builder // to be given out

	afterCR bool
	padded  bool // the space after the label is done
	ended   bool // a mark has come

	held    []byte // of the line
	known   int    // how much of it is in out already, from the prefill
	look    markMatcher
	settled bool // the rest of the line is text, whatever follows
	empty   bool // the line, so far
	gap     bool // the line is the first or follows an empty one

	space []byte // white space, held back until something follows
	begun bool   // something has been given out
	loop  loopFinder
}

// newReplyReader returns a reader of a reply that begins with prefill, which is clean and
// given out first. Repetition within the prefill is not a loop.
func newReplyReader(p *page, prefill string) *replyReader {
	r := &replyReader{page: p, padded: !p.inline()}
	r.startLine(true)
	if prefill == "" {
		return r
	}
	r.out.WriteString(prefill)
	r.padded, r.begun, r.empty = true, true, false
	lines := strings.Split(prefill, "\n")
	n := len(lines) - 1
	r.gap = n == 0 || lines[n-1] == ""
	// The model continues the last line, which may still become a mark. A space before it
	// is the caller's own.
	r.settled = true
	for _, mark := range r.page.marks {
		if len(mark) > len(lines[n]) && strings.HasPrefix(mark, lines[n]) {
			r.settled, r.held, r.known = false, []byte(lines[n]), len(lines[n])
		}
	}
	return r
}

// write reads a piece of the reply, which ends in a whole rune.
func (r *replyReader) write(piece string) {
	if piece == "" {
		return
	}
	if r.afterCR {
		piece = strings.TrimPrefix(piece, "\n")
	}
	r.afterCR = strings.HasSuffix(piece, "\r")
	piece = lineEnds(strings.Map(func(c rune) rune { // Map also replaces invalid UTF-8
		if c == 0 {
			return utf8.RuneError // clean refuses NUL
		}
		return c
	}, piece))
	if !r.padded {
		r.padded = true
		piece = strings.TrimPrefix(piece, " ")
	}
	for line := range strings.Lines(piece) {
		text, ended := strings.CutSuffix(line, "\n")
		r.read(text)
		if r.over() {
			return
		}
		if ended {
			r.flush()
			r.trim("\n")
			r.startLine(r.empty)
		}
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

func (r *replyReader) startLine(gap bool) {
	r.look = markMatcher{page: r.page}
	r.settled, r.empty, r.gap = false, true, gap
}

// read looks for a mark at the beginning of a line, and undoes stuff. text is the next
// part of the line.
func (r *replyReader) read(text string) {
	if text == "" {
		return
	}
	r.empty = false
	if r.settled {
		r.trim(text)
		return
	}
	r.held = append(r.held, text...)
	if r.held[0] != ' ' {
		r.literal(string(r.held))
		return
	}
	switch r.look.read(text) {
	case isMark:
		r.held = r.held[1:]
		r.flush()
	case noMark:
		r.flush()
	}
}

// literal ends the reply if the line begins with a mark, and flushes it if it cannot.
func (r *replyReader) literal(line string) {
	maybe := false
	for _, mark := range r.page.marks {
		if mark == rule && !r.gap {
			continue // a heading, in Markdown; see stops
		}
		if strings.HasPrefix(line, mark) {
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
	r.trim(string(r.held[r.known:]))
	r.held, r.known, r.settled = r.held[:0], 0, true
}

// trim gives out text without white space around the reply.
func (r *replyReader) trim(text string) {
	if !r.begun {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		r.begun = text != ""
	}
	said := strings.TrimRightFunc(text, unicode.IsSpace)
	if said != "" {
		r.out.WriteString(r.loop.write(string(r.space)))
		r.out.WriteString(r.loop.write(said))
		r.space = r.space[:0]
	}
	r.space = append(r.space, text[len(said):]...)
}
