package openai

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// A tokenized is a request to tokenize a text. Its fields are the parameters of tokens.
type tokenized struct {
	text         string
	begin, texts bool
}

// mostRemembered is how many texts are remembered at most.
const mostRemembered = 4096

// remembered returns the tokens of a text, and asks for them once.
func (b *Backend) remembered(ctx context.Context, key tokenized) ([]piece, error) {
	l := b.learned
	if tokens, ok := l.texts.Load(key); ok {
		return tokens.([]piece), nil
	}
	tokens, err := b.tokens(ctx, key.text, key.begin, key.texts)
	if err != nil {
		return nil, err
	}
	if l.remembered.Add(1)%mostRemembered == 0 {
		l.texts.Clear()
	}
	l.texts.Store(key, tokens)
	return tokens, nil
}

// following returns the tokens of text after prompt, or nil if a token spans the
// border between the two.
//
// Only the prompt's last line is sent, since no vocabulary has a token with letters on
// both sides of a line break. So a classifier, whose prompts all end alike, asks once
// for each label.
func (b *Backend) following(ctx context.Context, prompt, text string) ([]piece, error) {
	end := lastLine(prompt)
	before, err := b.remembered(ctx, tokenized{end, end == prompt, false})
	if err != nil {
		return nil, err
	}
	all, err := b.remembered(ctx, tokenized{end + text, end == prompt, true})
	if err != nil {
		return nil, err
	}
	if len(all) <= len(before) || !slices.Equal(ids(before), ids(all[:len(before)])) {
		return nil, nil
	}
	tokens := slices.Clone(all[len(before):])
	if !unspell(tokens, text) {
		return nil, nil
	}
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
	if rest, ok := strings.CutPrefix(token, "<0x"); ok && len(rest) == 3 && rest[2] == '>' {
		if c, err := strconv.ParseUint(rest[:2], 16, 8); err == nil {
			return string([]byte{byte(c)})
		}
	}
	return strings.ReplaceAll(token, "▁", " ")
}
