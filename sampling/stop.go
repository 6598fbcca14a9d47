package sampling

import (
	"iter"
	"unicode/utf8"
)

// Cut returns the text before the stop sequence that completes first, and that
// sequence. If two complete at the same byte, the longer one wins. Without a stop
// sequence it returns text and "".
//
// The stop that completes first, not the one that begins first, gives the same
// result for every way of splitting the text into chunks.
func Cut(text string, stop []string) (before, found string) {
	if len(stop) == 0 {
		return text, ""
	}
	m := newFinder(stop)
	_, i, end := m.feed(0, text)
	if i < 0 {
		return text, ""
	}
	return text[:end-len(stop[i])], stop[i]
}

// Until yields the chunks up to the stop sequence that [Cut] finds, and then leaves
// the sequence, which cancels a [Backend]. The last chunk has [StopSequence] and
// the stop.
//
// Until holds back only the longest suffix that could become a stop sequence or
// a whole rune. It yields that suffix when the chunks end or fail. Other chunks
// pass without an allocation. The sequence is single-use.
func Until(chunks iter.Seq2[Chunk, error], stop []string) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		c := cutter{match: newFinder(stop)}
		last, stopped := Chunk{}, false
		var fault error
		for chunk, err := range chunks {
			if fault = err; err != nil {
				break
			}
			if last, stopped = c.cut(chunk); stopped {
				break // before the yield, so that the backend does not wait for the consumer
			}
			if last.Reason == Unfinished && last.Text == "" && len(last.Tokens) == 0 && last.Usage == (Usage{}) {
				continue // all of it is held back
			}
			if !yield(last, nil) {
				return
			}
		}
		if !stopped {
			last = c.rest(Chunk{})
		}
		if (stopped || last.Text != "" || len(last.Tokens) > 0) && !yield(last, nil) {
			return
		}
		if fault != nil {
			yield(Chunk{}, fault)
		}
	}
}

// A cutter cuts a stream of chunks at the first stop sequence.
type cutter struct {
	match *finder
	state int32
	held  string // text received but not yielded

	// tokens received but not yielded. credit is the number of yielded bytes of text
	// without a yielded token.
	tokens []Token
	credit int
}

// cut takes the next chunk and returns the part to yield. done reports that a stop
// sequence completed.
func (c *cutter) cut(chunk Chunk) (out Chunk, done bool) {
	state, stop, end := c.match.feed(c.state, chunk.Text)
	c.state = state
	if stop >= 0 {
		found := c.match.stops[stop]
		out = c.release(chunk, c.joined(chunk.Text[:end]), len(found))
		out.Reason, out.Stop = StopSequence, found
		return out, true
	}
	if chunk.Reason != Unfinished {
		return c.rest(chunk), false
	}
	text := c.joined(chunk.Text)
	hold := max(int(c.match.nodes[state].depth), partialRune(text))
	if c.held == "" && hold == 0 && len(c.tokens) == 0 && c.passes(chunk) {
		return chunk, false
	}
	return c.release(chunk, text, hold), false
}

func (c *cutter) joined(text string) string {
	if c.held == "" {
		return text
	}
	return c.held + text
}

// passes reports whether the chunk's tokens are within the text yielded with it, and if
// so updates credit. A backend that holds back part of a rune sends tokens before or
// after their text.
func (c *cutter) passes(chunk Chunk) bool {
	credit := c.credit + len(chunk.Text)
	for i := range chunk.Tokens {
		credit -= len(chunk.Tokens[i].Text)
	}
	if credit < 0 {
		return false
	}
	c.credit = credit
	return true
}

// release returns text without its last hold bytes, and the tokens within it.
func (c *cutter) release(chunk Chunk, text string, hold int) Chunk {
	n := len(text) - hold
	chunk.Text, c.held = text[:n], text[n:]
	c.tokens = append(c.tokens, chunk.Tokens...)
	c.credit += n
	out := 0
	for out < len(c.tokens) && len(c.tokens[out].Text) <= c.credit {
		c.credit -= len(c.tokens[out].Text)
		out++
	}
	chunk.Tokens = c.tokens[:out:out]
	c.tokens = c.tokens[out:]
	return chunk
}

// rest returns all held text with the last chunk, and resets c.
func (c *cutter) rest(last Chunk) Chunk {
	last.Text = c.joined(last.Text)
	if len(c.tokens) > 0 {
		last.Tokens = append(c.tokens, last.Tokens...)
	}
	c.state, c.held, c.tokens, c.credit = 0, "", nil, 0
	return last
}

// partialRune returns how many bytes at the end of s begin an unfinished rune.
func partialRune(s string) int {
	for n := 1; n <= min(len(s), utf8.UTFMax-1); n++ {
		b := s[len(s)-n]
		if b < utf8.RuneSelf {
			return 0
		}
		if utf8.RuneStart(b) {
			if utf8.FullRuneInString(s[len(s)-n:]) {
				return 0
			}
			return n
		}
	}
	return 0
}
