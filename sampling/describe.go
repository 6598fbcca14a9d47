package sampling

import (
	"context"
	"errors"
)

// A Describer is a [Backend] that can say which model it serves. Describe may
// ask the server. Implementations are safe for concurrent use.
type Describer interface {
	Describe(ctx context.Context) (Info, error)
}

// Info is what a backend says of itself. A zero field was not told.
type Info struct {
	Model   string // the model's name or id
	Server  string // the kind of server, such as "llama.cpp"
	Version string // the server's version
	Window  int    // the context window, in tokens, of one request
	Slots   int    // how many requests the server works on at once
}

// Describe returns what the backend says of itself, or an error wrapping
// [ErrUnsupported] when it is not a [Describer].
func (m Model) Describe(ctx context.Context) (Info, error) {
	if m.Backend == nil {
		return Info{}, errNoBackend
	}
	return Forward{m.Backend}.Describe(ctx)
}

// Discover returns a Model of b with the context window that b tells. A backend
// that tells nothing, or cannot be described, gives Window 0, which is no limit.
// Any other failure to describe it is an error: a server that does not answer,
// or a key that it refuses.
func Discover(ctx context.Context, b Backend) (Model, error) {
	m := Model{Backend: b}
	info, err := m.Describe(ctx)
	if errors.Is(err, ErrUnsupported) {
		return m, nil
	}
	m.Window = info.Window
	return m, err
}
