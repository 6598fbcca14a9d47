package cli_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/examples/internal/cli"
)

func TestPrintTree(t *testing.T) {
	var answers [][]string
	for _, a := range []string{"a b c", "x", "a, b", "", "A b, c)", "a d", "x."} {
		answers = append(answers, strings.Fields(a))
	}
	var b strings.Builder
	cli.PrintTree(&b, false, answers, "")
	const want = `   4 × a ...
       3 × b ...
           2 × c
           1 × (nothing)
       1 × d
   2 × x
   1 × (nothing)
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
