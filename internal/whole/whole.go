// Package whole tells a wrapper that the caller does not read a stream, but waits for
// the whole answer.
package whole

import "context"

type key struct{}

// Context marks a context whose caller waits for the whole answer.
func Context(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, true) }

// Wanted reports whether the caller waits for the whole answer.
func Wanted(ctx context.Context) bool { return ctx.Value(key{}) != nil }
