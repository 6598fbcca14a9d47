package llamacpp

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/foreword-go/foreword/sampling"
)

// A vocabulary is a model's tokens.
type vocabulary struct {
	lib    *library
	handle uintptr
	texts  []string // the bytes of each token; a control token has none
	ends   []bool   // the tokens that end a text
	first  int32    // begins every text; negative where the model has none
	lone   int32    // begins a text without tokens
}

func (l *library) vocabulary(model uintptr) (*vocabulary, error) {
	v := &vocabulary{lib: l, handle: l.getVocab(model), first: -1}
	if v.handle == 0 || l.vocabType(v.handle) == 0 || l.vocabSize(v.handle) <= 0 {
		return nil, errors.New("the file has no vocabulary")
	}
	n := l.vocabSize(v.handle)
	v.texts, v.ends = make([]string, n), make([]bool, n)
	for id := range n {
		v.ends[id] = l.isEnd(v.handle, id)
		if !v.ends[id] {
			v.texts[id] = v.text(id, false)
		}
	}
	bos, eos := l.bos(v.handle), l.eos(v.handle)
	if v.lone = bos; bos < 0 {
		v.lone = eos
	}
	if l.addBOS(v.handle) {
		v.first = bos
	}
	return v, nil
}

// text returns the bytes of a token; those of a control token are its name, and
// only given out where names is set.
func (v *vocabulary) text(id int32, names bool) string {
	buf := make([]byte, 64)
	n := v.lib.piece(v.handle, id, unsafe.Pointer(&buf[0]), int32(len(buf)), 0, names)
	if n < 0 {
		buf = make([]byte, -n)
		n = v.lib.piece(v.handle, id, unsafe.Pointer(&buf[0]), int32(len(buf)), 0, names)
	}
	return string(buf[:max(0, n)])
}

// name returns the text of a token to be shown.
func (v *vocabulary) name(id int32) string {
	if text := v.texts[id]; text != "" {
		return text
	}
	return v.text(id, true)
}

// tokenize returns the tokens of a text as the model reads it. The names of
// special tokens in it stay text.
func (v *vocabulary) tokenize(text string) ([]int32, error) {
	if at := strings.IndexByte(text, 0); at >= 0 {
		return nil, fmt.Errorf("%w: the text has a zero byte at %d", sampling.ErrInvalid, at)
	}
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("%w: the text is not valid UTF-8", sampling.ErrInvalid)
	}
	if len(text) > math.MaxInt32-16 {
		return nil, fmt.Errorf("%w: the text has %d bytes", sampling.ErrInvalid, len(text))
	}
	var tokens []int32
	if v.first >= 0 {
		tokens = append(tokens, v.first)
	}
	if text == "" {
		return tokens, nil
	}
	for size := len(text)/2 + 16; ; {
		buf := make([]int32, size)
		n := v.lib.tokenize(v.handle, unsafe.Pointer(unsafe.StringData(text)), int32(len(text)), unsafe.Pointer(&buf[0]), int32(size), false, false)
		switch {
		case n == math.MinInt32:
			return nil, fmt.Errorf("%w: the text has too many tokens", sampling.ErrInvalid)
		case n < 0:
			size = int(-n)
		default:
			return append(tokens, buf[:n]...), nil
		}
	}
}

// prompt returns the tokens of a prompt: at least one.
func (v *vocabulary) prompt(text string) ([]int32, error) {
	tokens, err := v.tokenize(text)
	if err == nil && len(tokens) == 0 {
		if v.lone < 0 {
			return nil, fmt.Errorf("%w: the prompt is empty, and the model has no token that begins a text", sampling.ErrInvalid)
		}
		tokens = append(tokens, v.lone)
	}
	return tokens, err
}

// border returns the place of the first token that reaches past the first n
// bytes of text, and the texts of all tokens as they are in it.
func (v *vocabulary) border(tokens []int32, text string, n int) (at int, pieces []string) {
	pieces = make([]string, len(tokens))
	lead := true // some vocabularies begin each text with a space of their own
	at, end := -1, 0
	for i, id := range tokens {
		piece := v.texts[id]
		if lead && piece != "" {
			if piece[0] == ' ' && text[0] != ' ' {
				piece = piece[1:]
			}
			lead = false
		}
		pieces[i] = piece
		if end += len(piece); end > n && at < 0 {
			at = i
		}
	}
	return at, pieces
}
