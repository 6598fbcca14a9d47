// Package golden compares what tests see with files that a person has reviewed.
package golden

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Update is the flag -update, with which tests write their files anew.
var Update = flag.Bool("update", false, "write the goldens anew")

// Check compares text with a file, which -update writes.
func Check(t *testing.T, file, text string) {
	t.Helper()
	if *Update {
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(text, "\n")); diff != "" {
		t.Errorf("not as %s says; -update writes it anew (-want +got):\n%s", file, diff)
	}
}
