package tiktoken

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The patterns that define the pieces of each encoding. Tokens never cross pieces. The
// group is white space of which the last rune belongs to what follows: package regexp
// has no \s+(?!\S). See split.
const (
	gpt2 = `'(?:[stmd]|re|ve|ll)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|([\s]+)`

	cl100k = contraction + `|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|[\s]*[\r\n]+|([\s]+)`

	o200k = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?:` + contraction + `)?|` +
		`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?:` + contraction + `)?|` +
		`\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|[\s]*[\r\n]+|([\s]+)`

	contraction = `'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])` // (?i) would also fold ſ
)

// compile returns the regular expression of a pattern at the start of a text. In it, \s
// in brackets is Unicode white space, as in the library.
func compile(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`^(?:` + strings.ReplaceAll(pattern, `\s`, `\t-\r\x{85}\p{Z}`) + `)`)
}

// split returns the length in bytes of the first piece of text, which is valid UTF-8 and
// not empty.
func (c *Counter) split(text string) int {
	at := c.pieces.FindStringSubmatchIndex(text)
	end := at[1]
	if isWhite := at[2] == 0; isWhite && end < len(text) {
		if _, last := utf8.DecodeLastRuneInString(text[:end]); last < end {
			end -= last
		}
	}
	return end
}

// nextChunk returns the length of the first chunk of text: a word with its punctuation.
// It ends before the first space that follows a rune other than white space. No piece of
// any encoding goes on there, so chunks can be counted one by one.
func nextChunk(text string) int {
	for i := 1; i < len(text); i++ {
		next := strings.IndexByte(text[i:], ' ')
		if next < 0 {
			break
		}
		i += next
		if r, _ := utf8.DecodeLastRuneInString(text[:i]); !unicode.IsSpace(r) {
			return i
		}
	}
	return len(text)
}
