package tiktoken

import (
	"context"
	"errors"
	"unicode/utf8"

	bpe "github.com/pkoukk/tiktoken-go"

	"github.com/foreword-go/foreword/sampling"
)

// A Counter counts the tokens of one encoding. Get one from [For] or [ForModel];
// the zero Counter only returns errors. Counters are safe for concurrent use.
type Counter struct {
	encoding string
	split    splitter
	ranks    map[string]int // shared with merge, and never written to
	merge    *bpe.Tiktoken  // takes its input as one piece
	counted  memory
}

var _ sampling.Counter = (*Counter)(nil)

// Count returns the number of tokens in text, without the begin-of-text token that
// many servers add. The names of special tokens, such as <|endoftext|>, count as
// plain text. Each byte that is not valid UTF-8 counts as U+FFFD, as in JSON.
//
// Count takes linear time. For Counters from For or ForModel the error is nil.
func (c *Counter) Count(_ context.Context, text string) (int, error) {
	if c == nil || c.merge == nil {
		return 0, errors.New("tiktoken: this Counter has no vocabulary; get one from tiktoken.For")
	}
	return c.count(text, window), nil
}

// Encoding returns the name of the encoding, such as "cl100k_base".
func (c *Counter) Encoding() string { return c.encoding }

// count is Count with the longest piece to merge at once, in bytes.
func (c *Counter) count(text string, window int) int {
	if !utf8.ValidString(text) {
		// As the library does for each piece. Otherwise invalid bytes could match parts
		// of runes in the vocabulary.
		text = string([]rune(text))
	}
	total := 0
	for len(text) > 0 {
		n := c.split(text)
		total += c.piece(text[:n], window)
		text = text[n:]
	}
	return total
}

// piece counts the tokens of one piece, most of which are in the vocabulary.
func (c *Counter) piece(text string, window int) int {
	if _, ok := c.ranks[text]; ok {
		return 1
	}
	if len(text) > window {
		return c.run(text, window)
	}
	if n, ok := c.counted.get(text); ok {
		return n
	}
	n := len(c.merge.EncodeOrdinary(text))
	c.counted.put(text, n)
	return n
}
