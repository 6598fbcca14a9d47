package tiktoken

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// A Counter counts the tokens of one encoding. Get one from [For] or [ForModel];
// the zero Counter only returns errors. Counters are safe for concurrent use.
type Counter struct {
	encoding string
	pieces   *regexp.Regexp
	ranks    map[string]int // of the tokens; never written to
	counted  memory
}

var _ sampling.Counter = (*Counter)(nil)

// Count returns the number of tokens in text, without the begin-of-text token that
// many servers add. The names of special tokens, such as <|endoftext|>, count as
// plain text. Each byte that is not valid UTF-8 counts as U+FFFD, as in JSON.
//
// Count takes linear time. The count of a word of more than 64 KiB may be a few tokens
// too high. For Counters from For or ForModel the error is nil.
func (c *Counter) Count(_ context.Context, text string) (int, error) {
	if c == nil || c.ranks == nil {
		return 0, errors.New("tiktoken: this Counter has no vocabulary; get one from tiktoken.For")
	}
	return c.count(text), nil
}

// Encoding returns the name of the encoding, such as "cl100k_base".
func (c *Counter) Encoding() string { return c.encoding }

func (c *Counter) count(text string) int {
	if !utf8.ValidString(text) {
		// As the library does for each piece. Otherwise invalid bytes could match parts
		// of runes in the vocabulary.
		text = string([]rune(text))
	}
	total := 0
	for len(text) > 0 {
		n := nextChunk(text)
		total += c.chunk(text[:n])
		text = text[n:]
	}
	return total
}

// chunk counts the tokens of a chunk, most of which were counted before.
func (c *Counter) chunk(text string) int {
	if n, ok := c.counted.get(text); ok {
		return n
	}
	total := 0
	for rest := text; rest != ""; {
		n := c.split(rest)
		total += c.piece(rest[:n])
		rest = rest[n:]
	}
	c.counted.put(text, total)
	return total
}

// longestMerged is how many bytes are merged at once, which bounds the memory that a
// text without spaces takes.
const longestMerged = 64 << 10

// piece counts the tokens of one piece, most of which are in the vocabulary.
func (c *Counter) piece(text string) int {
	if _, ok := c.ranks[text]; ok {
		return 1
	}
	n, ok := c.counted.get(text)
	if !ok {
		n = c.mergeParts(text, longestMerged)
		c.counted.put(text, n)
	}
	return n
}

// mergeParts merges a piece in parts of at most the given bytes. At each seam it counts
// one token more, so that the count is not too low.
func (c *Counter) mergeParts(piece string, most int) int {
	n := -1
	for part := range slices.Chunk([]byte(piece), most) {
		n += 1 + c.merge(string(part))
	}
	return n
}
