package sampling

import (
	"fmt"
	"io"
)

// A Secret holds a key. It prints as [key] under every fmt verb, in JSON and in
// slog. The zero Secret is empty and prints as nothing.
//
// The text is held by a func and not by a string, because fmt prints unexported
// fields by reflection and calls no methods on them: it shows the address of a
// func and nothing of what the func returns.
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

// Reveal returns the text itself. Send it; never log it.
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
