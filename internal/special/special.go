// Package special finds texts that may contain the name of a special token. A special
// token, such as <|im_end|>, ends a document or a turn for the model. In a value, its
// name is meant as text.
package special

import (
	"strings"
	"unicode"
)

// MayName reports whether a text may name a special token. The names that models
// use are words in brackets, without spaces: <|im_end|>, </s>, <start_of_turn>,
// [INST]. HTML has such words too, which costs the caller a needless check.
func MayName(text string) bool {
	for text != "" {
		open := strings.IndexAny(text, "<[")
		if open < 0 {
			return false
		}
		text = text[open:]
		end := strings.IndexAny(text[1:], " \t\r\n\"',<>[]")
		if end < 0 {
			return false
		}
		if IsName(text[:end+2]) {
			return true
		}
		text = text[1:]
	}
	return false
}

// IsName reports whether a text is in brackets and has a letter.
func IsName(text string) bool {
	if len(text) < 3 {
		return false
	}
	edges := text[:1] + text[len(text)-1:]
	return (edges == "<>" || edges == "[]") && strings.ContainsFunc(text, unicode.IsLetter)
}
