package main

import (
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/examples/internal/clitest"
)

func TestShots(t *testing.T) {
	name := filepath.Join(t.TempDir(), "curve")
	got := clitest.Run(t, "shots", run, "", nil, "-orders", "2", "-cases", "20", "-o", name)
	if got.Status != 0 || got.Stderr != "" {
		t.Fatalf("%+v", got)
	}
	clitest.Golden(t, "table.txt", strings.ReplaceAll(got.Stdout, name, "curve"))

	f, err := os.Open(name + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if img, err := png.Decode(f); err != nil || img.Bounds().Dx() < 400 {
		t.Errorf("the PNG picture: %v", err)
	}
	svg, err := os.ReadFile(name + ".svg")
	if err != nil {
		t.Fatal(err)
	}
	for dec := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the SVG picture: %v", err)
		}
	}
}

// TestResumed runs with -dir twice: the second time nothing is asked, and the
// table is the same.
func TestResumed(t *testing.T) {
	dir := t.TempDir()
	args := []string{"-orders", "1", "-cases", "5", "-o", "", "-dir", dir}
	first := clitest.Run(t, "shots", run, "", nil, args...)
	again := clitest.Run(t, "shots", run, "", nil, args...)
	if first.Status != 0 || first != again {
		t.Errorf("first %+v\nagain %+v", first, again)
	}
	other := clitest.Run(t, "shots", run, "", nil, append(args, "-temperature", "0.5")...)
	if other.Status != 1 || !strings.Contains(other.Stderr, "other work") {
		t.Errorf("other parameters in the same folder: %+v", other)
	}
}

func TestMistakes(t *testing.T) {
	for _, args := range [][]string{{"-cases", "0"}, {"-cases", "1000"}, {"-orders", "0"}, {"-x"}} {
		if got := clitest.Run(t, "shots", run, "", nil, args...); got.Status != 2 || strings.Count(got.Stderr, "\n") != 1 {
			t.Errorf("%q: %+v", args, got)
		}
	}
}
