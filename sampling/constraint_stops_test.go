package sampling_test

import (
	"errors"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

// TestConstraintThatStopsCut: a request is refused where a stop sequence cuts every
// text that its constraint allows, and only there.
func TestConstraintThatStopsCut(t *testing.T) {
	for _, tt := range []struct {
		expr  string
		stops []string
		cut   bool
	}{
		{`\{"a":[0-9]+\}`, []string{":"}, true},
		{`\{"a":[0-9]+\}`, []string{"1", "}"}, true},
		{`\{"a":[0-9]+\}`, []string{"1", "\n"}, false},
		{`\{"a":[0-9]+\}`, []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, true},
		{`\[([0-9](,[0-9])*)?\]`, []string{","}, false},
		{`[ab]{2,}`, []string{"aa", "bb"}, false},
		{`[ab]{2}a`, []string{"aa", "ba"}, true},
		{`é+`, []string{"éé"}, false},
		{`é+x`, []string{"éx"}, true},
		{`(ab)*abc`, []string{"abc"}, true},
		{`.*x.*`, []string{"x"}, true},
	} {
		c, err := sampling.Matching(tt.expr)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second result is remembered
			if err := (&sampling.Request{Constraint: c, Stop: tt.stops}).Validate(); errors.Is(err, sampling.ErrInvalid) != tt.cut {
				t.Errorf("%s with %q: %v", tt.expr, tt.stops, err)
			}
		}
		if err := (&sampling.Request{Constraint: c}).Validate(); err != nil {
			t.Errorf("%s without stops: %v", tt.expr, err)
		}
	}
}
