package sampling

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// Errors to test for with [errors.Is].
var (
	// ErrInvalid: the request is wrong; nothing was sent.
	ErrInvalid = errors.New("sampling: invalid request")

	// ErrBudget: the prompt and MaxTokens do not fit the window.
	ErrBudget = errors.New("sampling: over the context window")

	// ErrTruncated: the stream broke off. The text so far is valid but incomplete.
	ErrTruncated = errors.New("sampling: the stream broke off")

	// ErrTokenLimit: an answer was cut by MaxTokens or by the context window.
	ErrTokenLimit = errors.New("sampling: cut by the token limit")

	// ErrConstraint: the text violates the request's Constraint.
	ErrConstraint = errors.New("sampling: the constraint is violated")

	// ErrUnsupported: the backend does not support the request.
	ErrUnsupported = errors.New("sampling: not supported by this backend")
)

// An Error is a failure of a backend. It never contains a key or a header.
type Error struct {
	Backend    string        // which backend, such as "openai"; without it the text begins with "sampling"
	Status     int           // the HTTP status, or 0
	RetryAfter time.Duration // how long the server asks to wait, or 0
	Temporary  bool          // whether the same request may succeed later
	Err        error         // the cause, in the server's own words if it sent any
}

// Error returns the backend, the status and the cause.
func (e *Error) Error() string {
	name := cmp.Or(e.Backend, "sampling")
	if e.Status == 0 {
		return fmt.Sprintf("%s: %v", name, e.Err)
	}
	return fmt.Sprintf("%s: status %d: %v", name, e.Status, e.Err)
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }
