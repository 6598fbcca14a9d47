package openai

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// Score returns how likely each continuation of req.Prompt is. It implements
// [sampling.Scorer]. How it asks depends on the server:
//
//   - vLLM reports the log probabilities of given tokens: one request for labels
//     of one token, and one for each further token of the longest label. The
//     prompt comes from the prefix cache. Long texts are scored by echo.
//   - llama.cpp is made to draw the tokens of a continuation, and reports what
//     they were worth before: at most one request for each continuation. Tokens
//     that are among the likeliest of an earlier request need none.
//   - Other servers are sent prompt and continuation together and asked for the
//     log probabilities of the prompt (echo), several texts a request.
//
// The first two turn a continuation into tokens first, with the prompt's last
// line before it, and remember them.
//
// Many servers ignore echo, or answer it without log probabilities, and every
// continuation would then score alike. So the first call sends a short probe,
// and an answer without the prompt's log probabilities makes this and every
// later call an error wrapping [sampling.ErrUnsupported].
//
// The first token of a text has no log probability unless the server puts a
// token of its own before it. An empty prompt is an error where it does not.
func (b *Backend) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	if err := req.Validate(); err != nil {
		return nil, &sampling.Error{Backend: backendName, Err: err}
	}
	var texts []string // an empty one is certain, and there is nothing to ask
	for _, text := range continuations {
		if text != "" {
			texts = append(texts, text)
		}
	}
	spent := new(spending)
	scored, err := b.scoreTexts(context.WithValue(ctx, spendingKey{}, spent), req, texts)
	if err != nil {
		return nil, err
	}
	scores := make([]sampling.Score, len(continuations))
	for i, text := range continuations {
		if text != "" {
			scores[i], scored = scored[0], scored[1:]
		}
	}
	if len(scores) > 0 {
		scores[0].Usage = spent.total
	}
	return scores, nil
}

// A spending sums what the requests of one Score cost.
type spending struct {
	mu    sync.Mutex
	total sampling.Usage
}

type spendingKey struct{}

// spend adds the cost of one request to that of the Score it belongs to.
func spend(ctx context.Context, u sampling.Usage) {
	s, ok := ctx.Value(spendingKey{}).(*spending)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total.PromptTokens += u.PromptTokens
	s.total.CompletionTokens += u.CompletionTokens
	s.total.CachedTokens += u.CachedTokens
}

func (b *Backend) scoreTexts(ctx context.Context, req *sampling.Request, texts []string) ([]sampling.Score, error) {
	switch {
	case len(texts) == 0:
		return nil, nil
	case b.dialect.native == nativeLlamaCpp:
		return b.scoreForced(ctx, req, texts)
	case b.dialect.native == nativeVLLM && !b.learned.noTokenIDs.Load():
		scores, err := b.scoreByID(ctx, req, texts)
		if !errors.Is(err, errByEcho) {
			return scores, err
		}
	}
	return b.scoreByEcho(ctx, req, texts)
}

// errByEcho sends a text that cannot be scored by its tokens' ids, or not as
// cheaply, to echo.
var errByEcho = errors.New("to be scored by echo")

// A target is a continuation as tokens.
type target struct {
	before []int // the tokens before it; nil: those of the prompt
	tokens []piece
}

func (t *target) score() sampling.Score {
	s := sampling.Score{Tokens: make([]sampling.Token, len(t.tokens))}
	for i, token := range t.tokens {
		s.Tokens[i].Text = token.text
	}
	return s
}

// A memory holds the tokens of continuations that were asked for.
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

// following returns the tokens of text where it follows prompt, or none when a
// token reaches over the border between the two.
//
// What comes before the prompt's last line does not change how text is cut: no
// vocabulary has a token with letters on both sides of a line break. So that
// line is asked for in place of the prompt, and a classifier, whose prompts all
// end alike, asks once for each label.
func (b *Backend) following(ctx context.Context, prompt, text string) ([]piece, error) {
	end := lastLine(prompt)
	key := end + "\x00" + text
	if end == prompt {
		key = "\x00" + key
	}
	if tokens := b.learned.labels.get(key); tokens != nil {
		return tokens, nil
	}
	keyBefore := strings.TrimSuffix(key, text)
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
// whether they then give the text.
func unspell(tokens []piece, text string) bool {
	for _, read := range []func(string) string{verbatim, byteLevel, sentencePiece} {
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

func verbatim(token string) string { return token }

// byteLevel undoes the spelling of GPT-2's vocabulary and its descendants, which
// write each byte as a visible letter: itself where it is one, and else one from
// 256 on in the order of the bytes. "Ġowl" is " owl".
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

// sentencePiece undoes SentencePiece's spelling: "▁owl" is " owl" and <0x0A> a
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
