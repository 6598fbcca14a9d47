package sampling

import (
	"errors"
	"fmt"
	"time"
)

// What went wrong, for [errors.Is].
var (
	// ErrInvalid: the request itself is wrong; nothing was sent.
	ErrInvalid = errors.New("sampling: invalid request")

	// ErrBudget: the prompt and the tokens asked for do not fit the window.
	ErrBudget = errors.New("sampling: over the context window")

	// ErrTruncated: the stream broke off without a reason. The text so far is
	// real, but nobody knows the rest.
	ErrTruncated = errors.New("sampling: the stream broke off")

	// ErrTokenLimit: an answer was cut by MaxTokens or by the context window.
	ErrTokenLimit = errors.New("sampling: cut by the token limit")

	// ErrConstraint: the text does not keep to the request's Constraint.
	ErrConstraint = errors.New("sampling: the constraint is violated")

	// ErrUnsupported: the backend cannot do what was asked.
	ErrUnsupported = errors.New("sampling: not supported by this backend")
)

// An Error is a fault of a backend. It carries what a caller needs to decide
// what to do next; it never carries a key or a header.
type Error struct {
	Backend    string        // which backend, such as "openai"
	Status     int           // the HTTP status, or 0 where there was none
	RetryAfter time.Duration // how long the server asked to wait, or 0
	Temporary  bool          // whether the same request may succeed later
	Err        error         // what happened, in the server's own words where it had any
}

// Error gives the backend, the status and what happened.
func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("%s: %v", e.Backend, e.Err)
	}
	return fmt.Sprintf("%s: status %d: %v", e.Backend, e.Status, e.Err)
}

// Unwrap returns the underlying error, so that errors.Is sees
// [context.Canceled], [ErrUnsupported] and their like.
func (e *Error) Unwrap() error { return e.Err }
