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
	Model  string // the model's name or id
	Server string // the kind of server and its version, such as "vLLM 0.32.0"
	Window int    // the context window of one request, in tokens
	Slots  int    // requests that the server runs at once
}

// Discover returns a Model of b with the context window that b reports. If b does
// not report one, Window is 0, which means unlimited. A server that does not
// answer, refuses the key or does not have the model is an error.
func Discover(ctx context.Context, b Backend) (Model, error) {
	m := Model{Backend: b}
	if b == nil {
		return m, errNoBackend
	}
	info, err := Forward{b}.Describe(ctx)
	if errors.Is(err, ErrUnsupported) {
		return m, nil
	}
	m.Window = info.Window
	return m, err
}
