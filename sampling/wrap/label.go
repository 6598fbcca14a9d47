package wrap

import "context"

type labelKey struct{}

// WithLabel returns a context whose calls a [Meter] counts under the label, and
// which a [Log] names: "translate", or the name of a customer. The innermost
// label counts. There should be as many labels as somebody wants to read in a
// table, not one for each call: a Meter keeps them all.
func WithLabel(ctx context.Context, label string) context.Context {
	return context.WithValue(ctx, labelKey{}, label)
}

// labelOf returns the label of a context, or "".
func labelOf(ctx context.Context) string {
	label, _ := ctx.Value(labelKey{}).(string)
	return label
}
