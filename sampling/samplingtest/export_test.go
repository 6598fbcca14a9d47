package samplingtest

import (
	"errors"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

// Check returns what TestBackend reports.
func Check(k Kit, t *testing.T, newBackend func(t *testing.T) sampling.Backend) []error {
	return k.check(t, newBackend)
}

// BrokenRule returns the rule that a failure names, and its text.
func BrokenRule(err error) (rule, doc string) {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.rule, f.doc
	}
	return "", ""
}
