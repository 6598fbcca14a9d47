package fewshot

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/foreword-go/foreword/internal/jsonpattern"
	"github.com/foreword-go/foreword/internal/strictjson"
)

// quote writes a value as a JSON string without the layout's marks. The first
// character of a mark that JSON leaves in it is written as its code point: with
// Lines, "a: b" becomes "a\u003a b".
func (l *layout) quote(value string) string {
	text, err := marshal(value)
	if err != nil {
		return value // for the checks to refuse
	}
	for _, m := range l.marks {
		first := m.text[0]
		if first < ' ' || first == '"' || first == '\\' || first >= 0x80 {
			continue // JSON escapes it already, or the check will refuse the value
		}
		escaped := fmt.Sprintf(`\u%04x`, first) + m.text[1:]
		if strings.Contains(escaped, m.text) {
			continue // a mark such as "00" cannot be escaped away
		}
		// Again where marks overlap: "##" in "###".
		for i := 0; i < len(value) && strings.Contains(text, m.text); i++ {
			text = strings.ReplaceAll(text, m.text, escaped)
		}
	}
	if back, err := unquote(text); err != nil || back != value {
		return escapeAll(value) // a mark was part of an escape, as "n" is of "\n"
	}
	return text
}

// quoting says how quote writes characters.
func (l *layout) quoting() (q jsonpattern.Quoting) {
	q.Never = l.singleStops()
	for _, m := range l.marks {
		if first := m.text[0]; ' ' <= first && first < 0x80 && !strings.Contains(q.Never, m.text[:1]) {
			q.Also += m.text[:1]
		}
	}
	return q
}

// escapeAll writes every character as its code point.
func escapeAll(value string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, unit := range utf16.Encode([]rune(value)) {
		fmt.Fprintf(&b, `\u%04x`, unit)
	}
	b.WriteByte('"')
	return b.String()
}

// unquote reads what quote, or a model that imitates it, has written.
func unquote(text string) (string, error) {
	var value string
	if err := strictjson.Decode([]byte(text), &value); err != nil {
		return "", fmt.Errorf("begins with a quotation mark and is not a JSON string: %w", err)
	}
	return value, nil
}
