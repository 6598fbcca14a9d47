package sampling

import (
	"fmt"
	"io"
	"log/slog"
)

// A Secret holds a key. It prints as [key], or as nothing when it is empty,
// under every verb of fmt, in JSON and in slog. The zero Secret is empty.
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

// String returns "[key]", or "" when s is empty.
func (s Secret) String() string {
	if s.reveal == nil {
		return ""
	}
	return "[key]"
}

// Format writes what String returns, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// MarshalText returns what String returns, so that no encoder writes the key.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue returns what String returns.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
