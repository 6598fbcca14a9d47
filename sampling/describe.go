package sampling

import (
	"context"
	"errors"
)

// A Describer is a [Backend] that knows which model it serves. Describe may ask
// the server. Implementations are safe for concurrent use.
type Describer interface {
	Describe(ctx context.Context) (Info, error)
}

// Info describes a backend. Unknown fields are zero.
type Info struct {
	Model   string // the model's name or id
	Server  string // the kind of server, such as "llama.cpp"
	Version string // the server's version
	Window  int    // the context window of one request, in tokens
	Slots   int    // how many requests the server runs in parallel
}

// Describe describes the backend. If it is not a [Describer], the error wraps
// [ErrUnsupported].
func (m Model) Describe(ctx context.Context) (Info, error) {
	if m.Backend == nil {
		return Info{}, errNoBackend
	}
	return Forward{m.Backend}.Describe(ctx)
}

// Discover returns a Model of b with the context window that b reports. If b does
// not report one, Window is 0, which means unlimited. A server that does not
// answer, or refuses the key, is an error.
func Discover(ctx context.Context, b Backend) (Model, error) {
	m := Model{Backend: b}
	info, err := m.Describe(ctx)
	if errors.Is(err, ErrUnsupported) {
		return m, nil
	}
	m.Window = info.Window
	return m, err
}
