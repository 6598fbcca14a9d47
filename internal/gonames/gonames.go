// Package gonames rewrites errors of this module for HTTP clients, which know a field
// as top_p and not as Params.TopP.
package gonames

import (
	"regexp"
	"strings"
)

// names matches quoted text, which stays, and Go's names: a package before a colon, a
// field after its type, and a name of several words. Advice to change the server's Config
// goes too, since a client has no such field.
var names = regexp.MustCompile(`"(?:[^"\\]|\\.)*"` +
	`|, or [a-z]+ Config\.[^;]*` +
	`|\b(?:sampling|assistant|fewshot|openai|ollama|pocket): ` +
	`|\b(?:Params|Config|Model|Request|Task|Turn|Persona|Format|openai|sampling|fewshot)\.[A-Z]\w*` +
	`|\bStop\[` +
	`|\b[A-Z][a-z]+(?:[A-Z][a-z]*)+\b`)

// Plain returns the error's text without Go names. Fields have their names in JSON:
// max_tokens for MaxTokens.
func Plain(err error) string {
	text, _, _ := strings.Cut(err.Error(), "; without a Counter") // advice to a programmer
	return names.ReplaceAllStringFunc(text, func(name string) string {
		switch {
		case name[0] == '"':
			return name
		case strings.HasSuffix(name, ": "), name[0] == ',':
			return ""
		}
		name = name[strings.LastIndexByte(name, '.')+1:]
		var b strings.Builder
		for i, r := range name {
			if 'A' <= r && r <= 'Z' {
				if r += 'a' - 'A'; i > 0 {
					b.WriteByte('_')
				}
			}
			b.WriteRune(r)
		}
		return b.String()
	})
}
