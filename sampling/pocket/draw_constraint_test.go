package pocket

import (
	"testing"
	"testing/fstest"

	"github.com/foreword-go/foreword/sampling"
)

func TestDrawKeepsToTheConstraint(t *testing.T) {
	m, err := Train(fstest.MapFS{"a.txt": {Data: []byte("The cat sat on the mat.\n")}})
	if err != nil {
		t.Fatal(err)
	}
	c := sampling.OneOf(" sat", " ran")
	all, err := m.Draw(t.Context(), &sampling.Request{Prompt: "The cat", Constraint: c, Params: sampling.Params{Temperature: 1, Seed: 1}}, 3)
	if err != nil || len(all) != 3 {
		t.Fatalf("%d came, and the error is %v", len(all), err)
	}
	for _, one := range all {
		if err := c.Match(one.Text); err != nil {
			t.Error(err)
		}
	}
}
