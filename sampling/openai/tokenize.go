package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/foreword-go/foreword/internal/special"
	"github.com/foreword-go/foreword/sampling"
)

// A piece is one token of a text.
type piece struct {
	id   int
	text string // known if it was requested
}

// Count returns the number of tokens of text as a prompt, including the token that
// the server puts before each prompt. It implements [sampling.Counter].
//
// Each count sends the whole text. Package tiktoken counts faster, in the process. A
// server without tokenization is an error wrapping [sampling.ErrUnsupported].
func (b *Backend) Count(ctx context.Context, text string) (int, error) {
	tokens, err := b.tokens(ctx, text, true, false)
	return len(tokens), err
}

// tokens returns the tokens of text. The name of a special token in it, such as
// <|im_end|>, is text like any other, unless Config.SpecialTokens is set. With begin,
// the tokens that the server puts before each prompt come first.
func (b *Backend) tokens(ctx context.Context, text string, begin, texts bool) ([]piece, error) {
	if b.config.Dialect.native == nativeVLLM && !b.config.SpecialTokens && special.MayName(text) {
		return b.cutTokens(ctx, text, begin)
	}
	return b.tokenize(ctx, text, begin, texts)
}

// ids returns the token ids of a prompt, to be sent in its place.
func (b *Backend) ids(ctx context.Context, prompt string) ([]int, error) {
	tokens, err := b.tokens(ctx, prompt, true, false)
	if errors.Is(err, sampling.ErrUnsupported) {
		err = unsupported("the prompt may name a special token, and the server has no endpoint that tokenizes: %v; change the text, or set Config.SpecialTokens to send it as it is", err)
	}
	return ids(tokens), err
}

func ids(tokens []piece) []int {
	all := make([]int, len(tokens))
	for i, t := range tokens {
		all[i] = t.id
	}
	return all
}

// tokenize asks the server for the tokens of text.
func (b *Backend) tokenize(ctx context.Context, text string, begin, texts bool) ([]piece, error) {
	var fields map[string]any
	switch b.config.Dialect.native {
	case nativeLlamaCpp:
		fields = map[string]any{"content": text, "add_special": begin, "parse_special": b.config.SpecialTokens, "with_pieces": texts}
	case nativeVLLM:
		fields = map[string]any{"prompt": text, "add_special_tokens": begin, "return_token_strs": texts}
	default:
		return nil, unsupported("%s counts no tokens; use package tiktoken, or leave Model.Counter nil to count bytes", b.config.Dialect.Name)
	}
	var answer struct {
		Tokens  []piece  `json:"tokens"`
		Strings []string `json:"token_strs"`
	}
	if err := b.native(ctx, "/tokenize", b.newBody("Count", fields), &answer); err != nil {
		return nil, err
	}
	if answer.Tokens == nil || answer.Strings != nil && len(answer.Strings) != len(answer.Tokens) {
		return nil, b.misread(fmt.Errorf("the answer of /tokenize has %d tokens and %d texts of tokens", len(answer.Tokens), len(answer.Strings)))
	}
	for i, text := range answer.Strings {
		answer.Tokens[i].text = text
	}
	return answer.Tokens, nil
}

// UnmarshalJSON reads an id, or llama.cpp's object of an id and a text. The text is a
// list of bytes if it is not whole runes.
func (p *piece) UnmarshalJSON(value []byte) error {
	if value[0] != '{' {
		return json.Unmarshal(value, &p.id)
	}
	var object struct {
		ID    *int            `json:"id"`
		Piece json.RawMessage `json:"piece"`
	}
	if err := json.Unmarshal(value, &object); err != nil || object.ID == nil {
		return errors.Join(err, fmt.Errorf("a token has no id"))
	}
	p.id = *object.ID
	if len(object.Piece) > 0 && object.Piece[0] == '[' {
		var list []byte
		err := json.Unmarshal(object.Piece, &list)
		p.text = string(list)
		return err
	}
	return json.Unmarshal(object.Piece, &p.text)
}

// mayMisread reports whether the server could take a part of text for a special token,
// and has a way to be sent token ids instead.
func (b *Backend) mayMisread(text string) bool {
	return !b.config.SpecialTokens && b.config.Dialect.native != "" && special.MayName(text)
}

// cutTokens is tokenize for vLLM, which reads special tokens in every text. If it
// finds one, the text is cut inside of the token's name, and the parts are tokenized
// one by one: "a</s>b" is "a<" and "/s>b". Some vocabularies begin each text with a
// space, so the text of all tokens together is compared.
func (b *Backend) cutTokens(ctx context.Context, text string, begin bool) ([]piece, error) {
	tokens, err := b.tokenize(ctx, text, begin, true)
	if err != nil {
		return nil, err
	}
	var cuts []string
	for _, t := range tokens {
		if special.IsName(t.text) && strings.Contains(text, t.text) {
			_, size := utf8.DecodeRuneInString(t.text)
			cuts = append(cuts, t.text, t.text[:size]+"\x00"+t.text[size:])
		}
	}
	if cuts == nil {
		return tokens, nil
	}
	var all []piece
	for i, part := range strings.Split(strings.NewReplacer(cuts...).Replace(text), "\x00") {
		tokens, err := b.cutTokens(ctx, part, begin && i == 0)
		if err != nil {
			return nil, err
		}
		all = append(all, tokens...)
	}
	var answer struct {
		Prompt string `json:"prompt"`
	}
	if err := b.native(ctx, "/detokenize", b.newBody("Count", map[string]any{"tokens": ids(all)}), &answer); err != nil {
		return nil, err
	}
	if !strings.HasSuffix(answer.Prompt, text) {
		return nil, invalid("the text names the special token %q, which this server cannot read as plain text; change it, or set Config.SpecialTokens", cuts[0])
	}
	return all, nil
}
