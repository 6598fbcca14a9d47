package main

import (
	"os"
	"testing"
)

// TestPage computes the page and its plots again from the recorded exchanges.
func TestPage(t *testing.T) {
	files, err := render(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
		} else if string(got) != want {
			t.Errorf("%s is not what the recorded exchanges give; run go -C study run .", name)
		}
	}
}
