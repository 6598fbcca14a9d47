package sampling

import (
	"fmt"
	"io"
)

// A Secret holds a key. It prints as [key] under every fmt verb and in slog, and
// is {} in JSON. The zero Secret is empty and prints as nothing.
//
// It holds a func, because fmt prints the unexported fields of other structs
// without calling methods. Of a func it prints only the address.
type Secret struct {
	reveal func() string
}

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return text }}
}

// Reveal returns the key.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// Format writes [key], or nothing, for every verb.
func (s Secret) Format(f fmt.State, _ rune) {
	if s.reveal != nil {
		io.WriteString(f, "[key]")
	}
}
