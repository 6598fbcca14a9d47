package openai

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/foreword-go/foreword/internal/special"
	"github.com/foreword-go/foreword/sampling"
)

// A piece is one token of a text.
type piece struct {
	id   int
	text string // known when it was asked for
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

// tokens returns the tokens of text, which is data: the name of a special token
// in it, such as <|im_end|>, is text like any other unless Config.SpecialTokens
// is set. With begin it also has what the server puts before each prompt.
func (b *Backend) tokens(ctx context.Context, text string, begin, texts bool) ([]piece, error) {
	if b.dialect.native == nativeVLLM && !b.special && special.MayName(text) {
		return b.cutTokens(ctx, text, begin)
	}
	return b.tokenize(ctx, text, begin, texts)
}

// tokenize asks the server for the tokens of text.
func (b *Backend) tokenize(ctx context.Context, text string, begin, texts bool) ([]piece, error) {
	w := fields{dialect: &b.dialect}
	w.set("model", "Config.Model", encode(b.model))
	switch b.dialect.native {
	case nativeLlamaCpp:
		w.set("content", "", encode(text))
		w.set("add_special", "", encode(begin))
		w.set("parse_special", "", encode(b.special))
		w.set("with_pieces", "", encode(texts))
	case nativeVLLM:
		w.set("prompt", "", encode(text))
		w.set("add_special_tokens", "", encode(begin))
		w.set("return_token_strs", "", encode(texts))
	default:
		return nil, unsupported("%s counts no tokens; use package tiktoken, or leave Model.Counter nil to count bytes", b.dialect.Name)
	}
	raw, err := b.native(ctx, "/tokenize", append(w.json, '}'))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Tokens  []json.RawMessage `json:"tokens"`
		Strings []string          `json:"token_strs"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, b.misread(wrong("cannot read the tokens: %v", err))
	}
	if answer.Tokens == nil || answer.Strings != nil && len(answer.Strings) != len(answer.Tokens) {
		return nil, b.misread(wrong("the answer has no tokens in it: %s", b.say(raw)))
	}
	tokens := make([]piece, len(answer.Tokens))
	for i, token := range answer.Tokens {
		if tokens[i], err = readPiece(token); err != nil {
			return nil, b.misread(wrong("cannot read the token %s: %v", b.say(token), err))
		}
		if answer.Strings != nil {
			tokens[i].text = answer.Strings[i]
		}
	}
	return tokens, nil
}

// readPiece reads an id, or llama.cpp's object of an id and a text, which is a
// list of bytes where it is not whole runes.
func readPiece(raw []byte) (p piece, err error) {
	if raw[0] != '{' {
		return p, json.Unmarshal(raw, &p.id)
	}
	var object struct {
		ID    *int            `json:"id"`
		Piece json.RawMessage `json:"piece"`
	}
	if err := json.Unmarshal(raw, &object); err != nil || object.ID == nil {
		return p, errors.Join(err, errors.New("it has no id"))
	}
	p.id = *object.ID
	if len(object.Piece) > 0 && object.Piece[0] == '[' {
		var list []uint8Number
		err = json.Unmarshal(object.Piece, &list)
		for _, b := range list {
			p.text += string([]byte{byte(b)})
		}
		return p, err
	}
	return p, json.Unmarshal(object.Piece, &p.text)
}

// A uint8Number is a byte written as a number: encoding/json takes a list of
// bytes for base64.
type uint8Number uint8

// native sends JSON to an address of the server's own, beside /v1. An address
// that is not there, as with a router in between, is ErrUnsupported.
func (b *Backend) native(ctx context.Context, path string, body []byte) ([]byte, error) {
	raw, err := b.call(ctx, strings.TrimSuffix(b.base, "/v1")+path, body)
	if e, ok := errors.AsType[*sampling.Error](err); ok {
		switch e.Status {
		case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
			e.Err = both(sampling.ErrUnsupported, e.Err)
		}
	}
	return raw, err
}

// plain returns req with the ids of its tokens for a prompt when the server may
// take a part of the text for a special token. Everybody else's prompt is sent
// as text, which costs no request.
func (b *Backend) plain(ctx context.Context, req *sampling.Request) (*sampling.Request, error) {
	if b.special || b.dialect.native == "" || !special.MayName(req.Prompt) {
		return req, nil
	}
	tokens, err := b.tokens(ctx, req.Prompt, true, false)
	if errors.Is(err, sampling.ErrUnsupported) {
		err = unsupported("the prompt may name a special token, and the server has no endpoint that tokenizes: %v; change the text, or set Config.SpecialTokens to send it as it is", err)
	}
	if err != nil {
		return nil, err
	}
	one := *req
	one.Prompt = ""
	one.Params.Extra = map[string]any{"prompt": ids(tokens)}
	for field, value := range req.Params.Extra {
		one.Params.Extra[field] = value
	}
	return &one, nil
}

func ids(tokens []piece) []int {
	all := make([]int, len(tokens))
	for i, t := range tokens {
		all[i] = t.id
	}
	return all
}

// cutTokens is tokenize for vLLM, which reads special tokens in every text. Where
// one came back, the text is cut inside of its name, and the parts are turned
// into tokens one by one: "a</s>b" is "a<" and "/s>b". The text of all of them
// together is then compared, since some vocabularies begin each text with a space.
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
	w := fields{dialect: &b.dialect}
	w.set("model", "Config.Model", encode(b.model))
	w.set("tokens", "", encode(ids(all)))
	raw, err := b.native(ctx, "/detokenize", append(w.json, '}'))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Prompt string `json:"prompt"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil || !strings.HasSuffix(answer.Prompt, text) {
		return nil, invalid("the text names the special token %q, which this server cannot read as plain text; change it, or set Config.SpecialTokens", cuts[0])
	}
	return all, nil
}
