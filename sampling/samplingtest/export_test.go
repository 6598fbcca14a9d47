package samplingtest

import (
	"errors"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

// Check does what TestBackend does, and returns the failures.
func Check(k Kit, t *testing.T, newBackend func(t *testing.T) sampling.Backend) []error {
	t.Helper()
	var failures []error
	if err := k.checkSkips(); err != nil {
		failures = append(failures, err)
	}
	broken := make(map[string]bool)
	for _, r := range rules {
		if k.leaveOut(r, broken) != "" {
			continue
		}
		c := k.run(r, newBackend(t))
		for _, f := range c.failures {
			failures = append(failures, f)
		}
		broken[r.name] = c.broken()
	}
	return failures
}

// RuleNames returns the names of all rules.
func RuleNames() (names []string) {
	for _, r := range rules {
		names = append(names, r.name)
	}
	return names
}

// BrokenRule returns the rule that a failure names, and its text.
func BrokenRule(err error) (rule, doc string) {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.name, f.doc
	}
	return "", ""
}
