package openai

import (
	"context"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// A memory holds the tokens of continuations that were scored.
type memory struct {
	mu     sync.Mutex
	tokens map[string][]piece
}

// remembered is how many continuations a memory holds at most.
const remembered = 4096

func (m *memory) get(key string) []piece {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tokens[key]
}

func (m *memory) put(key string, tokens []piece) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tokens == nil || len(m.tokens) >= remembered {
		m.tokens = map[string][]piece{}
	}
	m.tokens[key] = tokens
}

// following returns the tokens of text after prompt, or nil if a token spans the
// border between the two.
//
// Only the prompt's last line is sent, since no vocabulary has a token with letters on
// both sides of a line break. So a classifier, whose prompts all end alike, asks once
// for each label.
func (b *Backend) following(ctx context.Context, prompt, text string) ([]piece, error) {
	end := lastLine(prompt)
	keyBefore := end + "\x00"
	if end == prompt {
		keyBefore = "\x00" + keyBefore
	}
	key := keyBefore + text
	if tokens := b.learned.labels.get(key); tokens != nil {
		return tokens, nil
	}
	before := b.learned.labels.get(keyBefore)
	if before == nil {
		var err error
		if before, err = b.tokens(ctx, end, end == prompt, false); err != nil {
			return nil, err
		}
		b.learned.labels.put(keyBefore, before)
	}
	all, err := b.tokens(ctx, end+text, end == prompt, true)
	if err != nil {
		return nil, err
	}
	if len(all) <= len(before) || !slices.Equal(ids(before), ids(all[:len(before)])) {
		return nil, nil
	}
	tokens := all[len(before):]
	if !unspell(tokens, text) {
		return nil, nil
	}
	b.learned.labels.put(key, tokens)
	return tokens, nil
}

// lastLine returns the last line of a prompt that is not blank, with the line
// break before it and what follows it.
func lastLine(prompt string) string {
	written := strings.TrimRight(prompt, " \t\r\n")
	return prompt[max(0, strings.LastIndexByte(written, '\n')):]
}

// unspell turns tokens as a vocabulary spells them into text, and reports
// whether they then spell the given text.
func unspell(tokens []piece, text string) bool {
	for _, read := range []func(string) string{strings.Clone, byteLevel, sentencePiece} {
		var joined strings.Builder
		for _, t := range tokens {
			joined.WriteString(read(t.text))
		}
		if joined.String() == text {
			for i := range tokens {
				tokens[i].text = read(tokens[i].text)
			}
			return true
		}
	}
	return false
}

// byteLevel undoes the spelling of GPT-2's vocabulary and its descendants. They write
// each byte as a visible letter: itself if it is one, or else one from 256 on in the
// order of the bytes. "Ġowl" is " owl".
func byteLevel(token string) string {
	var out []byte
	for _, r := range token {
		if c, ok := visibleBytes()[r]; ok {
			out = append(out, c)
		} else {
			out = utf8.AppendRune(out, r)
		}
	}
	return string(out)
}

var visibleBytes = sync.OnceValue(func() map[rune]byte {
	letters, next := map[rune]byte{}, rune(256)
	for c := range 256 {
		r := rune(c)
		if c < '!' || c > '~' && c < 0xa1 || c == 0xad {
			r, next = next, next+1
		}
		letters[r] = byte(c)
	}
	return letters
})

// sentencePiece undoes SentencePiece's spelling: "▁owl" is " owl", and <0x0A> is a
// line break.
func sentencePiece(token string) string {
	const digits = "0123456789ABCDEF"
	if rest, ok := strings.CutPrefix(token, "<0x"); ok && len(rest) == 3 && rest[2] == '>' {
		high, low := strings.IndexByte(digits, rest[0]), strings.IndexByte(digits, rest[1])
		if high >= 0 && low >= 0 {
			return string([]byte{byte(high<<4 | low)})
		}
	}
	return strings.ReplaceAll(token, "▁", " ")
}
