package assistant

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// A reply is a loop if it ends in at least loopTimes copies of one passage that are
// together at least loopBytes long. So a sentence of 80 bytes may occur three times in a
// row, and a word of four bytes 79 times. Rows of a list or a table that differ may occur
// any number of times. Passages without a letter or digit, such as ruled lines, do not
// count, nor do those longer than loopPassage bytes.
//
// If the token limit cuts the reply, cutTimes copies of cutBytes together are enough: a
// loop has no other end, and a loop in one turn causes loops in later ones.
const (
	loopTimes   = 4
	loopBytes   = 320
	cutTimes    = 2.25
	cutBytes    = 64
	loopPassage = 1024
	loopEvery   = 64 // bytes between two looks
)

// A loopFinder finds loops in a text as it arrives. It looks at fixed places, so that the
// result does not depend on how the text was split. A look compares the end of the text
// with itself, shifted by each possible length of a passage. Nearly always the last byte
// differs.
type loopFinder struct {
	off    bool
	found  bool
	text   []byte // the end of the text, at least as much as any loop needs
	size   int    // bytes seen
	spoken int    // bytes seen up to the last letter or digit
}

// write reads text up to the end of a loop, and returns that part.
func (l *loopFinder) write(text string) string {
	if l.off {
		return text
	}
	for i, c := range text {
		if l.found {
			return text[:i]
		}
		before := l.size
		l.text = utf8.AppendRune(l.text, c)
		l.size += utf8.RuneLen(c)
		if unicode.IsLetter(c) || unicode.IsNumber(c) {
			l.spoken = l.size
		}
		if before/loopEvery != l.size/loopEvery {
			l.look(loopTimes, loopBytes)
		}
	}
	return text
}

// close looks once more, at the end of a text that the token limit has cut.
func (l *loopFinder) close() {
	if !l.found && !l.off {
		l.look(cutTimes, cutBytes)
	}
}

func (l *loopFinder) look(times float64, bytesLong int) {
	const most = loopTimes * loopPassage
	if len(l.text) > 2*most {
		l.text = append(l.text[:0], l.text[len(l.text)-most:]...)
	}
	text := l.text
	end := len(text)
	// The passage must have the last letter in it, so it cannot be shorter.
	for passage := l.size - l.spoken + 1; passage <= loopPassage; passage++ {
		span := max(int(times*float64(passage)), bytesLong)
		if span > end {
			return
		}
		if text[end-1] == text[end-1-passage] && bytes.Equal(text[end-span+passage:], text[end-span:end-passage]) {
			l.found = true
			return
		}
	}
}
