package samplingtest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

// A Broken is what was reported of a rule.
type Broken struct{ Rule, Text string }

// A recorder records what a check reports.
type recorder struct {
	testing.TB
	texts []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.texts = append(r.texts, fmt.Sprintf(format, args...))
}
func (r *recorder) FailNow()             { runtime.Goexit() }
func (r *recorder) Skipf(string, ...any) { runtime.Goexit() }

// Check does what TestBackend does, and returns the failures.
func Check(k Kit, t *testing.T, newBackend func(t *testing.T) sampling.Backend) (failures []Broken) {
	t.Helper()
	broken := make(map[string]bool)
	for _, r := range rules {
		if k.leaveOut(r, broken) != "" {
			continue
		}
		all := &recorder{TB: t}
		c := &checker{t: all, kit: k, rule: r, backend: sampling.Forward{Backend: newBackend(t)}}
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.check()
		}()
		<-done
		for _, text := range all.texts {
			failures = append(failures, Broken{r.name, text})
			if !strings.Contains(text, r.name) || !strings.Contains(text, r.doc) {
				t.Errorf("the failure does not explain itself: %s", text)
			}
		}
		broken[r.name] = len(all.texts) > 0 || c.undecided
	}
	return failures
}

// CheckSkips refuses unknown rules and missing reasons.
var CheckSkips = Kit.checkSkips

// RuleNames returns the names of all rules.
func RuleNames() (names []string) {
	for _, r := range rules {
		names = append(names, r.name)
	}
	return names
}
