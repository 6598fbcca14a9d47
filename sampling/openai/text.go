package openai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/foreword-go/foreword/internal/httpwire"
)

// A text is decoded without loss: a server may put bytes into it that are not
// UTF-8, of which encoding/json makes replacement characters.
type text struct {
	value string
	there bool // it was sent, if as null
}

// UnmarshalJSON implements [json.Unmarshaler].
func (t *text) UnmarshalJSON(raw []byte) (err error) {
	t.there = true
	t.value, err = unquote(raw)
	return err
}

// unquote returns the text of a JSON string, its bytes as they were sent.
func unquote(raw []byte) (s string, err error) {
	switch {
	case raw[0] != '"' && string(raw) != "null":
		return "", fmt.Errorf("the text of a choice is not a string, which is the server's fault; try Config.NoStreaming, or another Dialect: %s", httpwire.Begin(raw))
	case raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0: // the decoder is slower
		return string(raw[1 : len(raw)-1]), nil
	case utf8.Valid(raw) && !surrogate.Match(raw): // so that nothing is lost
		err = json.Unmarshal(raw, &s)
		return s, err
	}
	return escape.ReplaceAllStringFunc(string(raw[1:len(raw)-1]), unescape), nil
}

var (
	surrogate = regexp.MustCompile(`\\u[dD][89a-fA-F]`)

	// escape matches an escape of a JSON string. Two that make a pair match together.
	escape = regexp.MustCompile(`\\(u[dD][89abAB]..\\u[dD][c-fC-F]..|u....|.)`)
)

// unescape returns the bytes of an escape. Half of a surrogate pair becomes the three
// bytes that UTF-8 would give it, so that runes can join it to its other half.
func unescape(escape string) (text string) {
	if len(escape) == len(`\uFFFF`) {
		unit, _ := strconv.ParseUint(escape[2:], 16, 16)
		if utf16.IsSurrogate(rune(unit)) {
			return string([]byte{0xed, byte(0x80 | unit>>6&0x3f), byte(0x80 | unit&0x3f)})
		}
	}
	json.Unmarshal([]byte(`"`+escape+`"`), &text)
	return text
}

// half returns the half of a pair that s begins with, or 0.
func half(s string) rune {
	if len(s) < 3 || s[0] != 0xed || s[1]&0xe0 != 0xa0 || s[2]&0xc0 != 0x80 {
		return 0
	}
	return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f)
}

// runes joins text that arrives in pieces and gives out whole runes. Tokens end
// inside of runes, and servers that send each token's bytes as they are split
// them over events.
//
// Worked example: of "caf\xc3" it gives out "caf", and "\xa9s" then makes "és".
type runes struct{ held string }

// add returns what is whole of the text held and s. What can never become whole
// is U+FFFD.
func (r *runes) add(s string) string {
	if r.held == "" && utf8.ValidString(s) {
		return s
	}
	s, r.held = r.held+s, ""
	var out strings.Builder
	for s != "" {
		c, size := utf8.DecodeRuneInString(s)
		switch first := half(s); {
		case !utf8.FullRuneInString(s), first != 0 && first < 0xdc00 && len(s) == 3:
			r.held = s
			return out.String()
		case first != 0:
			size = 3
			if c = utf16.DecodeRune(first, half(s[3:])); c != utf8.RuneError {
				size = 6
			}
		}
		out.WriteRune(c)
		s = s[size:]
	}
	return out.String()
}

// flush returns what is left when no more comes.
func (r *runes) flush() string { return strings.ToValidUTF8(r.held, "\uFFFD") }
