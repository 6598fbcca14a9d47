package sampling

import (
	"fmt"
	"io"
)

// A Secret holds a key. It prints as [key] under every fmt verb, in JSON and in
// slog. The zero Secret is empty and prints as nothing.
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

func (s Secret) shown() string {
	if s.reveal == nil {
		return ""
	}
	return "[key]"
}

// Format writes [key], or nothing, for every verb.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.shown()) }

// MarshalText returns [key], or nothing, so that no encoder or slog handler writes
// the key.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.shown()), nil }
