package wrap

import "context"

type labelKey struct{}

// WithLabel returns a context whose calls a [Meter] counts under the label and a
// [Log] records with it: "translate", or the name of a customer. The innermost label
// counts. A Meter keeps all labels, so do not use one for each call.
func WithLabel(ctx context.Context, label string) context.Context {
	return context.WithValue(ctx, labelKey{}, label)
}

// labelOf returns the label of a context, or "".
func labelOf(ctx context.Context) string {
	label, _ := ctx.Value(labelKey{}).(string)
	return label
}
