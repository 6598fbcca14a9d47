package openai

import (
	"strings"
	"unicode/utf8"
)

// A textField is the text of a choice, and whether the choice had one.
type textField struct {
	text  string
	there bool
}

// UnmarshalJSON implements [json.Unmarshaler].
func (t *textField) UnmarshalJSON(raw []byte) error {
	var err error
	t.there = true
	t.text, err = unquote(raw)
	return err
}

// A text is decoded without loss: a server may put bytes into it that are not
// UTF-8, of which encoding/json makes replacement characters.
type text string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *text) UnmarshalJSON(raw []byte) error {
	s, err := unquote(raw)
	*t = text(s)
	return err
}

// unquote returns the text of a JSON string, its bytes as they were sent. Half
// of a surrogate pair becomes the three bytes that UTF-8 would give it, so that
// runes can join it to its other half.
func unquote(raw []byte) (string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	if raw[0] != '"' {
		return "", wrong("the text of a choice is %.*s, and not a string, which is the server's fault; try Config.NoStreaming, or another Dialect", keptWords, raw)
	}
	s := string(raw[1 : len(raw)-1])
	at := strings.IndexByte(s, '\\')
	if at < 0 {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	for {
		out = append(out, s[:at]...)
		c := s[at+1]
		s = s[at+2:]
		if c == 'u' {
			out = appendUnit(out, hex4(s))
			s = s[4:]
		} else {
			out = append(out, unescaped(c))
		}
		if at = strings.IndexByte(s, '\\'); at < 0 {
			return string(append(out, s...)), nil
		}
	}
}

func unescaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	}
	return c
}

// appendUnit appends one unit of UTF-16.
func appendUnit(out []byte, c rune) []byte {
	if c >= 0xd800 && c < 0xe000 {
		return append(out, 0xed, byte(0x80|c>>6&0x3f), byte(0x80|c&0x3f))
	}
	return utf8.AppendRune(out, c)
}

// hex4 reads the four digits of a JSON escape, which the decoder has checked.
func hex4(s string) (c rune) {
	for i := range 4 {
		d := rune(s[i])
		switch {
		case d >= 'a':
			d -= 'a' - 10
		case d >= 'A':
			d -= 'A' - 10
		default:
			d -= '0'
		}
		c = c<<4 | d
	}
	return c
}
